import AddOutlined from '@mui/icons-material/AddOutlined';
import KeyOutlined from '@mui/icons-material/KeyOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { useCan, useUser } from '../../api/session';
import { CopyButton } from '../../components/CopyButton';
import { type Column, DataTable } from '../../components/DataTable';
import { FilterChips } from '../../components/FilterChips';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { ToneChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { scopesInWords } from '../../lib/scopes';
import { CreateApiKeyDialog } from './CreateApiKeyDialog';
import { apiKeysQuery } from './queries';
import { RevokeButton } from './RevokeButton';

type ApiKey = Schemas['ApiKey'];

const WHOSE = [
  { value: 'mine', label: 'Yours' },
  { value: 'all', label: 'Everybody’s' },
] as const;

/** Keys with which programs act for people. */
export function ApiKeysPage() {
  const [parameters, setParameters] = useSearchParams();
  const admin = useCan('admin');
  const all = admin && parameters.get('whose') === 'all';
  const keys = useQuery(apiKeysQuery(all));
  const [creating, setCreating] = useState(false);
  const create = (
    <Button variant="contained" startIcon={<AddOutlined />} onClick={() => setCreating(true)}>
      Create a key
    </Button>
  );

  return (
    <Page title="API keys" subtitle="For scripts and other programs that act for you, with your role or less." actions={create}>
      <Stack spacing={2}>
        {admin ? (
          <FilterChips
            label="Whose keys"
            options={WHOSE}
            value={all ? 'all' : 'mine'}
            onChange={(whose) => setParameters(whose === 'all' ? { whose } : {}, { replace: true })}
          />
        ) : null}
        <Card>
          <Loaded query={keys}>
            {(rows) =>
              rows.length > 0 ? (
                <Keys rows={rows} all={all} />
              ) : (
                <EmptyState title="No keys yet" icon={<KeyOutlined />}>
                  A key lets a script look at projects, answer decisions or start work without signing in. It never may more than you.
                </EmptyState>
              )
            }
          </Loaded>
        </Card>
        <Usage />
      </Stack>
      {creating ? <CreateApiKeyDialog onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}

function Keys({ rows, all }: { rows: readonly ApiKey[]; all: boolean }) {
  const self = useUser();
  const owner: Column<ApiKey> = { header: 'Acts for', cell: (key) => (key.owner.id === self.id ? 'you' : key.owner.display_name) };
  const columns: readonly Column<ApiKey>[] = [
    {
      header: 'Key',
      cell: (key) => (
        <>
          <Typography sx={{ fontWeight: 600 }}>{key.name}</Typography>
          <Typography variant="caption" component="code" color="textSecondary">
            {key.prefix}…
          </Typography>
        </>
      ),
    },
    ...(all ? [owner] : []),
    { header: 'May', cell: (key) => scopesInWords(key.scopes, key.owner.id === self.id ? 'you' : key.owner.display_name) },
    { header: 'State', cell: (key) => <State state={key.state} /> },
    { header: 'Expires', cell: (key) => (key.expires_at ? <Time value={key.expires_at} /> : 'never') },
    { header: 'Last used', cell: (key) => (key.last_used_at ? <Time value={key.last_used_at} /> : 'never') },
    { header: 'Access', cell: (key) => <RevokeButton apiKey={key} /> },
  ];
  return <DataTable caption="API keys" columns={columns} rows={rows} rowKey={(key) => key.id} />;
}

function State({ state }: { state: ApiKey['state'] }) {
  if (state === 'active') return <ToneChip tone="success" label="Active" />;
  return state === 'expired' ? <ToneChip tone="neutral" label="Expired" /> : <ToneChip tone="neutral" label="Owner disabled" />;
}

function Usage() {
  const example = `curl -H "Authorization: Bearer $QUANTAPILOT_API_KEY" ${globalThis.location.origin}/api/v1/projects`;
  return (
    <Section title="How a program uses it" hint="The API is described at /openapi.json">
      <Stack direction="row" spacing={1} sx={{ alignItems: 'center' }}>
        <Box component="code" sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere', fontSize: '0.8125rem' }}>
          {example}
        </Box>
        <CopyButton value={example} name="command" />
      </Stack>
    </Section>
  );
}
