import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { FilterChips } from '../../components/FilterChips';
import { JsonDetails } from '../../components/JsonDetails';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { Time } from '../../components/Time';
import { formatDay, humanise } from '../../lib/format';
import { eventsQuery } from './queries';

type Event = Schemas['Event'];

const KINDS = [
  { value: '', label: 'Everything' },
  { value: 'stage', label: 'Stages' },
  { value: 'decision', label: 'Decisions' },
  { value: 'agent_run', label: 'Agents' },
  { value: 'pull_request', label: 'Pull requests' },
  { value: 'execution', label: 'Workflow' },
] as const;

/** Everything that happened, newest first, each with its raw data. The filter stands in the address. */
export function TimelineTab() {
  const { projectId = '' } = useParams();
  const [parameters, setParameters] = useSearchParams();
  const kind = KINDS.find(({ value }) => value === parameters.get('kind'))?.value ?? '';
  const events = useInfiniteQuery(eventsQuery(projectId, kind));
  return (
    <Section title="Timeline" hint="Append-only: nothing here is ever changed or removed" flush>
      <Box sx={{ px: 2, pb: 1 }}>
        <FilterChips
          label="Kind of event"
          options={KINDS}
          value={kind}
          onChange={(value) => setParameters(value ? { kind: value } : {}, { replace: true, preventScrollReset: true })}
        />
      </Box>
      <Loaded query={events}>
        {({ pages }) => {
          const days = byDay(pages.flatMap((page) => page.items));
          return days.length === 0 ? (
            <EmptyState title="Nothing of this kind has happened yet" />
          ) : (
            <>
              {days.map(([day, items]) => (
                <Box key={day} component="section" aria-label={day}>
                  <Typography variant="overline" component="h3" color="textSecondary" sx={{ px: 2, pt: 1.5, display: 'block' }}>
                    {day}
                  </Typography>
                  <Box component="ol" sx={{ m: 0, p: 0 }}>
                    {items.map((event) => (
                      <EventRow key={event.sequence} event={event} />
                    ))}
                  </Box>
                </Box>
              ))}
              <LoadMore query={events} />
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}

function EventRow({ event }: { event: Event }) {
  return (
    <Box component="li" sx={{ listStyle: 'none', px: 2, py: 0.875, borderTop: 1, borderColor: 'divider', '&:first-of-type': { borderTop: 0 } }}>
      <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
        {event.summary}
      </Typography>
      <Box sx={{ display: 'flex', gap: 1.5, alignItems: 'baseline', flexWrap: 'wrap' }}>
        <Typography variant="caption" color="textSecondary" component="div">
          <Time value={event.occurred_at} /> · {event.actor} · {humanise(event.kind)}
        </Typography>
        <Box sx={{ flexBasis: { xs: '100%', sm: 'auto' }, minWidth: 0, '& details[open]': { width: '100%' } }}>
          <JsonDetails label={`Details of event ${event.sequence}`} value={event.data} />
        </Box>
      </Box>
    </Box>
  );
}

function byDay(events: readonly Event[]): [string, Event[]][] {
  const days = new Map<string, Event[]>();
  for (const event of events) {
    const day = formatDay(event.occurred_at);
    const items = days.get(day);
    if (items) items.push(event);
    else days.set(day, [event]);
  }
  return [...days];
}
