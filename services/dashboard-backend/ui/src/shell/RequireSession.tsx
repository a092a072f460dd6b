import Box from '@mui/material/Box';
import CircularProgress from '@mui/material/CircularProgress';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';

import { onSignedOut } from '../api/client';
import { sessionQuery, setupQuery } from '../api/session';
import { ErrorState } from '../components/states';
import { paths } from '../lib/paths';

/** The only place that sends people to the sign-in page, and back to where they wanted to go. */
export function RequireSession() {
  const queries = useQueryClient();
  const location = useLocation();
  const session = useQuery(sessionQuery);
  const nobody = session.data === null;
  const setup = useQuery({ ...setupQuery, enabled: nobody });

  useEffect(() => onSignedOut(() => queries.setQueryData(sessionQuery.queryKey, null)), [queries]);

  if (session.data) return <Outlet />;
  if (nobody && setup.data) {
    if (setup.data.needed) return <Navigate to={{ pathname: paths.setup, search: location.search }} replace />;
    const target = location.pathname + location.search;
    const search = target === paths.home ? '' : `?next=${encodeURIComponent(target)}`;
    return <Navigate to={{ pathname: paths.signIn, search }} replace />;
  }
  const failed = session.isError ? session : setup.isError ? setup : null;
  return (
    <Box component="main" sx={{ minHeight: '100dvh', display: 'grid', placeItems: 'center', p: 2 }}>
      {failed ? (
        <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />
      ) : (
        <CircularProgress aria-label="Loading QuantaPilot" />
      )}
    </Box>
  );
}
