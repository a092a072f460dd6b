import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

import type { Finding } from '../lib/evidence';
import { Markdown } from './Markdown';
import { ToneChip } from './StatusChip';

/** What a gate, QA or a reviewer found, worst first. */
export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const order = ['blocker', 'major', 'minor'];
  const sorted = findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return (
    <Box component="ul" sx={{ m: 0, p: 0, display: 'grid', gap: 1.5 }}>
      {sorted.map((finding) => (
        <Box component="li" key={`${finding.id} ${finding.title}`} sx={{ listStyle: 'none' }}>
          <Box sx={{ display: 'flex', gap: 1, alignItems: 'baseline', flexWrap: 'wrap' }}>
            <ToneChip tone={finding.severity === 'minor' ? 'neutral' : finding.severity === 'major' ? 'waiting' : 'danger'} label={finding.severity} />
            <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>{finding.title}</Typography>
            {finding.file ? (
              <Typography component="code" variant="caption" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
                {finding.file}
                {finding.line ? `:${finding.line}` : ''}
              </Typography>
            ) : null}
          </Box>
          {finding.detail ? (
            <Box sx={{ mt: 0.5, color: 'text.secondary' }}>
              <Markdown text={finding.detail} />
            </Box>
          ) : null}
        </Box>
      ))}
    </Box>
  );
}
