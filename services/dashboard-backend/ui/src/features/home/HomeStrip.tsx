import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router';

import type { Schemas } from '../../api/client';
import { TONE_COLOR } from '../../components/StatusChip';
import { formatCost, formatTokens } from '../../lib/format';
import { paths } from '../../lib/paths';
import type { Tone } from '../../lib/status';

interface Figure {
  label: string;
  value: string;
  hint?: string;
  to: string;
  tone?: Tone;
}

function figures({ counts, today, month }: Schemas['Home']): Figure[] {
  return [
    {
      label: 'Waiting',
      value: String(counts.pending_decisions),
      to: paths.decisions,
      ...(counts.pending_decisions > 0 && { tone: 'waiting' }),
    },
    { label: 'At work', value: String(counts.running), to: `${paths.projects}?status=running`, ...(counts.held > 0 && { hint: `${counts.held} held` }) },
    { label: 'Failed', value: String(counts.failed), to: `${paths.projects}?status=failed`, ...(counts.failed > 0 && { tone: 'danger' }) },
    { label: 'Completed', value: String(counts.completed), to: `${paths.projects}?status=completed` },
    { label: 'Today', value: formatCost(today.cost_cents), hint: `${formatTokens(today.tokens)} tokens`, to: paths.projects },
    { label: 'This month', value: formatCost(month.cost_cents), hint: `${formatTokens(month.tokens)} tokens`, to: paths.projects },
  ];
}

/** The state of everything in six figures, each a way to the list behind it. */
export function HomeStrip({ home }: { home: Schemas['Home'] }) {
  return (
    <Card>
      <Box component="ul" aria-label="At a glance" sx={{ m: 0, p: 0, display: 'grid', gridTemplateColumns: { xs: 'repeat(3, 1fr)', lg: 'repeat(6, 1fr)' } }}>
        {figures(home).map(({ label, value, hint, to, tone }) => (
          <Box component="li" key={label} sx={{ listStyle: 'none' }}>
            <Box
              component={Link}
              to={to}
              sx={{ display: 'block', height: '100%', px: { xs: 1.5, sm: 2 }, py: { xs: 1, sm: 1.5 }, color: 'inherit', textDecoration: 'none', '&:hover': { bgcolor: 'action.hover' }, '&:focus-visible': { outline: '2px solid currentColor', outlineOffset: -2 } }}
            >
              <Typography variant="caption" component="div" color="textSecondary">
                {label}
              </Typography>
              <Typography component="div" sx={{ fontSize: { xs: '1.125rem', sm: '1.375rem' }, fontWeight: 650, lineHeight: 1.3, fontVariantNumeric: 'tabular-nums', color: tone ? TONE_COLOR[tone] : undefined }}>
                {value}
              </Typography>
              <Typography variant="caption" component="div" color="textSecondary" sx={{ minHeight: { sm: 19 } }}>
                {hint}
              </Typography>
            </Box>
          </Box>
        ))}
      </Box>
    </Card>
  );
}
