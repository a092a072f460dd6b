import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';

export type DecisionView = 'pending' | 'done' | 'expired';

const STATUS = { pending: 'pending', done: 'applied', expired: 'expired' } as const;

export function decisionsQuery(view: DecisionView) {
  return infiniteQueryOptions({
    queryKey: ['decisions', 'list', view],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/decisions', {
          params: { query: { status: STATUS[view], ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function projectDecisionsQuery(projectId: string) {
  return queryOptions({
    queryKey: ['decisions', 'project', projectId],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}/decisions', { params: { path: { id: projectId } } })),
  });
}

export function decisionQuery(id: string) {
  return queryOptions({
    queryKey: ['decisions', 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/decisions/{id}', { params: { path: { id } } })),
  });
}

/** The artifact that an answer is bound to: the whole of what is approved, not an excerpt. */
export function boundArtifactQuery(projectId: string, artifactId: string) {
  return queryOptions({
    queryKey: ['projects', 'artifact', projectId, artifactId],
    queryFn: () =>
      unwrap(
        client.GET('/api/v1/projects/{id}/artifacts/{artifact_id}', {
          params: { path: { id: projectId, artifact_id: artifactId } },
        }),
      ),
    staleTime: Infinity,
  });
}

export function answer(id: string, body: Schemas['CreateAnswer']) {
  return unwrap(client.POST('/api/v1/decisions/{id}/answers', { params: { path: { id } }, body }));
}
