import { ThemeProvider } from '@mui/material/styles';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import type { ReactElement } from 'react';
import { createMemoryRouter, RouterProvider } from 'react-router';

import { NoticesProvider } from '../components/Notices';
import { routes } from '../routes';
import { theme } from '../theme';

interface App extends RenderResult {
  user: UserEvent;
  /** Where the app is now. */
  location: () => string;
}

function providers(children: ReactElement): ReactElement {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return (
    <ThemeProvider theme={theme}>
      <QueryClientProvider client={queries}>
        <NoticesProvider>{children}</NoticesProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}

/** The whole app at an address, as a browser would open it. */
export function renderApp(path: string): App {
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const result = render(providers(<RouterProvider router={router} />));
  return {
    ...result,
    user: userEvent.setup(),
    location: () => router.state.location.pathname + router.state.location.search,
  };
}

/** One component that needs no route. */
export function renderOne(element: ReactElement): RenderResult {
  return render(providers(element));
}
