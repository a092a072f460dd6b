import Button from '@mui/material/Button';
import { useState } from 'react';

import { useSignOut } from '../../api/signOut';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotices } from '../../components/Notices';
import { signOutEverywhere } from './queries';

export function SessionsSection() {
  const { fail } = useNotices();
  const [asking, setAsking] = useState(false);
  const signOut = useSignOut({ call: signOutEverywhere, onError: fail });

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
