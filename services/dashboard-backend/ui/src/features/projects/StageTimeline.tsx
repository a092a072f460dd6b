import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';

import type { Schemas } from '../../api/client';
import { stageName } from '../../components/StageBar';
import { EmptyState } from '../../components/states';
import { StatusChip, TONE_COLOR, ToneIcon } from '../../components/StatusChip';
import { Elapsed, Time } from '../../components/Time';
import { formatTokens, humanise } from '../../lib/format';
import { statusWord, type Tone } from '../../lib/status';

interface StageTimelineProps {
  attempts: readonly Schemas['StageAttempt'][];
  bar: readonly Schemas['StageBarItem'][];
}

/** Every attempt at every stage, then the stages that are still to come. */
export function StageTimeline({ attempts, bar }: StageTimelineProps) {
  const ahead = bar.filter((item) => item.state === 'pending');
  if (attempts.length === 0 && ahead.length === 0) {
    return <EmptyState title="No stage yet">The first one, the analysis of the README, starts by itself.</EmptyState>;
  }
  return (
    <Box component="ol" sx={{ m: 0, p: 0, pb: 1 }}>
      {attempts.map((attempt) => (
        <Attempt key={attempt.id} attempt={attempt} />
      ))}
      {ahead.map((item) => (
        <Row key={stageName(item)} tone="neutral" muted>
          <Typography color="textSecondary">{stageName(item)}</Typography>
        </Row>
      ))}
    </Box>
  );
}

function Row({ tone, muted = false, children }: { tone: Tone; muted?: boolean; children: ReactNode }) {
  return (
    <Box component="li" sx={{ listStyle: 'none', position: 'relative', display: 'flex', gap: 1.5, px: 2, py: 0.875, '&:not(:last-of-type)::before': { content: '""', position: 'absolute', left: 24.5, top: 30, bottom: -6, width: '1px', bgcolor: 'divider' } }}>
      <Box sx={{ pt: 0.25, opacity: muted ? 0.7 : 1, color: TONE_COLOR[tone] }}>
        <ToneIcon tone={tone} />
      </Box>
      <Box sx={{ minWidth: 0, flex: 1 }}>{children}</Box>
    </Box>
  );
}

function Attempt({ attempt }: { attempt: Schemas['StageAttempt'] }) {
  return (
    <Row tone={statusWord(attempt.status).tone}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', alignItems: 'center' }}>
        <Typography sx={{ fontWeight: 600 }}>{stageName(attempt)}</Typography>
        {attempt.iteration > 1 ? (
          <Typography variant="caption" color="textSecondary">
            attempt {attempt.iteration}
          </Typography>
        ) : null}
        {attempt.status === 'completed' ? null : <StatusChip status={attempt.status} />}
      </Box>
      <Typography variant="caption" component="div" color="textSecondary">
        {attempt.agent ? `${humanise(attempt.agent)} · ` : ''}
        {attempt.started_at ? (
          <>
            <Time value={attempt.started_at} /> · <Elapsed from={attempt.started_at} to={attempt.completed_at} />
          </>
        ) : (
          'not started'
        )}
        {attempt.tokens > 0 ? ` · ${formatTokens(attempt.tokens)} tokens` : ''}
      </Typography>
      {attempt.summary ? (
        <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          {attempt.summary}
        </Typography>
      ) : null}
    </Row>
  );
}
