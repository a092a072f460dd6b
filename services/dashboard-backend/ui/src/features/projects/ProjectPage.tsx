import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Link from '@mui/material/Link';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink, Outlet, useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { ExternalLink } from '../../components/ExternalLink';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { StageBar } from '../../components/StageBar';
import { ListSkeleton } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { Elapsed, Time } from '../../components/Time';
import { formatCost, formatTokens } from '../../lib/format';
import { paths } from '../../lib/paths';
import { BudgetLines } from './BudgetLines';
import { ProjectActions } from './ProjectActions';
import { ProjectTabs } from './ProjectTabs';
import { projectQuery } from './queries';
import { WaitingBar } from './WaitingBar';

/** The frame of a project: what it is, how it stands and why, what can be done; tabs below. */
export function ProjectPage() {
  const { projectId = '' } = useParams();
  const project = useQuery(projectQuery(projectId));
  return (
    <Page
      key={projectId}
      title={project.data?.name ?? 'Project'}
      above={
        <Typography variant="caption" component="div" sx={{ mb: 0.5 }}>
          <Link component={RouterLink} to={paths.projects} underline="always">
            Projects
          </Link>
          {project.data ? ` / ${project.data.short_id}` : ''}
        </Typography>
      }
      subtitle={project.data ? <Links project={project.data} /> : null}
      actions={project.data ? <ProjectActions project={project.data} /> : null}
    >
      <Loaded query={project} skeleton={<ListSkeleton rows={4} height={96} />}>
        {(data) => (
          <>
            <State project={data} />
            {data.waiting_decision_id ? <WaitingBar decisionId={data.waiting_decision_id} forMoney={data.status === 'budget_hold'} /> : null}
            <ProjectTabs projectId={data.id} />
            <Outlet context={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Links({ project }: { project: Schemas['Project'] }) {
  return (
    <Stack direction="row" spacing={2} useFlexGap sx={{ flexWrap: 'wrap', alignItems: 'center', fontSize: '0.875rem' }}>
      <Box component="span" sx={{ display: 'inline-flex', alignItems: 'center' }}>
        <ExternalLink href={project.repository.html_url}>{project.repository.full_name}</ExternalLink>
        <CopyButton value={`git clone ${project.repository.clone_url}`} name="clone command" />
      </Box>
      <ExternalLink href={project.links.pull_requests}>Pull requests</ExternalLink>
      {project.links.release ? <ExternalLink href={project.links.release}>Release</ExternalLink> : null}
      {project.links.execution ? <ExternalLink href={project.links.execution}>n8n execution</ExternalLink> : null}
    </Stack>
  );
}

function State({ project }: { project: Schemas['Project'] }) {
  const ended = project.finished_at;
  return (
    <Card sx={{ p: 2, mb: 2, display: 'grid', gap: 1.5 }}>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={1.25} sx={{ alignItems: { sm: 'center' } }}>
        <Box>
          <StatusChip status={project.status} />
        </Box>
        <Typography sx={{ fontWeight: 550, overflowWrap: 'anywhere' }}>{project.sentence}</Typography>
      </Stack>
      {project.status_reason && project.status_reason !== project.sentence ? (
        <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
          Why: {project.status_reason}
        </Typography>
      ) : null}
      <StageBar stages={project.stages} />
      <Stack direction="row" spacing={2.5} useFlexGap sx={{ flexWrap: 'wrap', color: 'text.secondary', fontSize: '0.8125rem' }}>
        <span>
          {ended ? 'Took ' : 'Running for '}
          <Elapsed from={project.created_at} to={ended} />
        </span>
        {project.milestone ? (
          <span>
            Milestone {project.milestone.index} of {project.milestone.total}: {project.milestone.title}
          </span>
        ) : null}
        <span>
          {formatCost(project.spend.cost_cents)} · {formatTokens(project.spend.tokens)} tokens
        </span>
        <span>
          Last sign of life <Time value={project.updated_at} />
        </span>
      </Stack>
      {ended ? null : <BudgetLines projectId={project.id} />}
    </Card>
  );
}
