import Badge from '@mui/material/Badge';
import Box from '@mui/material/Box';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import ListItemButton from '@mui/material/ListItemButton';
import ListItemIcon from '@mui/material/ListItemIcon';
import ListItemText from '@mui/material/ListItemText';
import { Link, useLocation } from 'react-router';

import { paths } from '../lib/paths';
import { includes } from '../lib/roles';
import { Brand } from './Brand';
import { DESTINATIONS, isCurrent } from './navigation';

interface SideBarProps {
  role: string;
  waiting: number;
}

/** Navigation on wide screens. */
export function SideBar({ role, waiting }: SideBarProps) {
  const { pathname } = useLocation();
  return (
    <Box
      component="nav"
      aria-label="Main"
      sx={{
        display: { xs: 'none', md: 'block' },
        width: 228,
        flexShrink: 0,
        borderRight: 1,
        borderColor: 'divider',
        bgcolor: 'background.paper',
        position: 'sticky',
        top: 0,
        alignSelf: 'flex-start',
        height: '100dvh',
        overflowY: 'auto',
        px: 1.25,
      }}
    >
      <Box component={Link} to={paths.home} aria-label="QuantaPilot, home" sx={{ display: 'block', color: 'inherit', textDecoration: 'none', px: 1, py: 1.75 }}>
        <Brand />
      </Box>
      <List sx={{ p: 0, display: 'grid', gap: 0.25 }}>
        {DESTINATIONS.filter((item) => includes(role, item.role)).map((item) => {
          const current = isCurrent(item.to, pathname);
          return (
            <ListItem key={item.to} disablePadding>
              <ListItemButton
                component={Link}
                to={item.to}
                selected={current}
                aria-current={current ? 'page' : undefined}
                sx={{ borderRadius: 1, minHeight: 40, py: 0.5, color: current ? 'primary.main' : 'text.primary' }}
              >
                <ListItemIcon sx={{ minWidth: 36, color: current ? 'primary.main' : 'text.secondary' }}>{item.icon}</ListItemIcon>
                <ListItemText primary={item.label} slotProps={{ primary: { sx: { fontWeight: current ? 650 : 500, fontSize: '0.9rem' } } }} />
                {item.to === paths.decisions && waiting > 0 ? (
                  <Badge badgeContent={waiting} color="warning" aria-label={`${waiting} waiting`} sx={{ mr: 1.5 }} />
                ) : null}
              </ListItemButton>
            </ListItem>
          );
        })}
      </List>
    </Box>
  );
}
