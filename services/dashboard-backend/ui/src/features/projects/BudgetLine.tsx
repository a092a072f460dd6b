import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink } from 'react-router';

import { projectBudgetsQuery } from '../../api/budgets';
import { BudgetMeter } from '../../components/BudgetMeter';
import { budgetName, nearest } from '../../lib/budgets';
import { paths } from '../../lib/paths';

/** The limit that a project is nearest to; nothing where nothing limits. */
export function BudgetLine({ projectId }: { projectId: string }) {
  const budgets = useQuery(projectBudgetsQuery(projectId));
  const found = nearest(budgets.data ?? []);
  if (!found) return null;
  const { budget, part } = found;
  const shown = part.unit === 'cents' ? { ...budget, limit_tokens: null } : { ...budget, limit_cents: null };
  const name = budgetName(budget);
  return (
    <Box sx={{ maxWidth: 480, fontSize: '0.8125rem' }}>
      <Link component={RouterLink} to={paths.projectTab(projectId, 'cost')} underline="always">
        Budget: {name.charAt(0).toLowerCase() + name.slice(1)}
      </Link>
      <Box sx={{ mt: 0.5 }}>
        <BudgetMeter budget={shown} name={name} />
      </Box>
    </Box>
  );
}
