import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';
import { type CheckResult, readChecks } from '../../lib/evidence';
import { record, string } from '../../lib/json';

export function pullRequestsQuery(projectId: string) {
  return queryOptions({
    queryKey: ['pull-requests', 'list', projectId],
    queryFn: () => unwrap(client.GET('/api/v1/pull-requests', { params: { query: { project_id: projectId } } })),
  });
}

/** The latest checks of each commit, as the timeline recorded them when they ended. */
export function checksQuery(projectId: string) {
  return queryOptions({
    queryKey: ['pull-requests', 'checks', projectId],
    queryFn: async () => {
      const { items } = await unwrap(
        client.GET('/api/v1/projects/{id}/events', { params: { path: { id: projectId }, query: { kind: 'checks' } } }),
      );
      const bySha: Record<string, CheckResult[]> = {};
      for (const event of items) {
        const data = record(event.data);
        const sha = string(data['sha']);
        // Newest first: what came before is an earlier try.
        if (sha) bySha[sha] ??= readChecks(data['checks']);
      }
      return bySha;
    },
  });
}
