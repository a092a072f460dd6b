import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { Link as RouterLink } from 'react-router';

import type { Schemas } from '../api/client';
import { paths } from '../lib/paths';
import { RiskChip } from './RiskChip';
import { StatusChip } from './StatusChip';
import { Time } from './Time';

interface DecisionRowProps {
  decision: Schemas['Decision'];
}

/** A decision in a list: the question, where it comes from, how old it is, or who answered what. */
export function DecisionRow({ decision }: DecisionRowProps) {
  const open = decision.status === 'pending';
  return (
    <Box
      component="li"
      sx={{
        listStyle: 'none',
        position: 'relative',
        px: 2,
        py: 1.5,
        borderTop: 1,
        borderColor: 'divider',
        '&:first-of-type': { borderTop: 0 },
        '&:hover': { bgcolor: 'action.hover' },
      }}
    >
      <Stack direction="row" spacing={1.5} sx={{ justifyContent: 'space-between', alignItems: 'flex-start' }}>
        <Box sx={{ minWidth: 0 }}>
          <Link
            component={RouterLink}
            to={paths.decision(decision.id)}
            data-row
            color="inherit"
            sx={{ fontWeight: 620, overflowWrap: 'anywhere', '&::after': { content: '""', position: 'absolute', inset: 0 } }}
          >
            {decision.title}
          </Link>
          <Typography variant="caption" component="div" color="textSecondary" sx={{ '& time': { position: 'relative', zIndex: 1 } }}>
            {decision.short_id} · {decision.project_name} · asked <Time value={decision.created_at} />
            {open && decision.expires_at ? (
              <>
                {' · answer by '}
                <Time value={decision.expires_at} />
              </>
            ) : decision.decided_by && decision.decided_at ? (
              <>
                {` · ${decision.decided_by.name} `}
                <Time value={decision.decided_at} />
                {decision.channel ? ` in ${decision.channel}` : ''}
              </>
            ) : null}
          </Typography>
          {!open && decision.comment ? (
            <Typography variant="body2" sx={{ mt: 0.5, overflowWrap: 'anywhere' }}>
              “{decision.comment}”
            </Typography>
          ) : null}
        </Box>
        <Stack direction={{ xs: 'column', sm: 'row' }} spacing={0.75} sx={{ alignItems: 'flex-end', flexShrink: 0 }}>
          {open ? <RiskChip risk={decision.risk} /> : <StatusChip status={decision.choice ?? decision.status} />}
        </Stack>
      </Stack>
    </Box>
  );
}

/** A list of decisions. */
export function DecisionList({ decisions }: { decisions: readonly Schemas['Decision'][] }) {
  return (
    <Box component="ul" sx={{ m: 0, p: 0 }}>
      {decisions.map((decision) => (
        <DecisionRow key={decision.id} decision={decision} />
      ))}
    </Box>
  );
}
