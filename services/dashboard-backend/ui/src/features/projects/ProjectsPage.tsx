import SearchOutlined from '@mui/icons-material/SearchOutlined';
import Button from '@mui/material/Button';
import InputAdornment from '@mui/material/InputAdornment';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { useSearchParams } from 'react-router';

import { FilterChips } from '../../components/FilterChips';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { Page } from '../../components/Page';
import { ProjectCard, ProjectGrid } from '../../components/ProjectCard';
import { EmptyState, ListSkeleton } from '../../components/states';
import { PROJECT_FILTERS, type ProjectFilter, projectsQuery } from './queries';

const LABELS: Readonly<Record<ProjectFilter, string>> = {
  all: 'All',
  waiting: 'Waiting for you',
  running: 'At work',
  held: 'Held',
  failed: 'Failed',
  completed: 'Ended',
};

export function ProjectsPage() {
  const [parameters, setParameters] = useSearchParams();
  const filter = PROJECT_FILTERS.find((name) => name === parameters.get('status')) ?? 'all';
  const search = parameters.get('q') ?? '';
  const deferred = useDeferredValue(search.trim());
  const projects = useInfiniteQuery(projectsQuery(filter, deferred));

  const set = (name: string, value: string) =>
    setParameters(
      (old) => {
        const next = new URLSearchParams(old);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );

  return (
    <Page title="Projects" subtitle="One for each repository that began as a README.">
      <Stack direction={{ xs: 'column', md: 'row' }} spacing={1.5} sx={{ mb: 2, alignItems: { md: 'center' } }}>
        <TextField
          type="search"
          label="Search projects"
          placeholder="Name, repository or P-12"
          value={search}
          onChange={(event) => set('q', event.target.value)}
          sx={{ maxWidth: { md: 320 } }}
          slotProps={{
            input: {
              startAdornment: (
                <InputAdornment position="start">
                  <SearchOutlined fontSize="small" />
                </InputAdornment>
              ),
            },
          }}
        />
        <FilterChips
          label="State"
          options={PROJECT_FILTERS.map((value) => ({ value, label: LABELS[value] }))}
          value={filter}
          onChange={(value) => set('status', value === 'all' ? '' : value)}
        />
      </Stack>
      <Loaded query={projects} skeleton={<ListSkeleton rows={4} height={150} />}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) {
            return filter === 'all' && !deferred ? (
              <EmptyState title="No project yet">
                Create a repository that holds a README saying what you want. It appears here within a minute.
              </EmptyState>
            ) : (
              <EmptyState title="No project matches" action={<Button onClick={() => setParameters({})}>Show all</Button>} />
            );
          }
          return (
            <>
              <ProjectGrid>
                {items.map((project) => (
                  <ProjectCard key={project.id} project={project} />
                ))}
              </ProjectGrid>
              <LoadMore query={projects} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
