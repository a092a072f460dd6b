import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from '../api/client';

/** What the frame of every page shows: how many decisions wait. The home page shares the answer. */
export const frameQuery = queryOptions({
  queryKey: ['home'],
  queryFn: () => unwrap(client.GET('/api/v1/home')),
});

/** Projects and decisions the palette can jump to. */
export const jumpQuery = queryOptions({
  queryKey: ['projects', 'jump'],
  queryFn: async () => {
    const [projects, decisions] = await Promise.all([
      unwrap(client.GET('/api/v1/projects', {})),
      unwrap(client.GET('/api/v1/decisions', { params: { query: { status: 'pending' } } })),
    ]);
    return { projects: projects.items, decisions: decisions.items };
  },
});
