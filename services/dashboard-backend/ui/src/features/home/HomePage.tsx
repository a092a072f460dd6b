import Stack from '@mui/material/Stack';
import { useQuery } from '@tanstack/react-query';

import type { Schemas } from '../../api/client';
import { demoQuery } from '../../api/demo';
import { DecisionList } from '../../components/DecisionRow';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { ProjectCard, ProjectGrid } from '../../components/ProjectCard';
import { Section } from '../../components/Section';
import { EmptyState, ListSkeleton } from '../../components/states';
import { plural } from '../../lib/format';
import { DemoCard } from './DemoCard';
import { HomeStrip } from './HomeStrip';
import { AllClear, Welcome } from './HomeMessages';
import { homeQuery } from './queries';

/** Attention first: what waits for people, then what runs, what failed, what ended. */
export function HomePage() {
  const home = useQuery(homeQuery);
  return (
    <Page title="Home" subtitle={home.data ? summary(home.data.counts) : 'Loading…'}>
      <Loaded query={home} skeleton={<ListSkeleton rows={4} height={88} />}>
        {(data) => <HomeContent home={data} />}
      </Loaded>
    </Page>
  );
}

function summary(counts: Schemas['Counts']): string {
  if (counts.pending_decisions > 0) {
    return `${plural(counts.pending_decisions, 'decision waits', 'decisions wait')} for an answer.`;
  }
  if (counts.failed > 0) return `${plural(counts.failed, 'project needs', 'projects need')} a look.`;
  if (counts.running > 0) return `${plural(counts.running, 'project is', 'projects are')} at work, and nothing waits for you.`;
  return 'Nothing waits for you.';
}

function HomeContent({ home }: { home: Schemas['Home'] }) {
  const demo = useQuery(demoQuery);
  const offer = demo.data?.available && demo.data.readmes.length > 0 ? demo.data : null;
  const isNew = home.counts.total === 0;

  if (isNew) {
    return (
      <Stack spacing={2}>
        <Welcome hasDemo={offer !== null} />
        {offer ? <DemoCard demo={offer} /> : null}
      </Stack>
    );
  }
  return (
    <Stack spacing={2}>
      <HomeStrip home={home} />
      {home.needs_you.length > 0 ? (
        <Section title="Needs you" flush>
          <DecisionList decisions={home.needs_you} />
        </Section>
      ) : (
        <AllClear />
      )}
      {home.failed.length > 0 ? (
        <Section title="Went wrong" hint="These cannot go on by themselves. Open one to see why, and to retry.">
          <ProjectGrid>
            {home.failed.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ProjectGrid>
        </Section>
      ) : null}
      <Section title="Happening now">
        {home.running.length > 0 ? (
          <ProjectGrid>
            {home.running.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ProjectGrid>
        ) : (
          <EmptyState title="No project is at work">
            Create a repository that holds a README; it appears here by itself.
          </EmptyState>
        )}
      </Section>
      {home.finished.length > 0 ? (
        <Section title="Finished lately">
          <ProjectGrid>
            {home.finished.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ProjectGrid>
        </Section>
      ) : null}
      {offer ? <DemoCard demo={offer} /> : null}
    </Stack>
  );
}
