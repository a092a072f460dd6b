import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { ACCOUNT_FIELDS, accountBody, AccountFields, NO_ACCOUNT } from '../../components/AccountFields';
import { FormDialog } from '../../components/FormDialog';
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

  return (
    <FormDialog
      title="Add a user"
      action="Add user"
      pending={create.isPending}
      error={create.error}
      fields={FIELDS}
      onSubmit={() => create.mutate()}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
