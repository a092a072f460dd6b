import { includes, type Role } from './roles';

/** What an API key may be allowed, area by area. The API enforces it; the dashboard only explains. */
export const AREAS = [
  { label: 'Projects', read: 'projects:read', write: 'projects:write', readRole: 'viewer', writeRole: 'operator' },
  { label: 'Decisions', read: 'decisions:read', write: 'decisions:write', readRole: 'viewer', writeRole: 'approver' },
  { label: 'Agents', read: 'agents:read', write: 'agents:write', readRole: 'viewer', writeRole: 'operator' },
  { label: 'Repositories', read: 'repositories:read', write: 'repositories:write', readRole: 'viewer', writeRole: 'operator' },
  { label: 'Notifications', read: 'notifications:read', write: 'notifications:write', readRole: 'viewer', writeRole: 'viewer' },
  { label: 'Accounts', read: 'admin:read', write: 'admin:write', readRole: 'admin', writeRole: 'admin' },
] as const satisfies readonly { label: string; read: string; write: string; readRole: Role; writeRole: Role }[];

export type Scope = (typeof AREAS)[number]['read' | 'write'] | '*';

/** The areas of which somebody of this role may hand something to a key. */
export function areasFor(role: string) {
  return AREAS.filter(({ readRole }) => includes(role, readRole));
}

/** "Everything you may do", or "Projects: read and write · Decisions: read". */
export function scopesInWords(scopes: readonly string[], whose = 'you'): string {
  if (scopes.includes('*')) return `Everything ${whose} may do`;
  const words = AREAS.flatMap(({ label, read, write }) => {
    if (scopes.includes(write)) return [`${label}: read and write`];
    return scopes.includes(read) ? [`${label}: read`] : [];
  });
  return words.join(' · ');
}
