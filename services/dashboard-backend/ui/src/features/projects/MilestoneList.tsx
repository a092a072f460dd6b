import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

import type { Schemas } from '../../api/client';
import { CodeText } from '../../components/CodeText';
import { CopyButton } from '../../components/CopyButton';
import { ExternalLink } from '../../components/ExternalLink';
import { StatusChip } from '../../components/StatusChip';

export function MilestoneList({ project }: { project: Schemas['Project'] }) {
  return (
    <Box component="ol" sx={{ m: 0, p: 0, pb: 1 }}>
      {project.milestones.map((milestone) => (
        <Box component="li" key={milestone.key} sx={{ listStyle: 'none', px: 2, py: 1 }}>
          <Box sx={{ display: 'flex', gap: 1, justifyContent: 'space-between', alignItems: 'flex-start' }}>
            <Typography sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}>
              {milestone.key} {milestone.title}
            </Typography>
            <StatusChip status={milestone.status} />
          </Box>
          <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
            <CodeText text={milestone.goal} />
          </Typography>
          <Box sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap', alignItems: 'center', fontSize: '0.8125rem' }}>
            <Box component="span" sx={{ color: 'text.secondary', overflowWrap: 'anywhere' }}>
              <code>{milestone.branch}</code>
              <CopyButton value={milestone.branch} name="branch name" />
            </Box>
            {milestone.pull_request ? (
              <ExternalLink href={`${project.repository.html_url}/pull/${milestone.pull_request}`}>#{milestone.pull_request}</ExternalLink>
            ) : null}
          </Box>
        </Box>
      ))}
    </Box>
  );
}
