import { queryOptions } from '@tanstack/react-query';

import { client, type Schemas, unwrap, unwrapEmpty } from '../../api/client';

/** Every list of keys, to make all of them stale. */
export const API_KEYS = ['api-keys'];

export function apiKeysQuery(all: boolean) {
  return queryOptions({
    queryKey: [...API_KEYS, { all }],
    queryFn: () => unwrap(client.GET('/api/v1/api-keys', { params: { query: { all } } })),
  });
}

export function createApiKey(body: Schemas['CreateApiKey']) {
  return unwrap(client.POST('/api/v1/api-keys', { body }));
}

export function revokeApiKey(id: string) {
  return unwrapEmpty(client.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } }));
}
