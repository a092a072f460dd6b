import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink } from 'react-router';

import { projectBudgetsQuery } from '../../api/budgets';
import { BudgetMeter } from '../../components/BudgetMeter';
import { budgetName, nearest } from '../../lib/budgets';
import { paths } from '../../lib/paths';

/** All of them stand on the Cost tab. */
const SHOWN = 2;

/** The limits that a project is nearest to; nothing where nothing limits. */
export function BudgetLines({ projectId }: { projectId: string }) {
  const budgets = useQuery(projectBudgetsQuery(projectId));
  const shown = nearest(budgets.data ?? [], SHOWN);
  if (shown.length === 0) return null;
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fit, minmax(min(240px, 100%), 1fr))', maxWidth: 720, fontSize: '0.8125rem' }}>
      {shown.map((budget) => {
        const name = budgetName(budget);
        return (
          <div key={`${budget.period} ${String(budget.shared)}`}>
            <Link component={RouterLink} to={paths.projectTab(projectId, 'cost')} underline="always">
              Budget: {name.charAt(0).toLowerCase() + name.slice(1)}
            </Link>
            <Box sx={{ mt: 0.5 }}>
              <BudgetMeter budget={budget} name={name} />
            </Box>
          </div>
        );
      })}
    </Box>
  );
}
