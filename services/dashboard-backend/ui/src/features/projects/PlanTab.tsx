import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { JsonDetails } from '../../components/JsonDetails';
import { Loaded } from '../../components/Loaded';
import { PlanView } from '../../components/PlanView';
import { EmptyState } from '../../components/states';
import { Time } from '../../components/Time';
import { humanise, shortSha } from '../../lib/format';
import { readPlan } from '../../lib/plan';
import { artifactQuery, artifactsQuery } from './queries';
import { useProject } from './useProject';

/** The plan and every other artifact, in all versions. Which one is shown stands in the address. */
export function PlanTab() {
  const project = useProject();
  const artifacts = useQuery(artifactsQuery(project.id));
  const [parameters, setParameters] = useSearchParams();
  return (
    <Loaded query={artifacts}>
      {(items) => {
        const chosen = items.find((item) => item.id === parameters.get('artifact')) ?? newestPlan(items);
        if (!chosen) {
          return (
            <EmptyState title="No plan yet">The architect writes one when the README has been analysed. You will be asked before anything is built.</EmptyState>
          );
        }
        return (
          <Stack spacing={2}>
            <TextField
              select
              label="Version"
              value={chosen.id}
              onChange={(event) => setParameters({ artifact: event.target.value }, { replace: true, preventScrollReset: true })}
              sx={{ maxWidth: 420 }}
            >
              {items.map((item) => (
                <MenuItem key={item.id} value={item.id}>
                  {humanise(item.kind)} version {item.version}
                </MenuItem>
              ))}
            </TextField>
            <ArtifactView projectId={project.id} artifact={chosen} />
          </Stack>
        );
      }}
    </Loaded>
  );
}

function newestPlan(items: readonly Schemas['ArtifactSummary'][]): Schemas['ArtifactSummary'] | undefined {
  return items.filter((item) => item.kind === 'plan').toSorted((a, b) => b.version - a.version)[0] ?? items[0];
}

function ArtifactView({ projectId, artifact }: { projectId: string; artifact: Schemas['ArtifactSummary'] }) {
  const content = useQuery(artifactQuery(projectId, artifact.id));
  return (
    <Box>
      <Typography variant="caption" component="div" color="textSecondary" sx={{ mb: 1.5 }}>
        {artifact.title} · <Time value={artifact.created_at} /> · sha256 <code>{shortSha(artifact.sha256)}</code>
        <CopyButton value={artifact.sha256} name="sha256" />
      </Typography>
      <Loaded query={content}>
        {(data) => {
          const plan = readPlan(data.content);
          return plan ? <PlanView plan={plan} /> : <JsonDetails label={humanise(artifact.kind)} value={data.content} open />;
        }}
      </Loaded>
    </Box>
  );
}
