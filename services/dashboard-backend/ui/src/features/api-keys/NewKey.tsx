import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';

import type { Schemas } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';

interface NewKeyProps {
  created: Schemas['CreatedApiKey'];
  onClose: () => void;
}

/** The only time that a key is shown. It closes by its button alone: a stray click must not lose it. */
export function NewKey({ created, onClose }: NewKeyProps) {
  return (
    <Dialog open aria-labelledby="new-key-title" maxWidth="sm" fullWidth>
      <DialogTitle id="new-key-title">Copy “{created.api_key.name}” now</DialogTitle>
      <DialogContent>
        <Stack spacing={2}>
          <Alert severity="warning" variant="outlined">
            This is the only time that the key is shown. QuantaPilot keeps no copy of it.
          </Alert>
          <Stack direction="row" spacing={1} sx={{ alignItems: 'center', border: 1, borderColor: 'divider', borderRadius: 1, px: 1.5, py: 1 }}>
            <Box component="code" aria-label="The new key" sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere', fontSize: '0.875rem' }}>
              {created.key}
            </Box>
            <CopyButton value={created.key} name="key" />
          </Stack>
          <Typography variant="body2" color="textSecondary">
            A program sends it in the header <code>Authorization: Bearer …</code>. Whoever has it may do what it may: keep it like a password.
          </Typography>
        </Stack>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button variant="contained" onClick={onClose} autoFocus>
          I have copied it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
