import '@fontsource-variable/inter/wght.css';

import createCache from '@emotion/cache';
import { CacheProvider } from '@emotion/react';
import CssBaseline from '@mui/material/CssBaseline';
import { ThemeProvider } from '@mui/material/styles';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';

import { createQueryClient } from './api/queryClient';
import { NoticesProvider } from './components/Notices';
import { createRouter } from './routes';
import { theme, THEME_STORAGE_KEY } from './theme';

// With a nonce the gateway's CSP can do without style-src 'unsafe-inline'; see README.md.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
const styles = createCache({ key: 'qp', ...(nonce ? { nonce } : {}) });

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <CacheProvider value={styles}>
      <ThemeProvider theme={theme} defaultMode="system" modeStorageKey={THEME_STORAGE_KEY} noSsr>
        <CssBaseline enableColorScheme />
        <QueryClientProvider client={createQueryClient()}>
          <NoticesProvider>
            <RouterProvider router={createRouter()} />
          </NoticesProvider>
        </QueryClientProvider>
      </ThemeProvider>
    </CacheProvider>
  </StrictMode>,
);
