import FactCheckOutlined from '@mui/icons-material/FactCheckOutlined';
import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import { DecisionList } from '../../components/DecisionRow';
import { FilterChips } from '../../components/FilterChips';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { Page } from '../../components/Page';
import { EmptyState } from '../../components/states';
import { type DecisionView, decisionsQuery } from './queries';

const VIEWS = [
  { value: 'pending', label: 'Waiting' },
  { value: 'done', label: 'Answered' },
  { value: 'expired', label: 'Expired' },
] as const;

const EMPTY: Readonly<Record<DecisionView, string>> = {
  pending: 'Nothing waits for an answer',
  done: 'No decision has been answered yet',
  expired: 'No decision has expired',
};

/** The inbox: the oldest question first, since it holds up a project the longest. */
export function DecisionsPage() {
  const [parameters, setParameters] = useSearchParams();
  const view = VIEWS.find(({ value }) => value === parameters.get('view'))?.value ?? 'pending';
  const decisions = useInfiniteQuery(decisionsQuery(view));
  return (
    <Page title="Decisions" subtitle="What projects may not do without a person.">
      <Box sx={{ mb: 2 }}>
        <FilterChips
          label="Which decisions"
          options={VIEWS}
          value={view}
          onChange={(value) => setParameters(value === 'pending' ? {} : { view: value }, { replace: true })}
        />
      </Box>
      <Card>
        <Loaded query={decisions}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <EmptyState icon={<FactCheckOutlined />} title={EMPTY[view]}>
                {view === 'pending'
                  ? 'When a plan, a merge or a problem needs a person, it appears here, in Telegram and in your mail at the same time.'
                  : null}
              </EmptyState>
            ) : (
              <>
                <DecisionList decisions={items} />
                <LoadMore query={decisions} />
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}
