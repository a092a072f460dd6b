import AccountBalanceWalletOutlined from '@mui/icons-material/AccountBalanceWalletOutlined';
import FactCheckOutlined from '@mui/icons-material/FactCheckOutlined';
import GroupOutlined from '@mui/icons-material/GroupOutlined';
import HomeOutlined from '@mui/icons-material/HomeOutlined';
import MonitorHeartOutlined from '@mui/icons-material/MonitorHeartOutlined';
import RocketLaunchOutlined from '@mui/icons-material/RocketLaunchOutlined';
import WebhookOutlined from '@mui/icons-material/WebhookOutlined';
import type { ReactNode } from 'react';

import { paths } from '../lib/paths';
import type { Role } from '../lib/roles';

export interface Destination {
  to: string;
  label: string;
  icon: ReactNode;
  /** Pressed after `g`. */
  key: string;
  role: Role;
  /** Stands in the bar at the bottom of a phone; the rest is behind "More". */
  onPhone: boolean;
}

export const DESTINATIONS: readonly Destination[] = [
  { to: paths.home, label: 'Home', icon: <HomeOutlined />, key: 'h', role: 'viewer', onPhone: true },
  { to: paths.decisions, label: 'Decisions', icon: <FactCheckOutlined />, key: 'd', role: 'viewer', onPhone: true },
  { to: paths.projects, label: 'Projects', icon: <RocketLaunchOutlined />, key: 'p', role: 'viewer', onPhone: true },
  { to: paths.budgets, label: 'Budgets', icon: <AccountBalanceWalletOutlined />, key: 'b', role: 'viewer', onPhone: false },
  { to: paths.webhooks, label: 'Webhooks', icon: <WebhookOutlined />, key: 'w', role: 'viewer', onPhone: false },
  { to: paths.system, label: 'Health', icon: <MonitorHeartOutlined />, key: 's', role: 'viewer', onPhone: false },
  { to: paths.users, label: 'Users & access', icon: <GroupOutlined />, key: 'u', role: 'admin', onPhone: false },
];

export function isCurrent(to: string, pathname: string): boolean {
  return to === paths.home ? pathname === to : pathname === to || pathname.startsWith(`${to}/`);
}
