import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';

export const PROJECT_FILTERS = ['all', 'waiting', 'running', 'held', 'failed', 'completed'] as const;
export type ProjectFilter = (typeof PROJECT_FILTERS)[number];

const STATUSES: Readonly<Record<ProjectFilter, string>> = {
  all: '',
  waiting: 'awaiting_approval,budget_hold',
  running: 'received,analyzing,planning,building,testing,reviewing,releasing',
  held: 'paused,budget_hold',
  failed: 'failed',
  completed: 'completed,rejected,cancelled',
};

export function projectsQuery(filter: ProjectFilter, search: string) {
  return infiniteQueryOptions({
    queryKey: ['projects', 'list', { filter, search }],
    queryFn: ({ pageParam }) =>
      unwrap(
        client.GET('/api/v1/projects', {
          params: {
            query: {
              ...(filter === 'all' ? {} : { status: STATUSES[filter] }),
              ...(search ? { q: search } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function projectQuery(id: string) {
  return queryOptions({
    queryKey: ['projects', 'one', id],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}', { params: { path: { id } } })),
  });
}

export function stagesQuery(id: string) {
  return queryOptions({
    queryKey: ['projects', 'stages', id],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}/stages', { params: { path: { id } } })),
  });
}

export function requirementsQuery(id: string) {
  return queryOptions({
    queryKey: ['projects', 'requirements', id],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}/requirements', { params: { path: { id } } })),
  });
}

export function artifactsQuery(id: string) {
  return queryOptions({
    queryKey: ['projects', 'artifacts', id],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}/artifacts', { params: { path: { id } } })),
  });
}

export function artifactQuery(id: string, artifactId: string) {
  return queryOptions({
    queryKey: ['projects', 'artifact', id, artifactId],
    queryFn: () =>
      unwrap(
        client.GET('/api/v1/projects/{id}/artifacts/{artifact_id}', {
          params: { path: { id, artifact_id: artifactId } },
        }),
      ),
    // Artifacts never change once written.
    staleTime: Infinity,
  });
}

export type ProjectAction = 'pause' | 'resume' | 'cancel' | 'retry';

export function actOnProject(id: string, action: ProjectAction): Promise<Schemas['Project']> {
  const options = { params: { path: { id } }, body: {} };
  switch (action) {
    case 'pause':
      return unwrap(client.POST('/api/v1/projects/{id}/pause', options));
    case 'resume':
      return unwrap(client.POST('/api/v1/projects/{id}/resume', options));
    case 'cancel':
      return unwrap(client.POST('/api/v1/projects/{id}/cancel', options));
    case 'retry':
      return unwrap(client.POST('/api/v1/projects/{id}/retry', options));
  }
}
