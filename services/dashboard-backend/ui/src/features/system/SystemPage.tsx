import RefreshOutlined from '@mui/icons-material/RefreshOutlined';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import { queryOptions, useQuery } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';
import { type Column, DataTable } from '../../components/DataTable';
import { Loaded } from '../../components/Loaded';
import { Page } from '../../components/Page';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import { useCan } from '../../api/session';
import { plural } from '../../lib/format';
import { Examination } from './Examination';

type Part = Schemas['SystemPart'];

const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: () => unwrap(client.GET('/api/v1/system')),
  refetchInterval: 15_000,
});

const COLUMNS: readonly Column<Part>[] = [
  { header: 'Part', cell: (part) => <strong>{part.name}</strong> },
  { header: 'State', cell: (part) => <StatusChip status={part.status} /> },
  { header: 'Detail', cell: (part) => part.detail ?? 'All well' },
  { header: 'Version', cell: (part) => part.version ?? 'not said' },
  { header: 'Answered in', numeric: true, cell: (part) => `${part.latency_ms} ms` },
];

/** Everything QuantaPilot consists of, and how it is; what is wrong stands first. */
export function SystemPage() {
  const system = useQuery(systemQuery);
  const admin = useCan('admin');
  return (
    <Page
      title="Health"
      subtitle={
        system.data ? (
          <>
            {verdict(system.data.parts)} Version {system.data.version}, looked <Time value={new Date(system.dataUpdatedAt).toISOString()} />.
          </>
        ) : (
          'Looking…'
        )
      }
      actions={
        <Button variant="outlined" startIcon={<RefreshOutlined />} onClick={() => void system.refetch()} loading={system.isFetching}>
          Look again
        </Button>
      }
    >
      <Card>
        <Loaded query={system}>
          {({ parts }) => (
            <DataTable caption="Parts of the system" columns={COLUMNS} rows={parts.toSorted((a, b) => weight(a) - weight(b))} rowKey={(part) => part.name} />
          )}
        </Loaded>
      </Card>
      {admin ? <Examination /> : null}
    </Page>
  );
}

function weight(part: Part): number {
  return part.status === 'ok' ? 2 : part.status === 'degraded' ? 1 : 0;
}

function verdict(parts: readonly Part[]): string {
  const wrong = parts.filter((part) => part.status !== 'ok');
  return wrong.length === 0 ? 'Everything is well.' : `${plural(wrong.length, 'part is', 'parts are')} not well.`;
}
