import { queryOptions, useQuery, useSuspenseQuery } from '@tanstack/react-query';

import { includes, type Role } from '../lib/roles';
import { ApiError, client, type Schemas, unwrap } from './client';

export type User = Schemas['User'];

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<User | null> => {
    try {
      return await unwrap(client.GET('/api/v1/auth/me'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** Whether this installation still waits for its first account. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: () => unwrap(client.GET('/api/v1/setup')),
  staleTime: Infinity,
});

/** The signed-in user, on pages that need one. */
export function useUser(): User {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new Error('this page needs a signed-in user');
  return data;
}

/** Whether the signed-in user's role includes `role`. It hides buttons; the API refuses. */
export function useCan(role: Role): boolean {
  const { data } = useQuery(sessionQuery);
  return data ? includes(data.role, role) : false;
}
