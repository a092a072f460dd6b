import Button from '@mui/material/Button';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { sessionQuery } from '../../api/session';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotices } from '../../components/Notices';
import { paths } from '../../lib/paths';
import { signOutEverywhere } from './queries';

export function SessionsSection() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { fail } = useNotices();
  const [asking, setAsking] = useState(false);
  const signOut = useMutation({
    mutationFn: signOutEverywhere,
    onSuccess: async () => {
      await navigate(paths.signIn);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, null);
    },
    onError: fail,
  });

  return (
    <>
      <Button variant="outlined" color="error" onClick={() => setAsking(true)}>
        Sign out everywhere
      </Button>
      {asking ? (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out everywhere"
          color="error"
          busy={signOut.isPending}
          onConfirm={() => signOut.mutate()}
          onClose={() => setAsking(false)}
        >
          Every session of yours ends now, this one too. API keys stay: revoke those you do not trust.
        </ConfirmDialog>
      ) : null}
    </>
  );
}
