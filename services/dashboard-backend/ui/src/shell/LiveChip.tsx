import ButtonBase from '@mui/material/ButtonBase';
import Box from '@mui/material/Box';
import Tooltip from '@mui/material/Tooltip';
import PauseOutlined from '@mui/icons-material/PauseOutlined';
import PlayArrowOutlined from '@mui/icons-material/PlayArrowOutlined';
import SyncProblemOutlined from '@mui/icons-material/SyncProblemOutlined';

import { liveFeed, type LiveStatus, useLiveStatus } from '../api/live';

const LOOKS: Readonly<Record<LiveStatus, { label: string; color: string; hint: string }>> = {
  live: { label: 'Live', color: 'success', hint: 'Changes appear by themselves. Press to pause.' },
  connecting: { label: 'Connecting', color: 'info', hint: 'Opening the live feed. Press to pause.' },
  reconnecting: { label: 'Reconnecting', color: 'warning', hint: 'The connection is lost; nothing is missed, it is replayed. Press to pause.' },
  paused: { label: 'Paused', color: 'warning', hint: 'The page stands still. Press to catch up.' },
  off: { label: 'Not live', color: 'error', hint: 'The live feed was refused. Press to try again.' },
};

function StatusIcon({ status }: { status: LiveStatus }) {
  if (status === 'paused') return <PauseOutlined sx={{ fontSize: 16 }} />;
  if (status === 'off') return <PlayArrowOutlined sx={{ fontSize: 16 }} />;
  if (status === 'reconnecting') return <SyncProblemOutlined sx={{ fontSize: 16 }} />;
  return <Box sx={{ width: 8, height: 8, borderRadius: 4, bgcolor: 'currentColor' }} />;
}

/** Says whether what is on the screen is current, and lets the reader hold it still. */
export function LiveChip() {
  const status = useLiveStatus();
  const { label, color, hint } = LOOKS[status];
  const stopped = status === 'paused' || status === 'off';
  const toggle = () => (stopped ? liveFeed.start() : liveFeed.pause());

  return (
    <Tooltip title={hint} describeChild>
      <ButtonBase
        onClick={toggle}
        aria-pressed={stopped}
        sx={{
          color: `${color}.main`,
          bgcolor: `color-mix(in srgb, currentColor 10%, transparent)`,
          height: 30,
          px: 1.25,
          gap: 0.75,
          borderRadius: 15,
          fontSize: '0.8125rem',
          fontWeight: 600,
          '@media (pointer: coarse)': { minHeight: 44, borderRadius: 22 },
          '&:focus-visible': { outline: '2px solid currentColor' },
        }}
      >
        <StatusIcon status={status} />
        <span role="status">{label}</span>
      </ButtonBase>
    </Tooltip>
  );
}
