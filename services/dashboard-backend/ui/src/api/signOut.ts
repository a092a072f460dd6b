import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';

import { paths } from '../lib/paths';
import { sessionQuery } from './session';

interface SignOut {
  /** What ends the session at the API. */
  call: () => Promise<void>;
  onError: (error: unknown) => void;
}

/** Ends the session, goes to the sign-in page, and forgets everything that was loaded. */
export function useSignOut({ call, onError }: SignOut) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: call,
    onSuccess: async () => {
      await navigate(paths.signIn);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, null);
    },
    onError,
  });
}
