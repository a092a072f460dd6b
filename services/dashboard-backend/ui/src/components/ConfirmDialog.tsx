import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogContentText from '@mui/material/DialogContentText';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { type ReactNode, type SyntheticEvent, useId, useState } from 'react';

interface ConfirmDialogProps {
  title: string;
  children: ReactNode;
  /** Carries the object's name: "Stop csv-tool". */
  action: string;
  color?: 'primary' | 'error';
  /** What has to be typed before a destructive action. */
  typed?: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, action, color = 'primary', typed, busy = false, onConfirm, onClose } = props;
  const id = useId();
  const [value, setValue] = useState('');
  const blocked = busy || (typed !== undefined && value.trim() !== typed);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!blocked) onConfirm();
  };

  return (
    <Dialog open onClose={onClose} aria-labelledby={id} maxWidth="xs" fullWidth>
      <form onSubmit={submit} noValidate>
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent>
          <DialogContentText component="div">{children}</DialogContentText>
          {typed === undefined ? null : (
            <TextField
              label={`Type ${typed} to confirm`}
              value={value}
              onChange={(event) => setValue(event.target.value)}
              autoComplete="off"
              sx={{ mt: 2 }}
            />
          )}
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button onClick={onClose}>Keep as it is</Button>
          <Button type="submit" variant="contained" color={color} disabled={blocked} loading={busy}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
