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

import { ACCOUNT_FIELDS, accountBody, AccountFields, NO_ACCOUNT } from '../../components/AccountFields';
import { FormError } from '../../components/FormError';
import { useNotices } from '../../components/Notices';
import { humanise } from '../../lib/format';
import { isRole, type Role, ROLE_MEANING, ROLES } from '../../lib/roles';
import { createUser, usersQuery } from './queries';

const FIELDS = [...ACCOUNT_FIELDS, 'role'];

export function CreateUserDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const { say } = useNotices();
  const [account, setAccount] = useState(NO_ACCOUNT);
  const [role, setRole] = useState<Role>('approver');
  const create = useMutation({
    mutationFn: () => createUser({ ...accountBody(account), role }),
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
            <AccountFields
              value={account}
              onChange={setAccount}
              error={create.error}
              own={false}
              passwordHint="10 characters or more. Hand it over in person; they change it in their profile."
            >
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
            </AccountFields>
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
