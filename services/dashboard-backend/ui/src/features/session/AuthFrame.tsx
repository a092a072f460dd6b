import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';

import { setupQuery } from '../../api/session';
import { SandboxBanner } from '../../components/SandboxBanner';

interface AuthFrameProps {
  title: string;
  lead: ReactNode;
  children: ReactNode;
}

/** A page for somebody who is not signed in yet. */
export function AuthFrame({ title, lead, children }: AuthFrameProps) {
  const sandboxed = useQuery(setupQuery).data?.sandboxed ?? [];
  useEffect(() => {
    document.title = `${title} · QuantaPilot`;
  }, [title]);

  return (
    <Box sx={{ minHeight: '100dvh', display: 'flex', flexDirection: 'column' }}>
      {sandboxed.length > 0 ? <SandboxBanner sandboxed={sandboxed} /> : null}
      <Box
        component="main"
        sx={{
          flex: 1,
          display: 'grid',
          placeItems: { xs: 'start center', sm: 'center' },
          px: 2,
          py: 5,
          background: (theme) =>
            `radial-gradient(900px 420px at 50% -80px, color-mix(in srgb, ${theme.vars?.palette.primary.main ?? 'transparent'} 16%, transparent), transparent)`,
        }}
      >
        <Box sx={{ width: '100%', maxWidth: 420 }}>
          <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25, mb: 3, justifyContent: 'center' }}>
            <Box component="img" src="/favicon.svg" alt="" width={34} height={34} />
            <Typography component="span" sx={{ fontWeight: 700, fontSize: '1.25rem', letterSpacing: '-0.02em' }}>
              QuantaPilot
            </Typography>
          </Box>
          <Card sx={{ p: { xs: 2.5, sm: 4 } }}>
            <Typography variant="h1">{title}</Typography>
            <Typography color="textSecondary" component="div" sx={{ mt: 0.75, mb: 3 }}>
              {lead}
            </Typography>
            {children}
          </Card>
        </Box>
      </Box>
    </Box>
  );
}
