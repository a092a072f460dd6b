import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Link from '@mui/material/Link';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';
import { Link as RouterLink } from 'react-router';

import type { Schemas } from '../api/client';
import { formatCost, formatTokens } from '../lib/format';
import { paths } from '../lib/paths';
import { StageBar } from './StageBar';
import { StatusChip } from './StatusChip';
import { Elapsed, Time } from './Time';

interface ProjectCardProps {
  project: Schemas['ProjectSummary'];
  /** A link or button for what can be done from the list. */
  action?: ReactNode;
}

/** A project in a list: name, stage bar, what happens now and why, age and cost. */
export function ProjectCard({ project, action }: ProjectCardProps) {
  const ended = project.finished_at;
  return (
    <Card component="li" sx={{ listStyle: 'none', p: 2, display: 'grid', alignContent: 'start', gap: 1.25, transition: 'border-color 120ms', '&:hover': { borderColor: 'text.secondary' } }}>
      <Stack direction="row" spacing={1} sx={{ justifyContent: 'space-between', alignItems: 'flex-start' }}>
        <Box sx={{ minWidth: 0 }}>
          <Link component={RouterLink} to={paths.project(project.id)} data-row color="inherit" sx={{ fontWeight: 650, overflowWrap: 'anywhere' }}>
            {project.name}
          </Link>
          <Typography variant="caption" component="div" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
            {project.short_id} · {project.repository.full_name}
          </Typography>
        </Box>
        <StatusChip status={project.status} />
      </Stack>
      <StageBar stages={project.stages} />
      <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
        {project.sentence}
      </Typography>
      <Stack direction="row" spacing={1} useFlexGap sx={{ justifyContent: 'space-between', alignItems: 'center', flexWrap: 'wrap' }}>
        <Typography variant="caption" color="textSecondary" component="div">
          {ended ? <>Took <Elapsed from={project.created_at} to={ended} /></> : <>Running for <Elapsed from={project.created_at} /></>}
          {' · '}
          {formatCost(project.spend.cost_cents)} · {formatTokens(project.spend.tokens)} tokens
          {' · '}
          <Time value={project.updated_at} />
        </Typography>
        {action}
      </Stack>
    </Card>
  );
}

/** A grid of project cards. */
export function ProjectGrid({ children }: { children: ReactNode }) {
  return (
    <Box component="ul" sx={{ m: 0, p: 0, display: 'grid', gap: 1.5, gridTemplateColumns: { xs: '1fr', lg: '1fr 1fr' } }}>
      {children}
    </Box>
  );
}
