import MergeTypeOutlined from '@mui/icons-material/MergeTypeOutlined';
import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';

import type { Schemas } from '../../api/client';
import { CheckList } from '../../components/CheckList';
import { CopyButton } from '../../components/CopyButton';
import { ExternalLink } from '../../components/ExternalLink';
import { Loaded } from '../../components/Loaded';
import { Section } from '../../components/Section';
import { EmptyState } from '../../components/states';
import { StatusChip } from '../../components/StatusChip';
import { Time } from '../../components/Time';
import type { CheckResult } from '../../lib/evidence';
import { shortSha } from '../../lib/format';
import { checksQuery, pullRequestsQuery } from './queries';

type PullRequest = Schemas['PullRequest'];

export function ChangesTab() {
  const { projectId = '' } = useParams();
  const pulls = useQuery(pullRequestsQuery(projectId));
  const checks = useQuery(checksQuery(projectId));
  return (
    <Loaded query={pulls}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState icon={<MergeTypeOutlined />} title="No pull request yet">
            The first one brings the documents of the approved plan; each milestone follows with one of its own.
          </EmptyState>
        ) : (
          <Stack spacing={2}>
            {items.map((pull) => (
              <PullRequestCard key={pull.id} pull={pull} checks={checks.data?.[pull.head_sha] ?? []} />
            ))}
          </Stack>
        )
      }
    </Loaded>
  );
}

function PullRequestCard({ pull, checks }: { pull: PullRequest; checks: readonly CheckResult[] }) {
  return (
    <Section
      title={`#${pull.number} ${pull.title}`}
      hint={
        <>
          <code>{pull.head}</code> into <code>{pull.base}</code> · opened <Time value={pull.opened_at} />
          {pull.closed_at ? (
            <>
              {pull.state === 'merged' ? ' · merged ' : ' · closed '}
              <Time value={pull.closed_at} />
            </>
          ) : null}
        </>
      }
      actions={<StatusChip status={pull.state} />}
    >
      {checks.length > 0 ? (
        <CheckList checks={checks} />
      ) : (
        <Typography variant="body2" color="textSecondary">
          {pull.state === 'open' ? 'No check has ended on this commit yet.' : 'No check result is recorded for this commit.'}
        </Typography>
      )}
      <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap', alignItems: 'center', mt: 1, fontSize: '0.875rem' }}>
        <ExternalLink href={pull.html_url}>Open the pull request</ExternalLink>
        <Box component="span" sx={{ color: 'text.secondary' }}>
          head <code>{shortSha(pull.head_sha)}</code>
          <CopyButton value={pull.head_sha} name="head commit" />
        </Box>
      </Box>
    </Section>
  );
}
