import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { CheckList } from '../../components/CheckList';
import { CopyButton } from '../../components/CopyButton';
import { ExternalLink } from '../../components/ExternalLink';
import { Facts } from '../../components/Facts';
import { FindingList } from '../../components/FindingList';
import { JsonDetails } from '../../components/JsonDetails';
import { Loaded } from '../../components/Loaded';
import { Markdown } from '../../components/Markdown';
import { PlanView } from '../../components/PlanView';
import { Section } from '../../components/Section';
import { StatusChip } from '../../components/StatusChip';
import { readEvidence } from '../../lib/evidence';
import { humanise, plural } from '../../lib/format';
import { record } from '../../lib/json';
import { readPlan } from '../../lib/plan';
import { BudgetEvidence } from './BudgetEvidence';
import { ChangedFiles } from './ChangedFiles';
import { boundArtifactQuery } from './queries';

/** Everything somebody needs in order to answer, on one screen: what disagrees or is red comes first. */
export function DecisionEvidence({ detail }: { detail: Schemas['DecisionDetail'] }) {
  const { decision } = detail;
  const evidence = readEvidence(decision.context);
  const shownPlan = decision.type === 'plan' && decision.artifact?.id;
  const inlinePlan = readPlan(record(decision.context)['plan']);
  return (
    <>
      <Section
        title="In short"
        actions={evidence.pullRequest ? <ExternalLink href={evidence.pullRequest.url}>{evidence.pullRequest.label}</ExternalLink> : null}
      >
        <Stack spacing={1.5}>
          {decision.summary ? <Markdown text={decision.summary} /> : <Typography color="textSecondary">No summary was given.</Typography>}
          {evidence.facts.length > 0 && !shownPlan ? <Facts facts={evidence.facts.map(({ name, value }) => [humanise(name), value])} /> : null}
          {decision.artifact?.sha ? <Frozen artifact={decision.artifact} current={detail.evidence_current} /> : null}
        </Stack>
      </Section>
      {decision.type === 'budget' ? <BudgetEvidence context={decision.context} /> : null}
      {evidence.findings.length > 0 ? (
        <Section title="Findings" hint={plural(evidence.findings.length, 'finding')}>
          <FindingList findings={evidence.findings} />
        </Section>
      ) : null}
      {evidence.verdicts.length > 0 ? (
        <Section title="Verdicts">
          <Stack spacing={1}>
            {evidence.verdicts.map(({ who, verdict, summary }) => (
              <Box key={who} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start', flexWrap: 'wrap' }}>
                <Typography sx={{ fontWeight: 600, minWidth: 176 }}>{who}</Typography>
                <StatusChip status={verdict} />
                <Typography variant="body2" color="textSecondary" sx={{ flexBasis: { xs: '100%', sm: 0 }, flexGrow: 1, overflowWrap: 'anywhere' }}>
                  {summary}
                </Typography>
              </Box>
            ))}
          </Stack>
        </Section>
      ) : null}
      {evidence.checks.length > 0 ? (
        <Section title="Checks">
          <CheckList checks={evidence.checks} />
        </Section>
      ) : null}
      {evidence.files.length > 0 ? (
        <Section title="Files changed" hint={plural(evidence.files.length, 'file')} flush>
          <ChangedFiles files={evidence.files} />
        </Section>
      ) : null}
      {shownPlan ? (
        <Section title="The plan">
          <BoundPlan projectId={decision.project_id} artifactId={shownPlan} />
        </Section>
      ) : inlinePlan ? (
        <Section title="The plan">
          <PlanView plan={inlinePlan} />
        </Section>
      ) : null}
      {evidence.rest && !shownPlan ? (
        <Section title="More">
          <JsonDetails label="Everything else that came with the question" value={evidence.rest} />
        </Section>
      ) : null}
    </>
  );
}

function BoundPlan({ projectId, artifactId }: { projectId: string; artifactId: string }) {
  const artifact = useQuery(boundArtifactQuery(projectId, artifactId));
  return (
    <Loaded query={artifact}>
      {(data) => {
        const plan = readPlan(data.content);
        return plan ? <PlanView plan={plan} withSummary={false} /> : <JsonDetails label={data.title} value={data.content} open />;
      }}
    </Loaded>
  );
}

function Frozen({ artifact, current }: { artifact: Schemas['DecisionArtifact']; current: boolean }) {
  if (!artifact.sha) return null;
  return (
    <Alert severity={current ? 'info' : 'warning'} variant="outlined" icon={false}>
      <Typography variant="body2" component="div" sx={{ overflowWrap: 'anywhere' }}>
        {current ? 'An answer is for exactly this' : 'This has changed since the question was asked'}: {artifact.kind} <code>{artifact.sha}</code>
        <CopyButton value={artifact.sha} name="hash" />
      </Typography>
    </Alert>
  );
}
