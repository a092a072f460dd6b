import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';

import { formatTokens, humanise } from '../lib/format';
import type { Plan, PlanDocument, PlanMilestone } from '../lib/plan';
import { CodeText } from './CodeText';
import { Facts } from './Facts';
import { Markdown } from './Markdown';

interface PlanViewProps {
  plan: Plan;
  /** False where the summary stands above already. */
  withSummary?: boolean;
}

/** A plan, as people read it before they approve it: first what and how much, details folded. */
export function PlanView({ plan, withSummary = true }: PlanViewProps) {
  return (
    <Stack spacing={2}>
      {withSummary ? <Markdown text={plan.summary} /> : null}
      <Facts
        facts={[
          ['Type', plan.projectType ? humanise(plan.projectType) : 'not said'],
          ['Stack', [plan.language, ...plan.frameworks].filter(Boolean).join(', ') || 'not said'],
          ...(plan.testCommand ? [['Tests', <code key="test">{plan.testCommand}</code>] as const] : []),
          ...(plan.runCommand ? [['Run', <code key="run">{plan.runCommand}</code>] as const] : []),
          [
            'Estimate',
            [plan.tokens === null ? null : `${formatTokens(plan.tokens)} tokens`, plan.costUsd === null ? null : `$${plan.costUsd.toFixed(2)}`]
              .filter(Boolean)
              .join(', ') || 'none',
          ],
        ]}
      />
      <Box component="ol" sx={{ m: 0, p: 0, display: 'grid', gap: 1.5 }}>
        {plan.milestones.map((milestone) => (
          <Milestone key={milestone.key} milestone={milestone} />
        ))}
      </Box>
      {plan.risks.length > 0 ? (
        <Box>
          <Typography variant="h3" component="h3">
            Risks
          </Typography>
          <Box component="ul" sx={{ m: 0, mt: 0.5, pl: 3 }}>
            {plan.risks.map((risk) => (
              <li key={risk}>
                <CodeText text={risk} />
              </li>
            ))}
          </Box>
        </Box>
      ) : null}
      <div>
        {plan.architecture ? (
          <Fold label="Architecture">
            <Markdown text={plan.architecture} />
          </Fold>
        ) : null}
        {[...plan.documents, ...plan.rules].map((document) => (
          <Document key={document.path} document={document} />
        ))}
      </div>
    </Stack>
  );
}

function Milestone({ milestone }: { milestone: PlanMilestone }) {
  return (
    <Card component="li" sx={{ listStyle: 'none', p: 2 }}>
      <Typography variant="h3" component="h3">
        {milestone.key} {milestone.title}
      </Typography>
      <Typography variant="body2" color="textSecondary">
        <CodeText text={milestone.goal} />
      </Typography>
      <Box component="ul" sx={{ m: 0, mt: 1, pl: 2.5, fontSize: '0.9rem' }}>
        {milestone.tasks.map((task) => (
          <li key={task.id}>
            <CodeText text={task.title} />{' '}
            <Typography component="span" variant="caption" color="textSecondary">
              {[task.id, ...task.requirements].join(' · ')}
            </Typography>
          </li>
        ))}
      </Box>
      {milestone.acceptance.length > 0 ? (
        <Typography variant="body2" sx={{ mt: 1 }}>
          <strong>Done when</strong> <CodeText text={milestone.acceptance.join('; ')} />
        </Typography>
      ) : null}
    </Card>
  );
}

function Document({ document }: { document: PlanDocument }) {
  return (
    <Fold
      label={
        <>
          {document.title} {document.title === document.path ? null : <code>{document.path}</code>}
        </>
      }
    >
      <Markdown text={document.content} />
    </Fold>
  );
}

function Fold({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <Box component="details" sx={{ borderTop: 1, borderColor: 'divider', '& > summary': { cursor: 'pointer', py: 1, fontWeight: 600, fontSize: '0.9rem', '& code': { fontWeight: 400, color: 'text.secondary' } } }}>
      <summary>{label}</summary>
      <Box sx={{ pb: 1.5 }}>{children}</Box>
    </Box>
  );
}
