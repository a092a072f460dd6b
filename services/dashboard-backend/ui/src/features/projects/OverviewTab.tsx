import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import { useQuery } from '@tanstack/react-query';

import { FindingList } from '../../components/FindingList';
import { Loaded } from '../../components/Loaded';
import { Markdown } from '../../components/Markdown';
import { Section } from '../../components/Section';
import { plural } from '../../lib/format';
import { MilestoneList } from './MilestoneList';
import { ProjectFacts } from './ProjectFacts';
import { stagesQuery } from './queries';
import { RequirementList } from './RequirementList';
import { StageTimeline } from './StageTimeline';
import { useProject } from './useProject';

export function OverviewTab() {
  const project = useProject();
  const stages = useQuery(stagesQuery(project.id));
  return (
    <Box sx={{ display: 'grid', gap: 2, alignItems: 'start', gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 3fr) minmax(0, 2fr)' } }}>
      <Stack spacing={2}>
        {project.open_findings.length > 0 ? (
          <Section title="Problems to fix" hint={`${plural(project.open_findings.length, 'finding')} of the last gate, not yet fixed`}>
            <FindingList findings={project.open_findings} />
          </Section>
        ) : null}
        <Section title="Stages" hint="Every attempt, in order" flush>
          <Loaded query={stages}>{(attempts) => <StageTimeline attempts={attempts} bar={project.stages} />}</Loaded>
        </Section>
        {project.milestones.length > 0 ? (
          <Section title="Milestones" flush>
            <MilestoneList project={project} />
          </Section>
        ) : null}
      </Stack>
      <Stack spacing={2}>
        {project.plan_summary ? (
          <Section title="What it is building">
            <Markdown text={project.plan_summary} />
          </Section>
        ) : null}
        <Section title="Requirements" hint="What the README asks for, as understood" flush>
          <RequirementList projectId={project.id} />
        </Section>
        <Section title="Facts">
          <ProjectFacts project={project} />
        </Section>
      </Stack>
    </Box>
  );
}
