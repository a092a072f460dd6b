import Box from '@mui/material/Box';
import LinearProgress from '@mui/material/LinearProgress';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Outlet, useNavigation } from 'react-router';

import { liveFeed } from '../api/live';
import { invalidator } from '../api/liveQueries';
import { demoQuery } from '../api/demo';
import { useUser } from '../api/session';
import { SandboxBanner } from '../components/SandboxBanner';
import { frameQuery } from './queries';
import { PhoneBar } from './PhoneBar';
import { SideBar } from './SideBar';
import { TopBar } from './TopBar';
import { useShortcuts } from './useShortcuts';

const Palette = lazy(() => import('./Palette').then((module) => ({ default: module.Palette })));
const ShortcutHelp = lazy(() => import('./ShortcutHelp').then((module) => ({ default: module.ShortcutHelp })));

type Overlay = 'palette' | 'help' | null;

/** Everything around a page of a signed-in user. */
export function AppShell() {
  const user = useUser();
  const queries = useQueryClient();
  const navigation = useNavigation();
  const { data: home } = useQuery(frameQuery);
  const { data: demo } = useQuery(demoQuery);
  const [overlay, setOverlay] = useState<Overlay>(null);
  useShortcuts({ onPalette: () => setOverlay('palette'), onHelp: () => setOverlay('help') });

  useEffect(() => {
    const forget = liveFeed.onEvent(invalidator(queries));
    liveFeed.start();
    window.addEventListener('online', liveFeed.hurry);
    document.addEventListener('visibilitychange', liveFeed.hurry);
    return () => {
      forget();
      window.removeEventListener('online', liveFeed.hurry);
      document.removeEventListener('visibilitychange', liveFeed.hurry);
      liveFeed.stop();
    };
  }, [queries]);

  const waiting = home?.counts.pending_decisions ?? 0;
  return (
    <Box sx={{ minHeight: '100dvh', display: 'flex', flexDirection: 'column' }}>
      <Box
        component="a"
        href="#main"
        sx={{
          position: 'absolute',
          left: 8,
          top: -60,
          zIndex: 2000,
          px: 2,
          py: 1,
          borderRadius: 1,
          bgcolor: 'primary.main',
          color: 'primary.contrastText',
          '&:focus': { top: 8 },
        }}
      >
        Skip to content
      </Box>
      {demo?.sandbox_url ? <SandboxBanner url={demo.sandbox_url} sandboxed={demo.sandboxed} /> : null}
      <Box sx={{ display: 'flex', flex: 1, minHeight: 0 }}>
        <SideBar role={user.role} waiting={waiting} />
        <Box sx={{ flex: 1, minWidth: 0, display: 'flex', flexDirection: 'column' }}>
          <TopBar user={user} onPalette={() => setOverlay('palette')} onHelp={() => setOverlay('help')} />
          <Box sx={{ height: 2 }}>{navigation.state === 'loading' ? <LinearProgress aria-label="Loading the page" sx={{ height: 2 }} /> : null}</Box>
          <Box component="main" id="main" tabIndex={-1} sx={{ flex: 1, outline: 'none', pb: { xs: 10, md: 3 } }}>
            <Outlet />
          </Box>
        </Box>
      </Box>
      <PhoneBar role={user.role} waiting={waiting} />
      <Suspense fallback={null}>
        {overlay === 'palette' ? <Palette role={user.role} onClose={() => setOverlay(null)} /> : null}
        {overlay === 'help' ? <ShortcutHelp onClose={() => setOverlay(null)} /> : null}
      </Suspense>
    </Box>
  );
}
