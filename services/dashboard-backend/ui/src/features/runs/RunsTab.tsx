import SmartToyOutlined from '@mui/icons-material/SmartToyOutlined';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link as RouterLink, useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { type Column, DataTable } from '../../components/DataTable';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { Elapsed, Time } from '../../components/Time';
import { formatCost, formatTokens, humanise } from '../../lib/format';
import { paths } from '../../lib/paths';
import { runsQuery } from './queries';

type Run = Schemas['AgentRunView'];

const COLUMNS: readonly Column<Run>[] = [
  {
    header: 'Run',
    cell: (run) => (
      <>
        <Link component={RouterLink} to={paths.run(run.project_id, run.id)} data-row sx={{ fontWeight: 600 }}>
          {humanise(run.role)}: {run.task}
        </Link>
        <Typography variant="caption" component="div" color="textSecondary">
          {[run.milestone_key, run.iteration > 1 ? `attempt ${run.iteration}` : null, run.model].filter(Boolean).join(' · ')}
        </Typography>
      </>
    ),
  },
  { header: 'State', cell: (run) => <StatusChip status={run.outcome ?? run.state} /> },
  { header: 'Started', cell: (run) => <Time value={run.started_at ?? run.created_at} /> },
  {
    header: 'Took',
    cell: (run) => <Elapsed from={run.started_at ?? run.created_at} to={run.finished_at} />,
  },
  {
    header: 'Last sign of life',
    cell: (run) => (run.last_sign_at ? <Time value={run.last_sign_at} /> : 'none yet'),
  },
  { header: 'Tokens', numeric: true, cell: (run) => formatTokens(run.total_tokens) },
  { header: 'Cost', numeric: true, cell: (run) => formatCost(run.cost_cents) },
];

export function RunsTab() {
  const { projectId = '' } = useParams();
  const runs = useInfiniteQuery(runsQuery(projectId));
  return (
    <Section title="Agent runs" hint="Every run of every agent, repeats and failures too" flush>
      <Loaded query={runs}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.items);
          return rows.length === 0 ? (
            <EmptyState icon={<SmartToyOutlined />} title="No agent has run yet">
              The architect is the first one: it turns the README into a plan.
            </EmptyState>
          ) : (
            <>
              <DataTable caption="Agent runs" columns={COLUMNS} rows={rows} rowKey={(run) => run.id} />
              <LoadMore query={runs} />
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}
