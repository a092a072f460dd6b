import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';

export function notificationsQuery(projectId: string) {
  return queryOptions({
    queryKey: ['notifications', projectId],
    queryFn: () => unwrap(client.GET('/api/v1/notifications', { params: { query: { project_id: projectId } } })),
  });
}
