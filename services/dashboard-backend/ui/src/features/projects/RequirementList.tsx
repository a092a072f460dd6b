import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';

import { CodeText } from '../../components/CodeText';
import { Loaded } from '../../components/Loaded';
import { EmptyState } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { requirementsQuery } from './queries';

/** Each wish of the README with the milestone and pull request that answer it. */
export function RequirementList({ projectId }: { projectId: string }) {
  const requirements = useQuery(requirementsQuery(projectId));
  return (
    <Loaded query={requirements}>
      {(items) =>
        items.length === 0 ? (
          <EmptyState title="None found yet">They appear when the README has been analysed.</EmptyState>
        ) : (
          <Box component="ul" sx={{ m: 0, p: 0, pb: 1 }}>
            {items.map((item) => (
              <Box component="li" key={item.id} sx={{ listStyle: 'none', px: 2, py: 0.75, display: 'flex', gap: 1.5, alignItems: 'flex-start' }}>
                <Typography component="code" variant="caption" color="textSecondary" sx={{ minWidth: 28, pt: 0.25 }}>
                  {item.id}
                </Typography>
                <Box sx={{ flex: 1, minWidth: 0 }}>
                  <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
                    <CodeText text={item.text} />
                  </Typography>
                  {item.milestone ? (
                    <Typography variant="caption" color="textSecondary">
                      {item.milestone}
                      {item.task_id ? ` · task ${item.task_id}` : ''}
                      {item.pull_request ? ` · pull request #${item.pull_request}` : ''}
                    </Typography>
                  ) : null}
                </Box>
                <StatusChip status={item.status} />
              </Box>
            ))}
          </Box>
        )
      }
    </Loaded>
  );
}
