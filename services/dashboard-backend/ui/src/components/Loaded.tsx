import Box from '@mui/material/Box';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ErrorState, ListSkeleton } from './states';

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/**
 * Draws a query: skeleton, error with Retry, or the data. When a later fetch fails, what is known
 * stays on the screen under the error: stale values beat none, as long as they say so.
 */
export function Loaded<T>({ query, skeleton, children }: LoadedProps<T>) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    if (query.isError) {
      return (
        <Box sx={{ p: 2 }}>
          <ErrorState error={query.error} onRetry={retry} />
        </Box>
      );
    }
    return skeleton ?? <ListSkeleton />;
  }
  return (
    <>
      {query.isError ? (
        <Box sx={{ p: 2 }}>
          <ErrorState error={query.error} onRetry={retry} />
        </Box>
      ) : null}
      {children(query.data)}
    </>
  );
}
