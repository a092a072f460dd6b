import Button from '@mui/material/Button';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { useNotices } from '../../components/Notices';
import { API_KEYS, revokeApiKey } from './queries';

export function RevokeButton({ apiKey }: { apiKey: Schemas['ApiKey'] }) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const [asking, setAsking] = useState(false);
  const revoke = useMutation({
    mutationFn: () => revokeApiKey(apiKey.id),
    onSuccess: () => say(`“${apiKey.name}” is revoked.`),
    onError: fail,
    onSettled: async () => {
      setAsking(false);
      await queries.invalidateQueries({ queryKey: API_KEYS });
    },
  });

  return (
    <>
      <Button color="error" onClick={() => setAsking(true)} aria-label={`Revoke ${apiKey.name}`}>
        Revoke
      </Button>
      {asking ? (
        <ConfirmDialog
          title={`Revoke ${apiKey.name}?`}
          action={`Revoke ${apiKey.name}`}
          color="error"
          busy={revoke.isPending}
          onConfirm={() => revoke.mutate()}
          onClose={() => setAsking(false)}
        >
          Whatever uses <code>{apiKey.prefix}…</code> is refused within seconds. This cannot be undone: a new key takes its place.
        </ConfirmDialog>
      ) : null}
    </>
  );
}
