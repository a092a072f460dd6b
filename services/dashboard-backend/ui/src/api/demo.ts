import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from './client';

/** Whether the outside world is the sandbox, and what it can start. */
export const demoQuery = queryOptions({
  queryKey: ['demo'],
  queryFn: () => unwrap(client.GET('/api/v1/demo')),
  // The sandbox may still be starting when the dashboard first asks.
  staleTime: 60_000,
});
