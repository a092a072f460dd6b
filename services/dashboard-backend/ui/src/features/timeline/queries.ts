import { infiniteQueryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';

export function eventsQuery(projectId: string, kind: string) {
  return infiniteQueryOptions({
    queryKey: ['events', projectId, kind],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/projects/{id}/events', {
          params: {
            path: { id: projectId },
            query: { ...(kind ? { kind } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}
