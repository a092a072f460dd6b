import type { QueryClient } from '@tanstack/react-query';

import type { StreamEvent } from '../lib/sse';

/** Query keys begin with a noun; an event makes these nouns stale. Order: most specific kind first. */
const STALE: ReadonlyArray<readonly [prefix: string, nouns: readonly string[]]> = [
  ['decision', ['decisions', 'projects', 'home', 'budgets']],
  ['agent_run', ['agent-runs', 'usage', 'projects', 'home', 'budgets']],
  ['budget', ['budgets', 'projects', 'decisions', 'home']],
  ['pull_request', ['pull-requests', 'projects']],
  ['checks', ['pull-requests', 'projects']],
  ['commit', ['pull-requests', 'projects']],
  ['notification', ['notifications']],
  ['user', ['users', 'session']],
];
const EVERYTHING_ELSE = ['projects', 'decisions', 'agent-runs', 'pull-requests', 'usage', 'home', 'budgets'];

/** Gathers what a burst of events touches, so that a hundred a second cost two fetches a second. */
const GATHER_MILLISECONDS = 400;

export function nounsFor(kind: string): readonly string[] {
  const found = STALE.find(([prefix]) => kind === prefix || kind.startsWith(`${prefix}.`));
  return found ? found[1] : EVERYTHING_ELSE;
}

/** Returns a listener for the live feed that refetches what each event made stale. */
export function invalidator(queries: QueryClient): (event: StreamEvent) => void {
  const stale = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = () => {
    timer = null;
    const nouns = new Set(stale);
    stale.clear();
    void queries.invalidateQueries({
      predicate: ({ queryKey: [noun] }) => typeof noun === 'string' && nouns.has(noun),
    });
  };
  return (event) => {
    for (const noun of nounsFor(eventKind(event))) stale.add(noun);
    stale.add('events');
    timer ??= setTimeout(flush, GATHER_MILLISECONDS);
  };
}

function eventKind(event: StreamEvent): string {
  try {
    const data: unknown = JSON.parse(event.data);
    if (typeof data === 'object' && data !== null && 'kind' in data && typeof data.kind === 'string') {
      return data.kind;
    }
  } catch {
    // An event we cannot read still says that something changed.
  }
  return event.event;
}
