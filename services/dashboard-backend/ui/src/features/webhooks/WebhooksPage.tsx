import ReplayOutlined from '@mui/icons-material/ReplayOutlined';
import WebhookOutlined from '@mui/icons-material/WebhookOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { type Column, DataTable } from '../../components/DataTable';
import { FilterChips } from '../../components/FilterChips';
import { Loaded } from '../../components/Loaded';
import { LoadMore } from '../../components/LoadMore';
import { useNotices } from '../../components/Notices';
import { Page } from '../../components/Page';
import { EmptyState } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { humanise } from '../../lib/format';
import { deliveriesQuery, replay } from './queries';

type Delivery = Schemas['Delivery'];

const STATES = [
  { value: '', label: 'All' },
  { value: 'received', label: 'Received' },
  { value: 'processed', label: 'Processed' },
  { value: 'failed', label: 'Failed' },
  { value: 'invalid', label: 'Unreadable' },
] as const;

/** What GitHub sent, and what it led to. */
export function WebhooksPage() {
  const [parameters, setParameters] = useSearchParams();
  const state = STATES.find(({ value }) => value === parameters.get('state'))?.value ?? '';
  const deliveries = useInfiniteQuery(deliveriesQuery(state));
  const operator = useCan('operator');
  const columns: readonly Column<Delivery>[] = [
    {
      header: 'Event',
      cell: (delivery) => (
        <>
          <strong>{[delivery.event, delivery.action].filter(Boolean).join(' · ')}</strong>
          <Typography variant="caption" component="div" color="textSecondary">
            {delivery.repository_name ?? 'no repository'}
            {delivery.sender_login ? ` · by ${delivery.sender_login}` : ''}
          </Typography>
        </>
      ),
    },
    { header: 'State', cell: (delivery) => <StatusChip status={delivery.state} /> },
    {
      header: 'Led to',
      cell: (delivery) => (
        <>
          {delivery.error ?? (delivery.outcome ? humanise(delivery.outcome) : 'not worked on yet')}
          {delivery.times_received > 1 ? (
            <Typography variant="caption" component="div" color="textSecondary">
              received {delivery.times_received} times, worked on once
            </Typography>
          ) : null}
        </>
      ),
    },
    { header: 'Received', cell: (delivery) => <Time value={delivery.received_at} /> },
    ...(operator ? [{ header: 'Again', cell: (delivery: Delivery) => <Replay delivery={delivery} /> }] : []),
  ];

  return (
    <Page title="Webhooks" subtitle="Deliveries from GitHub. Each is stored first and worked on after, once.">
      <Box sx={{ mb: 2 }}>
        <FilterChips label="State" options={STATES} value={state} onChange={(value) => setParameters(value ? { state: value } : {}, { replace: true })} />
      </Box>
      <Card>
        <Loaded query={deliveries}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            return rows.length === 0 ? (
              <EmptyState icon={<WebhookOutlined />} title={state ? 'No delivery in this state' : 'No delivery yet'}>
                GitHub sends one for each push, pull request and check. What it sent while we were away is fetched later.
              </EmptyState>
            ) : (
              <>
                <DataTable caption="Webhook deliveries" columns={columns} rows={rows} rowKey={(delivery) => delivery.id} />
                <LoadMore query={deliveries} />
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

function Replay({ delivery }: { delivery: Delivery }) {
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const again = useMutation({
    mutationFn: () => replay(delivery.id),
    onSuccess: async () => {
      say('It is being worked on again. What it led to before is found, not repeated.');
      await queries.invalidateQueries({ queryKey: ['webhook-deliveries'] });
    },
    onError: fail,
  });
  if (delivery.state === 'invalid') return null;
  return (
    <Button size="small" startIcon={<ReplayOutlined />} onClick={() => again.mutate()} loading={again.isPending} aria-label={`Replay delivery ${delivery.delivery_id}`}>
      Replay
    </Button>
  );
}
