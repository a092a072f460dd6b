import HelpOutlined from '@mui/icons-material/HelpOutlineOutlined';
import SearchOutlined from '@mui/icons-material/SearchOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Tooltip from '@mui/material/Tooltip';
import { Link } from 'react-router';

import type { User } from '../api/session';
import { paths } from '../lib/paths';
import { Brand } from './Brand';
import { LiveChip } from './LiveChip';
import { UserMenu } from './UserMenu';

interface TopBarProps {
  user: User;
  onPalette: () => void;
  onHelp: () => void;
}

const MODIFIER = navigator.userAgent.includes('Mac') ? '⌘' : 'Ctrl';

export function TopBar({ user, onPalette, onHelp }: TopBarProps) {
  return (
    <Box
      component="header"
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 1,
        px: { xs: 1.5, sm: 3 },
        height: 56,
        position: 'sticky',
        top: 0,
        zIndex: 1050,
        bgcolor: 'background.paper',
        borderBottom: 1,
        borderColor: 'divider',
      }}
    >
      <Box component={Link} to={paths.home} aria-label="QuantaPilot, home" sx={{ display: { xs: 'block', md: 'none' }, color: 'inherit', textDecoration: 'none' }}>
        <Brand />
      </Box>
      <Button
        color="inherit"
        variant="outlined"
        onClick={onPalette}
        startIcon={<SearchOutlined />}
        sx={{ display: { xs: 'none', md: 'inline-flex' }, color: 'text.secondary', borderColor: 'divider', fontWeight: 500, minWidth: 280, justifyContent: 'flex-start' }}
      >
        Go to…
        <Box component="kbd" sx={{ ml: 'auto', fontSize: '0.75rem', color: 'text.secondary' }}>
          {MODIFIER} K
        </Box>
      </Button>
      <Box sx={{ flex: 1 }} />
      <LiveChip />
      <IconButton onClick={onPalette} aria-label="Search" sx={{ display: { xs: 'inline-flex', md: 'none' } }}>
        <SearchOutlined />
      </IconButton>
      <Tooltip title="Keyboard shortcuts">
        <IconButton onClick={onHelp} aria-label="Keyboard shortcuts" sx={{ display: { xs: 'none', md: 'inline-flex' } }}>
          <HelpOutlined />
        </IconButton>
      </Tooltip>
      <UserMenu user={user} />
    </Box>
  );
}
