import RefreshOutlined from '@mui/icons-material/RefreshOutlined';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { queryOptions, useQuery } from '@tanstack/react-query';

import { client, type Schemas, unwrap } from '../../api/client';
import { Loaded } from '../../components/Loaded';
import { ToneChip } from '../../components/StatusChip';
import { plural } from '../../lib/format';
import type { Tone } from '../../lib/status';

type Finding = Schemas['HealthFinding'];
type Severity = Schemas['HealthSeverity'];

const doctorQuery = queryOptions({
  queryKey: ['system', 'doctor'],
  queryFn: () => unwrap(client.GET('/api/v1/system/doctor')),
  staleTime: 60_000,
});

const WORDS: Readonly<Record<Severity, { label: string; tone: Tone }>> = {
  critical: { label: 'Critical', tone: 'danger' },
  warning: { label: 'Warning', tone: 'waiting' },
  info: { label: 'Note', tone: 'running' },
  skipped: { label: 'Not checked', tone: 'neutral' },
  ok: { label: 'OK', tone: 'success' },
};

/** What `quantapilot doctor` asks, as far as it can be asked from here: how bad each thing is, and what to do. */
export function Examination() {
  const doctor = useQuery(doctorQuery);
  return (
    <Card component="section" aria-labelledby="examination" sx={{ mt: 3 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center', p: 2, pb: 0 }}>
        <Box sx={{ flex: '1 1 220px' }}>
          <Typography id="examination" component="h2" variant="h6">
            Checks
          </Typography>
          <Typography variant="body2" color="textSecondary">
            {doctor.data ? verdict(doctor.data) : 'Settings, versions, rights, clocks and backups'}
          </Typography>
        </Box>
        <Button size="small" startIcon={<RefreshOutlined />} onClick={() => void doctor.refetch()} loading={doctor.isFetching}>
          Check again
        </Button>
      </Box>
      <Loaded query={doctor}>
        {({ findings }) => (
          <Box component="ul" aria-label="Findings, the worst first" sx={{ m: 0, p: 0 }}>
            {findings.map((finding) => (
              <Row key={finding.id} finding={finding} />
            ))}
          </Box>
        )}
      </Loaded>
    </Card>
  );
}

function Row({ finding }: { finding: Finding }) {
  const { label, tone } = WORDS[finding.severity];
  return (
    <Box
      component="li"
      sx={{
        listStyle: 'none',
        display: 'grid',
        gridTemplateColumns: { xs: '1fr', sm: '120px minmax(0, 1fr)' },
        gap: { xs: 0.75, sm: 2 },
        px: 2,
        py: 1.5,
        borderTop: 1,
        borderColor: 'divider',
        '&:first-of-type': { borderTop: 0 },
      }}
    >
      <Box>
        <ToneChip tone={tone} label={label} />
      </Box>
      <Box sx={{ overflowWrap: 'anywhere' }}>
        <Typography component="code" variant="body2" sx={{ fontWeight: 600 }}>
          {finding.id}
        </Typography>
        <Typography variant="body2" sx={{ whiteSpace: 'pre-line' }}>
          {finding.detail}
        </Typography>
        {finding.fix ? (
          <Typography variant="body2" color="textSecondary">
            <strong>What to do:</strong> {finding.fix}
          </Typography>
        ) : null}
      </Box>
    </Box>
  );
}

function verdict({ critical, warnings }: Schemas['HealthReport']): string {
  if (critical + warnings === 0) return 'Nothing is wrong.';
  const parts = [
    critical > 0 ? plural(critical, 'thing is critical', 'things are critical') : null,
    warnings > 0 ? plural(warnings, 'warning', 'warnings') : null,
  ];
  return `${parts.filter(Boolean).join(', ')}.`;
}
