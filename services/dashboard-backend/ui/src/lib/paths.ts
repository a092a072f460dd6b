/**
 * Every address of the dashboard, in one place. Links in Telegram and mail use the same ones.
 * `/api`, `/health`, `/metrics` and `/webhooks` belong to the services and are not free.
 */

export type ProjectTab =
  | 'plan'
  | 'runs'
  | 'changes'
  | 'cost'
  | 'decisions'
  | 'timeline'
  | 'notifications';

export const paths = {
  home: '/',
  setup: '/setup',
  signIn: '/sign-in',
  projects: '/projects',
  project: (id: string) => `/projects/${id}`,
  projectTab: (id: string, tab: ProjectTab) => `/projects/${id}/${tab}`,
  run: (projectId: string, runId: string) => `/projects/${projectId}/runs/${runId}`,
  decisions: '/decisions',
  decision: (id: string) => `/decisions/${id}`,
  webhooks: '/deliveries',
  budgets: '/budgets',
  users: '/admin/users',
  system: '/system',
  profile: '/profile',
  apiKeys: '/profile/api-keys',
};

/** A target to return to after sign-in; anything that could leave this site is dropped. */
export function safeNext(value: string | null): string {
  if (!value || !value.startsWith('/') || value.startsWith('//') || value.includes('\\')) {
    return paths.home;
  }
  return value;
}
