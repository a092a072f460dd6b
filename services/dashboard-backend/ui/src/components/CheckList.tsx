import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

import type { CheckResult } from '../lib/evidence';
import { statusWord } from '../lib/status';
import { ExternalLink } from './ExternalLink';
import { StatusChip, ToneIcon } from './StatusChip';

/** Checks of a commit, the red ones first: they are what somebody came for. */
export function CheckList({ checks }: { checks: readonly CheckResult[] }) {
  const weight = (check: CheckResult) => (statusWord(check.conclusion).tone === 'danger' ? 0 : 1);
  return (
    <Box component="ul" aria-label="Checks" sx={{ m: 0, p: 0 }}>
      {checks.toSorted((a, b) => weight(a) - weight(b)).map((check) => (
        <Box component="li" key={check.name} sx={{ listStyle: 'none', display: 'flex', gap: 1.25, py: 0.75, alignItems: 'flex-start' }}>
          <Box sx={{ pt: 0.25 }}>
            <ToneIcon tone={statusWord(check.conclusion).tone} />
          </Box>
          <Box sx={{ flex: 1, minWidth: 0 }}>
            <Typography variant="body2" sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>
              {check.url ? <ExternalLink href={check.url}>{check.name}</ExternalLink> : check.name}
            </Typography>
            {check.summary ? (
              <Typography variant="caption" component="div" color="textSecondary" sx={{ whiteSpace: 'pre-line', overflowWrap: 'anywhere' }}>
                {check.summary}
              </Typography>
            ) : null}
          </Box>
          <StatusChip status={check.conclusion} />
        </Box>
      ))}
    </Box>
  );
}
