import { infiniteQueryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';

export type DeliveryState = '' | 'received' | 'processed' | 'failed' | 'invalid';

export function deliveriesQuery(state: DeliveryState) {
  return infiniteQueryOptions({
    queryKey: ['webhook-deliveries', state],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/webhook-deliveries', {
          params: { query: { ...(state ? { state } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 15_000,
  });
}

export function replay(id: string) {
  return unwrap(client.POST('/api/v1/webhook-deliveries/{id}/replay', { params: { path: { id } } }));
}
