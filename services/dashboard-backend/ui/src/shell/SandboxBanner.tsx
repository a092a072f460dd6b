import ScienceOutlined from '@mui/icons-material/ScienceOutlined';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';

interface SandboxBannerProps {
  url: string;
}

/** Nobody should take the stand-ins for the real GitHub, Telegram and agents. */
export function SandboxBanner({ url }: SandboxBannerProps) {
  return (
    <Box
      role="note"
      aria-label="Sandbox"
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        justifyContent: 'center',
        gap: 1,
        px: 2,
        py: 0.75,
        bgcolor: '#ffc24b',
        color: '#231600',
        fontSize: '0.8125rem',
        textAlign: 'center',
      }}
    >
      <ScienceOutlined aria-hidden sx={{ fontSize: 18 }} />
      <strong>SANDBOX</strong>
      <Box component="span" sx={{ display: { xs: 'none', md: 'inline' } }}>
        GitHub, Telegram, mail and the agents are stand-ins on this machine. Nothing leaves it.
      </Box>
      <Link href={url} target="_blank" rel="noopener" underline="always" sx={{ color: 'inherit', fontWeight: 600 }}>
        Open the sandbox
      </Link>
    </Box>
  );
}
