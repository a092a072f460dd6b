import CheckCircleOutlined from '@mui/icons-material/CheckCircleOutlined';
import RocketLaunchOutlined from '@mui/icons-material/RocketLaunchOutlined';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';

import { EmptyState } from '../../components/states';

export function AllClear() {
  return (
    <Card sx={{ px: 2, py: 1.5, display: 'flex', gap: 1.25, alignItems: 'center' }}>
      <CheckCircleOutlined color="success" aria-hidden />
      <Typography>Nothing waits for an answer.</Typography>
    </Card>
  );
}

export function Welcome({ hasDemo }: { hasDemo: boolean }) {
  return (
    <Card>
      <EmptyState icon={<RocketLaunchOutlined />} title="Your first project starts with a README">
        Create a GitHub repository that holds nothing but a README saying what you want. QuantaPilot notices it, plans it, asks you, builds it,
        tests it and hands it over.{hasDemo ? ' Or watch it happen below, in the sandbox.' : ''}
      </EmptyState>
    </Card>
  );
}
