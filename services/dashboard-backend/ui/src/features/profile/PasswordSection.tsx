import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import { useMutation } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';

import { fieldError, FormError } from '../../components/FormError';
import { useNotices } from '../../components/Notices';
import { PasswordField } from '../../components/PasswordField';
import { changePassword } from './queries';

export function PasswordSection() {
  const { say } = useNotices();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useMutation({
    mutationFn: () => changePassword({ current, new: next }),
    onSuccess: () => {
      setCurrent('');
      setNext('');
      say('Your password is changed.');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate();
  };

  return (
    <form onSubmit={submit}>
      <Stack spacing={2} sx={{ maxWidth: 420 }}>
        <PasswordField label="Present password" value={current} onChange={setCurrent} autoComplete="current-password" error={fieldError(change.error, 'current')} />
        <PasswordField
          label="New password"
          value={next}
          onChange={setNext}
          autoComplete="new-password"
          error={fieldError(change.error, 'new') ?? fieldError(change.error, 'password')}
          hint="10 characters or more; a short sentence works well."
        />
        <FormError error={change.error} shownFields={['current', 'new', 'password']} />
        <Button type="submit" variant="outlined" loading={change.isPending} sx={{ alignSelf: 'flex-start' }}>
          Change password
        </Button>
      </Stack>
    </form>
  );
}
