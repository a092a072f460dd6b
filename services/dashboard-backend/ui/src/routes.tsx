import { createBrowserRouter, type RouteObject } from 'react-router';

import { AppShell } from './shell/AppShell';
import { NotFoundPage } from './shell/NotFoundPage';
import { RequireSession } from './shell/RequireSession';
import { RouteError } from './shell/RouteError';

/** Each page is its own chunk; only the frame is in the first load. */
export const routes: RouteObject[] = [
  {
    errorElement: <RouteError />,
    hydrateFallbackElement: <></>,
    children: [
      { path: '/setup', lazy: async () => ({ Component: (await import('./features/session/SetupPage')).SetupPage }) },
      { path: '/sign-in', lazy: async () => ({ Component: (await import('./features/session/SignInPage')).SignInPage }) },
      {
        element: <RequireSession />,
        children: [
          {
            element: <AppShell />,
            children: [
              {
                errorElement: <RouteError inside />,
                children: [
                  { path: '/', lazy: async () => ({ Component: (await import('./features/home/HomePage')).HomePage }) },
                  { path: '/projects', lazy: async () => ({ Component: (await import('./features/projects/ProjectsPage')).ProjectsPage }) },
                  {
                    path: '/projects/:projectId',
                    lazy: async () => ({ Component: (await import('./features/projects/ProjectPage')).ProjectPage }),
                    children: [
                      { index: true, lazy: async () => ({ Component: (await import('./features/projects/OverviewTab')).OverviewTab }) },
                      { path: 'plan', lazy: async () => ({ Component: (await import('./features/projects/PlanTab')).PlanTab }) },
                      { path: 'runs', lazy: async () => ({ Component: (await import('./features/runs/RunsTab')).RunsTab }) },
                      { path: 'runs/:runId', lazy: async () => ({ Component: (await import('./features/runs/RunView')).RunView }) },
                      { path: 'changes', lazy: async () => ({ Component: (await import('./features/changes/ChangesTab')).ChangesTab }) },
                      { path: 'cost', lazy: async () => ({ Component: (await import('./features/cost/CostTab')).CostTab }) },
                      { path: 'decisions', lazy: async () => ({ Component: (await import('./features/decisions/ProjectDecisionsTab')).ProjectDecisionsTab }) },
                      { path: 'timeline', lazy: async () => ({ Component: (await import('./features/timeline/TimelineTab')).TimelineTab }) },
                      { path: 'notifications', lazy: async () => ({ Component: (await import('./features/notifications/NotificationsTab')).NotificationsTab }) },
                    ],
                  },
                  { path: '/decisions', lazy: async () => ({ Component: (await import('./features/decisions/DecisionsPage')).DecisionsPage }) },
                  { path: '/decisions/:decisionId', lazy: async () => ({ Component: (await import('./features/decisions/DecisionPage')).DecisionPage }) },
                  { path: '/budgets', lazy: async () => ({ Component: (await import('./features/budgets/BudgetsPage')).BudgetsPage }) },
                  { path: '/deliveries', lazy: async () => ({ Component: (await import('./features/webhooks/WebhooksPage')).WebhooksPage }) },
                  { path: '/admin/users', lazy: async () => ({ Component: (await import('./features/users/UsersPage')).UsersPage }) },
                  { path: '/system', lazy: async () => ({ Component: (await import('./features/system/SystemPage')).SystemPage }) },
                  { path: '/profile', lazy: async () => ({ Component: (await import('./features/profile/ProfilePage')).ProfilePage }) },
                  { path: '/profile/api-keys', lazy: async () => ({ Component: (await import('./features/api-keys/ApiKeysPage')).ApiKeysPage }) },
                  { path: '*', element: <NotFoundPage /> },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
];

export function createRouter() {
  return createBrowserRouter(routes);
}
