import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useUser } from '../../api/session';
import { FormDialog } from '../../components/FormDialog';
import { fieldError } from '../../components/FormError';
import { includes } from '../../lib/roles';
import type { Scope } from '../../lib/scopes';
import { API_KEYS, createApiKey } from './queries';
import { NewKey } from './NewKey';
import { ScopeFields } from './ScopeFields';

const FIELDS = ['name', 'scopes', 'expires_at'];
const NEVER = 0;
const LIVES = [
  { days: 7, label: '7 days' },
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: '1 year' },
];

/** `null` for a key that does not expire. */
function expiry(days: number): string | null {
  return days === NEVER ? null : new Date(Date.now() + days * 86_400_000).toISOString();
}

export function CreateApiKeyDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const { role } = useUser();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['projects:read']);
  const [days, setDays] = useState(90);
  const create = useMutation({
    mutationFn: () => createApiKey({ name: name.trim(), scopes, expires_at: expiry(days) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: API_KEYS }),
  });
  const lives = includes(role, 'admin') ? [...LIVES, { days: NEVER, label: 'Until it is revoked' }] : LIVES;

  if (create.data) return <NewKey created={create.data} onClose={onClose} />;
  return (
    <FormDialog
      title="Create an API key"
      action="Create key"
      pending={create.isPending}
      error={create.error}
      fields={FIELDS}
      onSubmit={() => create.mutate()}
      onClose={onClose}
    >
      <TextField
        label="What it is for"
        value={name}
        onChange={(event) => setName(event.target.value)}
        autoComplete="off"
        required
        autoFocus
        error={Boolean(fieldError(create.error, 'name'))}
        helperText={fieldError(create.error, 'name') ?? 'For example “nightly report”: so that you know later what stops.'}
      />
      <ScopeFields role={role} value={scopes} onChange={setScopes} error={fieldError(create.error, 'scopes')} />
      <TextField
        select
        label="It expires after"
        value={days}
        onChange={(event) => setDays(Number(event.target.value))}
        error={Boolean(fieldError(create.error, 'expires_at'))}
        helperText={fieldError(create.error, 'expires_at')}
      >
        {lives.map((life) => (
          <MenuItem key={life.days} value={life.days}>
            {life.label}
          </MenuItem>
        ))}
      </TextField>
    </FormDialog>
  );
}
