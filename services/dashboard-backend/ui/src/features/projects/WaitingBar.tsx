import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import { Link } from 'react-router';

import { useCan } from '../../api/session';
import { paths } from '../../lib/paths';

export function WaitingBar({ decisionId, forMoney }: { decisionId: string; forMoney: boolean }) {
  const mayAnswer = useCan('approver');
  return (
    <Alert severity="warning" variant="outlined" sx={{ mb: 2, '& .MuiAlert-message': { flex: 1 } }}>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={1.5} sx={{ justifyContent: 'space-between', alignItems: { sm: 'center' } }}>
        <span>
          {forMoney ? 'The next run does not fit the budget: raise the limit, set another, or stop the project. ' : ''}
          {mayAnswer ? 'This project waits for a decision. You may answer it.' : 'This project waits for a decision by an approver.'}
        </span>
        <Button component={Link} to={paths.decision(decisionId)} variant="contained" color="warning">
          {mayAnswer ? 'Look and answer' : 'Look at it'}
        </Button>
      </Stack>
    </Alert>
  );
}
