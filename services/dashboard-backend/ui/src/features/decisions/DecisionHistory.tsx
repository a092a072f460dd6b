import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

import type { Schemas } from '../../api/client';
import { Section } from '../../components/Section';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';

const REFUSALS: Readonly<Record<string, string>> = {
  already_decided: 'came after the decision',
  decision_expired: 'came too late',
  artifact_changed: 'was for something that had changed',
  not_an_approver: 'was not theirs to give',
};

/** Every attempt to answer, the ones that did not count too. */
export function DecisionHistory({ detail }: { detail: Schemas['DecisionDetail'] }) {
  if (detail.answers.length === 0) return null;
  return (
    <Section title="Answers" flush>
      <Box component="ol" sx={{ m: 0, p: 0, pb: 1 }}>
        {detail.answers.map((attempt) => (
          <Box component="li" key={`${attempt.answered_at} ${attempt.name}`} sx={{ listStyle: 'none', px: 2, py: 0.75 }}>
            <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', flexWrap: 'wrap' }}>
              <Typography sx={{ fontWeight: 600 }}>{attempt.name}</Typography>
              <StatusChip status={attempt.choice} />
              <Typography variant="caption" color="textSecondary">
                <Time value={attempt.answered_at} /> in {humanise(attempt.channel)}
                {attempt.accepted ? '' : ` · ${REFUSALS[attempt.refusal ?? ''] ?? 'did not count'}`}
              </Typography>
            </Box>
            {attempt.comment ? (
              <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
                “{attempt.comment}”
              </Typography>
            ) : null}
          </Box>
        ))}
      </Box>
    </Section>
  );
}
