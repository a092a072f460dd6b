import Box from '@mui/material/Box';
import { useRouteError } from 'react-router';

import { Page } from '../components/Page';
import { ErrorState } from '../components/states';

/** A page that threw, or whose code could not be loaded (after an update, or offline). */
export function RouteError({ inside = false }: { inside?: boolean }) {
  const error = useRouteError();
  const page = (
    <Page title="This page did not load" width="narrow">
      <ErrorState error={error} onRetry={() => globalThis.location.reload()} />
    </Page>
  );
  return inside ? page : <Box component="main">{page}</Box>;
}
