import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

import { type BudgetLike, formatAmount, type Part, partsOf } from '../lib/budgets';
import { TONE_COLOR } from './StatusChip';

/** How far a budget is used, in each unit that it limits: what is spent, and lighter what is reserved. */
export function BudgetMeter({ budget, name }: { budget: BudgetLike; name: string }) {
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      {partsOf(budget).map((part) => (
        <Bar key={part.unit} part={part} name={name} warnPercent={budget.warn_percent} />
      ))}
    </Box>
  );
}

function Bar({ part, name, warnPercent }: { part: Part; name: string; warnPercent: number }) {
  const { unit, limit, spent, reserved, ratio } = part;
  const percent = Math.round(ratio * 100);
  const color = ratio >= 1 ? TONE_COLOR.danger : percent >= warnPercent ? TONE_COLOR.waiting : 'primary.main';
  const width = (value: number) => `${Math.min(100, (value / limit) * 100)}%`;
  const words = `${formatAmount(unit, spent)} spent${reserved > 0 ? `, ${formatAmount(unit, reserved)} reserved` : ''} of ${formatAmount(unit, limit)}`;
  return (
    <div>
      <Box
        role="meter"
        aria-label={`${name}, ${unit === 'cents' ? 'money' : 'tokens'}`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={words}
        sx={{ display: 'flex', height: 8, borderRadius: 4, bgcolor: 'action.hover', overflow: 'hidden', minWidth: 120 }}
      >
        <Box sx={{ width: width(spent), bgcolor: color, flexShrink: 0 }} />
        <Box sx={{ width: width(reserved), bgcolor: color, opacity: 0.45 }} />
      </Box>
      <Typography variant="caption" component="div" sx={{ mt: 0.25 }}>
        {words} ({percent} %)
      </Typography>
    </div>
  );
}
