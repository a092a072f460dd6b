import Box from '@mui/material/Box';
import Tooltip from '@mui/material/Tooltip';

import { formatDuration, formatExact, formatRelative } from '../lib/format';
import { useNow } from './useNow';

interface TimeProps {
  value: string;
}

/** Relative, with the exact time and zone on hover and focus. */
export function Time({ value }: TimeProps) {
  const now = useNow(10_000);
  return (
    <Tooltip title={formatExact(value)} describeChild>
      <Box component="time" dateTime={value} tabIndex={0} sx={{ whiteSpace: 'nowrap' }}>
        {formatRelative(value, now)}
      </Box>
    </Tooltip>
  );
}

interface ElapsedProps {
  from: string;
  /** Without an end it is still running, and ticks. */
  to?: string | null | undefined;
}

export function Elapsed({ from, to }: ElapsedProps) {
  return to ? (
    <span>{formatDuration(Date.parse(to) - Date.parse(from))}</span>
  ) : (
    <Ticking from={from} />
  );
}

function Ticking({ from }: { from: string }) {
  const now = useNow(1000);
  return <span>{formatDuration(now - Date.parse(from))}</span>;
}
