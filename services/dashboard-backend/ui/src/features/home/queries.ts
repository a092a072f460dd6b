import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';

export const homeQuery = queryOptions({
  queryKey: ['home'],
  queryFn: () => unwrap(client.GET('/api/v1/home')),
});

export function startDemo(readme: string) {
  return unwrap(client.POST('/api/v1/demo', { body: { readme } }));
}
