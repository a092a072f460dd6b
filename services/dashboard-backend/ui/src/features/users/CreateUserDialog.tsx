import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { fieldError, FormError } from '../../components/FormError';
import { useNotices } from '../../components/Notices';
import { PasswordField } from '../../components/PasswordField';
import { humanise } from '../../lib/format';
import { isRole, type Role, ROLE_MEANING, ROLES } from '../../lib/roles';
import { createUser, usersQuery } from './queries';

const FIELDS = ['display_name', 'email', 'password', 'role'];

export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const { say } = useNotices();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('approver');
  const [password, setPassword] = useState('');
  const create = useMutation({
    mutationFn: () => createUser({ display_name: name.trim(), email: email.trim(), role, password }),
    onSuccess: async (user) => {
      onClose();
      say(`${user.display_name} can sign in as ${user.email}.`);
      await queries.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };

  return (
    <Dialog open onClose={onClose} aria-labelledby="create-user-title" maxWidth="xs" fullWidth>
      <form onSubmit={submit}>
        <DialogTitle id="create-user-title">Add a user</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            <TextField
              label="Name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              autoComplete="off"
              required
              autoFocus
              error={Boolean(fieldError(create.error, 'display_name'))}
              helperText={fieldError(create.error, 'display_name')}
            />
            <TextField
              label="E-mail"
              type="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
              autoComplete="off"
              required
              error={Boolean(fieldError(create.error, 'email'))}
              helperText={fieldError(create.error, 'email')}
            />
            <TextField
              select
              label="Role"
              value={role}
              onChange={(event) => {
                if (isRole(event.target.value)) setRole(event.target.value);
              }}
              helperText={ROLE_MEANING[role]}
            >
              {ROLES.map((value) => (
                <MenuItem key={value} value={value}>
                  {humanise(value)}
                </MenuItem>
              ))}
            </TextField>
            <PasswordField
              label="First password"
              value={password}
              onChange={setPassword}
              autoComplete="new-password"
              error={fieldError(create.error, 'password')}
              hint="10 characters or more. Hand it over in person; they change it in their profile."
            />
            <FormError error={create.error} shownFields={FIELDS} />
          </Stack>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button onClick={onClose} color="inherit">
            Cancel
          </Button>
          <Button type="submit" variant="contained" loading={create.isPending}>
            Add user
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
