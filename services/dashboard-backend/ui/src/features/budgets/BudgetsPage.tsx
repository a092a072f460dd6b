import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';

import { budgetsQuery } from '../../api/budgets';
import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { type BudgetRow, BudgetTable } from '../../components/BudgetTable';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { isShared, type Period, PERIODS } from '../../lib/budgets';

const NOTES: Readonly<Record<Period, string>> = {
  run: 'default for every project',
  stage: 'default for every project',
  project: 'default for every project',
  day: 'all together, in UTC',
  month: 'all together, in UTC',
};

/** What agents may spend in the whole installation. */
export function BudgetsPage() {
  const budgets = useQuery(budgetsQuery);
  const admin = useCan('admin');
  return (
    <Page title="Budgets" subtitle="What agents may spend before a project waits and people are asked.">
      <Stack spacing={2}>
        <Section title="Limits" hint={admin ? 'A project’s own limits are on its Cost tab' : 'Admins change them; a project’s own limits are on its Cost tab'} flush>
          <Loaded query={budgets}>{(list) => <BudgetTable caption="Limits of the installation" projectId={null} rows={PERIODS.map((period) => rowOf(period, list))} />}</Loaded>
        </Section>
        <Section title="How a limit works">
          <Typography variant="body2" color="textSecondary">
            Before a run starts, what it is expected to take is set aside. If that does not fit every limit, the run does not start: the project is held, and
            approvers are asked to raise the limit, set another, or stop. When the run has told what it really took, only that counts.
          </Typography>
        </Section>
      </Stack>
    </Page>
  );
}

function rowOf(period: Period, list: readonly Schemas['Budget'][]): BudgetRow {
  return { period, shared: isShared(period), budget: list.find((budget) => budget.period === period) ?? null, editable: true, note: NOTES[period] };
}
