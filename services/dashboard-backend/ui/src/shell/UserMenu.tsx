import KeyOutlined from '@mui/icons-material/KeyOutlined';
import LogoutOutlined from '@mui/icons-material/LogoutOutlined';
import PersonOutlined from '@mui/icons-material/PersonOutlined';
import Avatar from '@mui/material/Avatar';
import Box from '@mui/material/Box';
import Divider from '@mui/material/Divider';
import IconButton from '@mui/material/IconButton';
import ListItemIcon from '@mui/material/ListItemIcon';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import Typography from '@mui/material/Typography';
import { useState } from 'react';
import { Link } from 'react-router';

import { client, unwrapEmpty } from '../api/client';
import type { User } from '../api/session';
import { useSignOut } from '../api/signOut';
import { useNotices } from '../components/Notices';
import { paths } from '../lib/paths';

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? '?') + (words.length > 1 ? (words.at(-1)?.[0] ?? '') : '')).toUpperCase();
}

export function UserMenu({ user }: { user: User }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const { fail } = useNotices();
  const signOut = useSignOut({ call: () => unwrapEmpty(client.POST('/api/v1/auth/logout')), onError: fail });
  const close = () => setAnchor(null);

  return (
    <>
      <IconButton onClick={(event) => setAnchor(event.currentTarget)} aria-label={`${initials(user.display_name)}: account of ${user.display_name}`} aria-haspopup="menu" aria-expanded={anchor !== null}>
        <Avatar sx={{ width: 30, height: 30, fontSize: '0.8rem', fontWeight: 700, bgcolor: 'primary.main', color: 'primary.contrastText' }}>{initials(user.display_name)}</Avatar>
      </IconButton>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={close} slotProps={{ paper: { sx: { minWidth: 220 } } }}>
        <Box component="li" role="presentation" sx={{ px: 2, py: 1 }}>
          <Typography sx={{ fontWeight: 600 }}>{user.display_name}</Typography>
          <Typography variant="caption" color="textSecondary">
            {user.email} · {user.role}
          </Typography>
        </Box>
        <Divider component="li" role="presentation" />
        <MenuItem component={Link} to={paths.profile} onClick={close}>
          <ListItemIcon>
            <PersonOutlined fontSize="small" />
          </ListItemIcon>
          Profile
        </MenuItem>
        <MenuItem component={Link} to={paths.apiKeys} onClick={close}>
          <ListItemIcon>
            <KeyOutlined fontSize="small" />
          </ListItemIcon>
          API keys
        </MenuItem>
        <MenuItem
          onClick={() => {
            close();
            signOut.mutate();
          }}
        >
          <ListItemIcon>
            <LogoutOutlined fontSize="small" />
          </ListItemIcon>
          Sign out
        </MenuItem>
      </Menu>
    </>
  );
}
