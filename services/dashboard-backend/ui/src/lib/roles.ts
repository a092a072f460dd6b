/** Each role may do all that the ones before it may. The API enforces it; the dashboard only explains. */
export const ROLES = ['viewer', 'approver', 'operator', 'admin'] as const;

export type Role = (typeof ROLES)[number];

export const ROLE_MEANING: Readonly<Record<Role, string>> = {
  viewer: 'Looks at everything, changes nothing',
  approver: 'Also answers decisions',
  operator: 'Also pauses, stops and retries projects',
  admin: 'Also manages users and settings',
};

export function isRole(value: string): value is Role {
  return ROLES.some((role) => role === value);
}

export function includes(role: string, needed: Role): boolean {
  return isRole(role) && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
