import ArrowBackOutlined from '@mui/icons-material/ArrowBackOutlined';
import StopCircleOutlined from '@mui/icons-material/StopCircleOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { CopyButton } from '../../components/CopyButton';
import { Facts } from '../../components/Facts';
import { JsonDetails } from '../../components/JsonDetails';
import { Loaded } from '../../components/Loaded';
import { useNotices } from '../../components/Notices';
import { Section } from '../../components/Section';
import { StatusChip } from '../../components/StatusChip';
import { Elapsed, Time } from '../../components/Time';
import { formatCost, formatTokens, humanise, plural } from '../../lib/format';
import { paths } from '../../lib/paths';
import { cancelRun, hasEnded, runQuery } from './queries';
import { Transcript } from './Transcript';

export function RunView() {
  const { projectId = '', runId = '' } = useParams();
  const run = useQuery(runQuery(runId));
  return (
    <Stack spacing={2}>
      <Box>
        <Button component={Link} to={paths.projectTab(projectId, 'runs')} startIcon={<ArrowBackOutlined />} size="small">
          All runs
        </Button>
      </Box>
      <Loaded query={run}>{(data) => <RunContent run={data} />}</Loaded>
    </Stack>
  );
}

function RunContent({ run }: { run: Schemas['AgentRunView'] }) {
  return (
    <>
      <Section title={`${humanise(run.role)}: ${run.task}`} hint={run.reason ?? run.last_error} actions={<CancelRun run={run} />}>
        <Facts
          facts={[
            ['State', <StatusChip key="state" status={run.outcome ?? run.state} />],
            ['Works on', [run.milestone_key ? `milestone ${run.milestone_key}` : null, `attempt ${run.iteration}`].filter(Boolean).join(', ')],
            [
              'Branch',
              <span key="branch">
                <code>{run.branch}</code>
                <CopyButton value={run.branch} name="branch name" />
              </span>,
            ],
            ['Backend', [run.backend, run.model].filter(Boolean).join(', ')],
            ['Took', <Elapsed key="took" from={run.started_at ?? run.created_at} to={run.finished_at} />],
            ['Last sign of life', run.last_sign_at ? <Time key="life" value={run.last_sign_at} /> : 'none yet'],
            ['Tokens', formatTokens(run.total_tokens)],
            ['Cost', formatCost(run.cost_cents)],
            ...(run.repairs > 0 ? [['Repairs', `${plural(run.repairs, 'answer')} sent back as invalid`] as const] : []),
            ...(run.generation > 1 ? [['Agent', `number ${run.generation}: the backend lost the one before`] as const] : []),
            [
              'Run id',
              <span key="id">
                <code>{run.id}</code>
                <CopyButton value={run.id} name="run id" />
              </span>,
            ],
          ]}
        />
      </Section>
      {run.answer ? (
        <Section title="Answer" hint="What the run handed over, as validated">
          <JsonDetails label="The answer as JSON" value={run.answer} />
        </Section>
      ) : null}
      <Section title="Transcript" hint="What was said, in order. Text of agents is shown, never obeyed." flush>
        <Transcript run={run} />
      </Section>
    </>
  );
}

function CancelRun({ run }: { run: Schemas['AgentRunView'] }) {
  const allowed = useCan('operator');
  const queries = useQueryClient();
  const { say, fail } = useNotices();
  const cancel = useMutation({
    mutationFn: () => cancelRun(run.id),
    onSuccess: async () => {
      say('The run is being stopped.');
      await queries.invalidateQueries({ queryKey: ['agent-runs'] });
    },
    onError: fail,
  });
  if (!allowed || hasEnded(run)) return null;
  return (
    <Button color="error" variant="outlined" startIcon={<StopCircleOutlined />} loading={cancel.isPending} onClick={() => cancel.mutate()}>
      Stop this run
    </Button>
  );
}
