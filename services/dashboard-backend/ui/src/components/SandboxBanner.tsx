import ScienceOutlined from '@mui/icons-material/ScienceOutlined';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';

interface SandboxBannerProps {
  /** Where its own page is; without it there is no link. */
  url?: string;
  /** The integrations that are played: `github`, `cursor`, `telegram`, `mail`. */
  sandboxed: string[];
}

const NAMES: Record<string, string> = { github: 'GitHub', cursor: 'the agents', telegram: 'Telegram', mail: 'mail' };

/** "GitHub, Telegram and mail": in the order of their importance, what is not known last. */
function named(sandboxed: string[]): string {
  const known = Object.keys(NAMES).filter((name) => sandboxed.includes(name));
  const names = [...known.map((name) => NAMES[name] ?? name), ...sandboxed.filter((name) => !(name in NAMES))];
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}

/** Nobody should take the stand-ins for the real GitHub, Telegram and agents. */
export function SandboxBanner({ url, sandboxed }: SandboxBannerProps) {
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
        Stand-ins on this machine: {named(sandboxed)}. Each becomes real with its credentials.
      </Box>
      {url ? (
        <Link href={url} target="_blank" rel="noopener" underline="always" sx={{ color: 'inherit', fontWeight: 600 }}>
          Open the sandbox
        </Link>
      ) : null}
    </Box>
  );
}
