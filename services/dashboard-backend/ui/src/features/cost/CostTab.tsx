import PaidOutlined from '@mui/icons-material/PaidOutlined';
import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { type Column, DataTable } from '../../components/DataTable';
import { Loaded } from '../../components/Loaded';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { formatCost, formatNumber, formatTokens, humanise } from '../../lib/format';
import { ProjectBudgets } from './ProjectBudgets';
import { usageQuery } from './queries';

type Line = Schemas['UsageLine'];

const COLUMNS: readonly Column<Line>[] = [
  { header: 'Agent', cell: (line) => `${humanise(line.role)}: ${line.task}` },
  { header: 'Runs', numeric: true, cell: (line) => formatNumber(line.runs) },
  { header: 'In', numeric: true, cell: (line) => formatTokens(line.input_tokens) },
  { header: 'Out', numeric: true, cell: (line) => formatTokens(line.output_tokens) },
  { header: 'From cache', numeric: true, cell: (line) => formatTokens(line.cache_read_tokens) },
  { header: 'Cost', numeric: true, cell: (line) => costOf(line) },
];

/** The price of a run comes late, or never: a sum over known prices says that it is one. */
function costOf({ cost_cents, runs, runs_without_cost }: Pick<Line, 'cost_cents' | 'runs' | 'runs_without_cost'>): string {
  if (runs > 0 && runs_without_cost === runs) return 'not reported';
  return runs_without_cost > 0 ? `at least ${formatCost(cost_cents)}` : formatCost(cost_cents);
}

export function CostTab() {
  const { projectId = '' } = useParams();
  return (
    <Stack spacing={2}>
      <ProjectBudgets projectId={projectId} />
      <Usage projectId={projectId} />
    </Stack>
  );
}

function Usage({ projectId }: { projectId: string }) {
  const usage = useQuery(usageQuery(projectId));
  return (
    <Loaded query={usage}>
      {(report) =>
        report.by_task.length === 0 ? (
          <EmptyState icon={<PaidOutlined />} title="Nothing spent yet">
            Tokens and cost appear when the first agent run reports them. Some backends report late.
          </EmptyState>
        ) : (
          <Stack spacing={2}>
            <Section title="In all">
              <Totals usage={report} />
            </Section>
            <Section title="By agent" flush>
              <Box sx={{ px: 2, pb: 1.5 }}>
                <Shares lines={report.by_task} total={report.total_tokens} />
              </Box>
              <DataTable caption="Tokens and cost by agent" columns={COLUMNS} rows={report.by_task} rowKey={(line) => `${line.role} ${line.task}`} />
            </Section>
          </Stack>
        )
      }
    </Loaded>
  );
}

function Totals({ usage }: { usage: Schemas['UsageSummary'] }) {
  const figures = [
    ['Cost', costOf(usage)],
    ['Tokens', formatTokens(usage.total_tokens)],
    ['Runs', formatNumber(usage.runs)],
    ['Not priced yet', formatNumber(usage.runs_without_cost)],
  ] as const;
  return (
    <Box component="dl" sx={{ m: 0, display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fit, minmax(110px, 1fr))' }}>
      {figures.map(([label, value]) => (
        <div key={label}>
          <Typography component="dt" variant="caption" color="textSecondary">
            {label}
          </Typography>
          <Typography component="dd" sx={{ m: 0, fontSize: '1.25rem', fontWeight: 650, fontVariantNumeric: 'tabular-nums' }}>
            {value}
          </Typography>
        </div>
      ))}
    </Box>
  );
}

/** Where the tokens went, at a glance; the table below says the same in numbers. */
function Shares({ lines, total }: { lines: readonly Line[]; total: number }) {
  return (
    <Box aria-hidden sx={{ display: 'grid', gap: 0.75 }}>
      {lines.map((line) => (
        <Box key={`${line.role} ${line.task}`} sx={{ display: 'grid', gridTemplateColumns: '150px 1fr 48px', gap: 1.5, alignItems: 'center', fontSize: '0.8125rem' }}>
          <span>
            {humanise(line.role)}: {line.task}
          </span>
          <Box sx={{ height: 10, borderRadius: 5, bgcolor: 'action.hover', overflow: 'hidden' }}>
            <Box sx={{ height: '100%', borderRadius: 5, bgcolor: 'primary.main', width: `${total > 0 ? (line.total_tokens / total) * 100 : 0}%` }} />
          </Box>
          <span>{total > 0 ? Math.round((line.total_tokens / total) * 100) : 0}%</span>
        </Box>
      ))}
    </Box>
  );
}
