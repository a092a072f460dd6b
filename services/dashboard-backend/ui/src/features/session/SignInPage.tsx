import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { Navigate, useNavigate, useSearchParams } from 'react-router';

import { client, unwrap } from '../../api/client';
import { sessionQuery, setupQuery } from '../../api/session';
import { FormError } from '../../components/FormError';
import { PasswordField } from '../../components/PasswordField';
import { paths, safeNext } from '../../lib/paths';
import { AuthFrame } from './AuthFrame';

export function SignInPage() {
  const [search] = useSearchParams();
  const next = safeNext(search.get('next'));
  const navigate = useNavigate();
  const queries = useQueryClient();
  const setup = useQuery(setupQuery);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');

  const signIn = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/login', { body: { email: email.trim(), password } })),
    onSuccess: async ({ user }) => {
      queries.setQueryData(sessionQuery.queryKey, user);
      await navigate(next, { replace: true });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    signIn.mutate();
  };

  if (setup.data?.needed) return <Navigate to={paths.setup} replace />;
  return (
    <AuthFrame
      title="Sign in"
      lead={next === paths.home ? 'Decisions, projects and the evidence behind them.' : 'You will land on the page you asked for.'}
    >
      <form onSubmit={submit}>
        <Stack spacing={2}>
          <TextField
            label="E-mail"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            autoComplete="username"
            required
            autoFocus
          />
          <PasswordField label="Password" value={password} onChange={setPassword} autoComplete="current-password" />
          <FormError error={signIn.error} />
          <Button type="submit" variant="contained" size="large" loading={signIn.isPending}>
            Sign in
          </Button>
        </Stack>
      </form>
    </AuthFrame>
  );
}
