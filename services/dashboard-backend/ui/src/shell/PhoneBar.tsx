import MenuOutlined from '@mui/icons-material/MenuOutlined';
import Badge from '@mui/material/Badge';
import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import ListItemIcon from '@mui/material/ListItemIcon';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'react-router';

import { paths } from '../lib/paths';
import { includes } from '../lib/roles';
import { DESTINATIONS, isCurrent } from './navigation';

interface PhoneBarProps {
  role: string;
  waiting: number;
}

function Face({ icon, label }: { icon: ReactNode; label: string }) {
  return (
    <>
      {icon}
      <span>{label}</span>
    </>
  );
}

const FACE = {
  flex: 1,
  minHeight: 56,
  flexDirection: 'column',
  gap: 0.25,
  fontSize: '0.75rem',
  fontWeight: 600,
  color: 'text.secondary',
  '&[aria-current="page"]': { color: 'primary.main' },
  '&:focus-visible': { outline: '2px solid currentColor', outlineOffset: -3 },
} as const;

/** Navigation on a phone: within reach of the thumb. */
export function PhoneBar({ role, waiting }: PhoneBarProps) {
  const { pathname } = useLocation();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const allowed = DESTINATIONS.filter((item) => includes(role, item.role));
  const close = () => setAnchor(null);

  return (
    <Box
      component="nav"
      aria-label="Main"
      sx={{
        display: { xs: 'flex', md: 'none' },
        position: 'fixed',
        insetInline: 0,
        bottom: 0,
        zIndex: 1100,
        bgcolor: 'background.paper',
        borderTop: 1,
        borderColor: 'divider',
        pb: 'env(safe-area-inset-bottom)',
      }}
    >
      {allowed
        .filter((item) => item.onPhone)
        .map((item) => (
          <ButtonBase key={item.to} component={Link} to={item.to} aria-current={isCurrent(item.to, pathname) ? 'page' : undefined} sx={FACE}>
            <Face
              icon={
                <Badge badgeContent={item.to === paths.decisions ? waiting : 0} color="warning">
                  {item.icon}
                </Badge>
              }
              label={item.label}
            />
          </ButtonBase>
        ))}
      <ButtonBase onClick={(event) => setAnchor(event.currentTarget)} aria-haspopup="menu" aria-expanded={anchor !== null} sx={FACE}>
        <Face icon={<MenuOutlined />} label="More" />
      </ButtonBase>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={close}>
        {allowed
          .filter((item) => !item.onPhone)
          .map((item) => (
            <MenuItem key={item.to} component={Link} to={item.to} onClick={close} sx={{ minHeight: 44 }}>
              <ListItemIcon>{item.icon}</ListItemIcon>
              {item.label}
            </MenuItem>
          ))}
      </Menu>
    </Box>
  );
}
