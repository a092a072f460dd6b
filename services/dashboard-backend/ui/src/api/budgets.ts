import { queryOptions } from '@tanstack/react-query';

import type { Period } from '../lib/budgets';
import { client, type Schemas, unwrap } from './client';

/** Every list of budgets, to make all of them stale. */
export const BUDGETS = ['budgets'];

/** Those of the installation. */
export const budgetsQuery = queryOptions({
  queryKey: [...BUDGETS, 'installation'],
  queryFn: () => unwrap(client.GET('/api/v1/budgets')),
});

/** Those that hold for a project, and how far they are used. */
export function projectBudgetsQuery(id: string) {
  return queryOptions({
    queryKey: [...BUDGETS, 'project', id],
    queryFn: () => unwrap(client.GET('/api/v1/projects/{id}/budgets', { params: { path: { id } } })),
  });
}

/** Of a project, or of the installation without one. */
export function setBudget(id: string | null, period: Period, body: Schemas['SetBudget']) {
  return id === null
    ? unwrap(client.PUT('/api/v1/budgets/{period}', { params: { path: { period } }, body }))
    : unwrap(client.PUT('/api/v1/projects/{id}/budgets/{period}', { params: { path: { id, period } }, body }));
}

export function removeBudget(id: string | null, period: Period) {
  return id === null
    ? unwrap(client.DELETE('/api/v1/budgets/{period}', { params: { path: { period } } }))
    : unwrap(client.DELETE('/api/v1/projects/{id}/budgets/{period}', { params: { path: { id, period } } }));
}
