import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotices } from '../../components/Notices';
import { humanise } from '../../lib/format';
import { isRole, ROLES } from '../../lib/roles';
import { updateUser, usersQuery } from './queries';

interface UserControlsProps {
  user: Schemas['User'];
  isSelf: boolean;
}

/** Role and access of one account. Nobody changes their own: that is how admins lock themselves out. */
export function UserControls({ user, isSelf }: UserControlsProps) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const [disabling, setDisabling] = useState(false);
  const update = useMutation({
    mutationFn: (change: Schemas['UpdateUser']) => updateUser(user.id, change),
    onSuccess: async (updated) => {
      setDisabling(false);
      say(`${updated.display_name} is ${updated.disabled ? 'disabled; their sessions have ended' : `active, as ${updated.role}`}.`);
      await queries.invalidateQueries({ queryKey: usersQuery.queryKey });
    },
    onError: fail,
  });

  return (
    <Stack direction="row" spacing={1} useFlexGap sx={{ flexWrap: 'wrap', alignItems: 'center' }}>
      <TextField
        select
        value={user.role}
        onChange={(event) => {
          if (isRole(event.target.value)) update.mutate({ role: event.target.value });
        }}
        disabled={isSelf || update.isPending || user.disabled}
        slotProps={{ htmlInput: { 'aria-label': `Role of ${user.display_name}` } }}
        sx={{ width: 130 }}
      >
        {ROLES.map((role) => (
          <MenuItem key={role} value={role}>
            {humanise(role)}
          </MenuItem>
        ))}
      </TextField>
      {isSelf ? null : user.disabled ? (
        <Button onClick={() => update.mutate({ disabled: false })} loading={update.isPending} aria-label={`Enable ${user.display_name}`}>
          Enable
        </Button>
      ) : (
        <Button color="error" onClick={() => setDisabling(true)} aria-label={`Disable ${user.display_name}`}>
          Disable
        </Button>
      )}
      {disabling ? (
        <ConfirmDialog
          title={`Disable ${user.display_name}?`}
          action={`Disable ${user.display_name}`}
          color="error"
          busy={update.isPending}
          onConfirm={() => update.mutate({ disabled: true })}
          onClose={() => setDisabling(false)}
        >
          All their sessions end now, and they can no longer decide in Telegram or by mail. What they did stays in the record. You can enable
          them again.
        </ConfirmDialog>
      ) : null}
    </Stack>
  );
}
