import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';

export function usageQuery(projectId: string) {
  return queryOptions({
    queryKey: ['usage', projectId],
    queryFn: () => unwrap(client.GET('/api/v1/usage', { params: { query: { project_id: projectId } } })),
  });
}
