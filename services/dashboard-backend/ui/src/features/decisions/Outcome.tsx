import ArrowForwardOutlined from '@mui/icons-material/ArrowForwardOutlined';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import type { Schemas } from '../../api/client';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { paths } from '../../lib/paths';
import { decisionsQuery } from './queries';

/** A decision that is closed: told as it is, without blame for being late. */
export function Outcome({ detail }: { detail: Schemas['DecisionDetail'] }) {
  const { decision } = detail;
  const waiting = useInfiniteQuery(decisionsQuery('pending'));
  const next = waiting.data?.pages.flatMap((page) => page.items).find((item) => item.id !== decision.id);
  return (
    <Card component="section" aria-label="Answer" sx={{ p: 2, display: 'grid', gap: 1.25 }}>
      <div>
        <StatusChip status={decision.choice ?? decision.status} />
      </div>
      <Typography sx={{ fontWeight: 600 }}>{sentence(detail)}</Typography>
      {decision.comment ? <Typography sx={{ overflowWrap: 'anywhere' }}>“{decision.comment}”</Typography> : null}
      <Typography variant="caption" color="textSecondary" component="div">
        {decision.decided_at ? (
          <>
            <Time value={decision.decided_at} />
            {decision.channel ? ` in ${humanise(decision.channel)}` : ''}
          </>
        ) : null}
        {decision.status === 'answered' ? ' · the workflow has not picked it up yet' : ''}
        {detail.applied_at ? (
          <>
            {' · the workflow went on '}
            <Time value={detail.applied_at} />
          </>
        ) : null}
      </Typography>
      <Stack direction="row" spacing={1} useFlexGap sx={{ flexWrap: 'wrap' }}>
        {next ? (
          <Button component={Link} to={paths.decision(next.id)} variant="contained" endIcon={<ArrowForwardOutlined />}>
            Next decision
          </Button>
        ) : null}
        <Button component={Link} to={paths.project(decision.project_id)} variant="outlined">
          Go to the project
        </Button>
      </Stack>
    </Card>
  );
}

function sentence({ decision, auto }: Schemas['DecisionDetail']): string {
  if (decision.status === 'expired') return 'Nobody answered in time. This counts as no answer, not as a refusal.';
  if (decision.status === 'cancelled') return 'The question was withdrawn; there is nothing left to answer.';
  if (auto) return 'A policy answered this by itself.';
  return `${decision.decided_by?.name ?? 'Somebody'} decided this.`;
}
