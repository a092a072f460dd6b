import Box from '@mui/material/Box';
import Tooltip from '@mui/material/Tooltip';

import type { Schemas } from '../api/client';
import { humanise } from '../lib/format';
import type { Tone } from '../lib/status';
import { TONE_COLOR } from './StatusChip';

type Item = Schemas['StageBarItem'];

const TONES: Readonly<Record<string, Tone>> = {
  running: 'running',
  waiting: 'waiting',
  completed: 'success',
  failed: 'danger',
  cancelled: 'neutral',
};

export function stageName(item: { stage: string; milestone?: string | null | undefined }): string {
  return item.milestone ? `${humanise(item.stage)} ${item.milestone}` : humanise(item.stage);
}

/** The stages of a project in one glance; in words for those who do not see it. */
export function StageBar({ stages }: { stages: readonly Item[] }) {
  const words = stages.map((item) => `${stageName(item)} ${item.state}`).join(', ');
  return (
    <Box role="img" aria-label={`Stages: ${words || 'none yet'}`} sx={{ display: 'flex', gap: '3px', width: '100%' }}>
      {stages.map((item) => {
        const tone = TONES[item.state];
        return (
          <Tooltip key={stageName(item)} title={`${stageName(item)}: ${item.state}`} describeChild>
            <Box
              aria-hidden
              sx={{
                flex: 1,
                minWidth: 6,
                height: 8,
                borderRadius: 4,
                bgcolor: tone ? TONE_COLOR[tone] : 'action.disabledBackground',
                ...(item.state === 'running' && {
                  '@keyframes qp-pulse': { '50%': { opacity: 0.45 } },
                  animation: 'qp-pulse 1.8s ease-in-out infinite',
                }),
              }}
            />
          </Tooltip>
        );
      })}
    </Box>
  );
}
