import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import { Link } from 'react-router';

import { useCan } from '../../api/session';
import { paths } from '../../lib/paths';

export function WaitingBar({ decisionId }: { decisionId: string }) {
  const mayAnswer = useCan('approver');
  return (
    <Alert
      severity="warning"
      variant="outlined"
      sx={{ mb: 2, alignItems: 'center', flexWrap: 'wrap' }}
      action={
        <Button component={Link} to={paths.decision(decisionId)} variant="contained" color="warning">
          {mayAnswer ? 'Look and answer' : 'Look at it'}
        </Button>
      }
    >
      {mayAnswer ? 'This project waits for a decision. You may answer it.' : 'This project waits for a decision by an approver.'}
    </Alert>
  );
}
