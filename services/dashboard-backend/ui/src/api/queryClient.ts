import { QueryClient } from '@tanstack/react-query';

import { ApiError } from './client';

const TRIES = 2;

/** Only what may go away by itself is tried again: no answer, too busy, or broken for a moment. */
function worthRetrying(failures: number, error: unknown): boolean {
  if (failures >= TRIES) return false;
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The live feed says when something changed; this is the net under it.
        staleTime: 15_000,
        retry: worthRetrying,
      },
    },
  });
}
