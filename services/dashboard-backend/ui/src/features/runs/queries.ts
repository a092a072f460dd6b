import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';

export function runsQuery(projectId: string) {
  return infiniteQueryOptions({
    queryKey: ['agent-runs', 'list', projectId],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/agent-runs', {
          params: { query: { project_id: projectId, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['agent-runs', 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/agent-runs/{id}', { params: { path: { id } } })),
  });
}

export function messagesQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ['agent-runs', 'messages', id],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/agent-runs/{id}/messages', {
          params: { path: { id }, query: pageParam ? { cursor: pageParam } : {} },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function cancelRun(id: string) {
  return unwrap(client.POST('/api/v1/agent-runs/{id}/cancel', { params: { path: { id } } }));
}

/** A run is over when it is finished; how it went is its outcome. */
export function hasEnded(run: Schemas['AgentRunView']): boolean {
  return run.state === 'finished';
}
