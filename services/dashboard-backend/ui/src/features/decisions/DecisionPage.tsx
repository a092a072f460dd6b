import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink, useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { RiskChip } from '../../components/RiskChip';
import { ListSkeleton } from '../../components/states';
import { StatusChip, ToneChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { paths } from '../../lib/paths';
import { AnswerPanel } from './AnswerPanel';
import { DecisionEvidence } from './DecisionEvidence';
import { DecisionHistory } from './DecisionHistory';
import { decisionQuery } from './queries';

export function DecisionPage() {
  const { decisionId = '' } = useParams();
  const detail = useQuery(decisionQuery(decisionId));
  const decision = detail.data?.decision;
  return (
    <Page
      key={decisionId}
      title={decision?.title ?? 'Decision'}
      tabTitle={decision ? `${decision.short_id} ${decision.title}` : 'Decision'}
      above={
        <Typography variant="caption" component="div" sx={{ mb: 0.5 }}>
          <Link component={RouterLink} to={paths.decisions} underline="always">
            Decisions
          </Link>
          {decision ? (
            <>
              {' / '}
              <Link component={RouterLink} to={paths.project(decision.project_id)} underline="always">
                {decision.project_name}
              </Link>
            </>
          ) : null}
        </Typography>
      }
      subtitle={decision ? <Subtitle decision={decision} /> : null}
    >
      <Loaded query={detail} skeleton={<ListSkeleton rows={3} height={140} />}>
        {(data) => (
          <Box sx={{ display: 'grid', gap: 2, alignItems: 'start', gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 1fr) 360px' } }}>
            <Box sx={{ order: { xs: 0, lg: 1 }, position: { lg: 'sticky' }, top: { lg: 76 } }}>
              <AnswerPanel detail={data} />
            </Box>
            <Stack spacing={2} sx={{ order: { xs: 1, lg: 0 }, minWidth: 0 }}>
              <DecisionEvidence detail={data} />
              <DecisionHistory detail={data} />
            </Stack>
          </Box>
        )}
      </Loaded>
    </Page>
  );
}

function Subtitle({ decision }: { decision: Schemas['Decision'] }) {
  const open = decision.status === 'pending';
  return (
    <Stack direction="row" spacing={1} useFlexGap sx={{ flexWrap: 'wrap', alignItems: 'center', fontSize: '0.875rem' }}>
      <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center' }}>
        {decision.short_id}
        <CopyButton value={decision.short_id} name="decision number" />
      </Box>
      <ToneChip tone="neutral" label={humanise(decision.type)} icon={null} />
      <RiskChip risk={decision.risk} />
      <StatusChip status={open ? 'awaiting_approval' : (decision.choice ?? decision.status)} />
      <span>
        asked <Time value={decision.created_at} />
      </span>
    </Stack>
  );
}
