import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { Navigate, useNavigate, useSearchParams } from 'react-router';

import { client, unwrap } from '../../api/client';
import { sessionQuery, setupQuery } from '../../api/session';
import { ACCOUNT_FIELDS, accountBody, AccountFields, NO_ACCOUNT } from '../../components/AccountFields';
import { fieldError, FormError } from '../../components/FormError';
import { paths } from '../../lib/paths';
import { AuthFrame } from './AuthFrame';

const FIELDS = [...ACCOUNT_FIELDS, 'token'];

/** The first start: whoever holds the set-up link makes the first account, an admin. */
export function SetupPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const setup = useQuery(setupQuery);
  const [account, setAccount] = useState(NO_ACCOUNT);
  const [token, setToken] = useState(search.get('token') ?? '');

  const create = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/setup', { body: { ...accountBody(account), token: token.trim() || null } }),
      ),
    onSuccess: async ({ user }) => {
      if (setup.data) queries.setQueryData(setupQuery.queryKey, { ...setup.data, needed: false });
      queries.setQueryData(sessionQuery.queryKey, user);
      await navigate(paths.home, { replace: true });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    create.mutate();
  };

  if (setup.data && !setup.data.needed && !create.isPending && !create.isSuccess) {
    return <Navigate to={paths.signIn} replace />;
  }
  return (
    <AuthFrame title="Welcome to QuantaPilot" lead="Create the admin account. It can invite others afterwards.">
      <form onSubmit={submit}>
        <Stack spacing={2}>
          {setup.data && setup.data.sandboxed.length > 0 ? (
            <Alert severity="info" variant="outlined">
              What has no credentials yet is played by stand-ins on this machine: you can begin without any other account.
            </Alert>
          ) : null}
          <AccountFields value={account} onChange={setAccount} error={create.error} own passwordHint="10 characters or more; a short sentence works well." />
          {setup.data?.token_required ? (
            <TextField
              label="Set-up token"
              value={token}
              onChange={(event) => setToken(event.target.value)}
              autoComplete="off"
              required
              error={Boolean(fieldError(create.error, 'token'))}
              helperText={fieldError(create.error, 'token') ?? 'It stands in the link that the first start printed.'}
            />
          ) : null}
          <FormError error={create.error ?? setup.error} shownFields={FIELDS} />
          <Button type="submit" variant="contained" size="large" loading={create.isPending}>
            Create admin account
          </Button>
          {setup.data ? (
            <Typography variant="caption" color="textSecondary" sx={{ textAlign: 'center' }}>
              Version {setup.data.version}
            </Typography>
          ) : null}
        </Stack>
      </form>
    </AuthFrame>
  );
}
