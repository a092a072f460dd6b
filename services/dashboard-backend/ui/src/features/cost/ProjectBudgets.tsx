import Link from '@mui/material/Link';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink } from 'react-router';

import { projectBudgetsQuery } from '../../api/budgets';
import type { Schemas } from '../../api/client';
import { type BudgetRow, BudgetTable } from '../../components/BudgetTable';
import { Loaded } from '../../components/Loaded';
import { Section } from '../../components/Section';
import { type Period, PERIODS } from '../../lib/budgets';
import { paths } from '../../lib/paths';

/** The limits that hold for a project, its own and those it shares. */
export function ProjectBudgets({ projectId }: { projectId: string }) {
  const budgets = useQuery(projectBudgetsQuery(projectId));
  return (
    <Section
      title="Budget"
      hint="What is spent, and what is reserved for runs under way"
      actions={
        <Link component={RouterLink} to={paths.budgets} underline="always" variant="body2">
          All budgets
        </Link>
      }
      flush
    >
      <Loaded query={budgets}>{(list) => <BudgetTable caption="Limits of the project" projectId={projectId} rows={rowsOf(list)} />}</Loaded>
    </Section>
  );
}

function rowsOf(list: readonly Schemas['Budget'][]): BudgetRow[] {
  const own = PERIODS.map((period): BudgetRow => {
    const budget = list.find((item) => item.period === period && !item.shared) ?? null;
    return { period, shared: false, budget, editable: true, note: noteOf(period, budget) };
  });
  const shared = list
    .filter((item) => item.shared)
    .map((budget): BudgetRow => ({ period: budget.period, shared: true, budget, editable: false, note: 'shared with all projects' }));
  return [...own, ...shared];
}

function noteOf(period: Period, budget: Schemas['Budget'] | null): string {
  if (budget) return budget.own ? 'the project’s own' : 'default of the installation';
  return period === 'stage' ? 'each attempt by itself' : 'nothing set';
}
