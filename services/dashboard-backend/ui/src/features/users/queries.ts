import { queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';

export const usersQuery = queryOptions({
  queryKey: ['users'],
  queryFn: () => unwrap(client.GET('/api/v1/users')),
});

export function createUser(body: Schemas['CreateUser']) {
  return unwrap(client.POST('/api/v1/users', { body }));
}

export function updateUser(id: string, body: Schemas['UpdateUser']) {
  return unwrap(client.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body }));
}
