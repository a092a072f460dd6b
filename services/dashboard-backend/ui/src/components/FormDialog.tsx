import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Stack from '@mui/material/Stack';
import { type ReactNode, type SyntheticEvent, useId } from 'react';

import { FormError } from './FormError';

interface FormDialogProps {
  title: ReactNode;
  /** What the button that sends it says. */
  action: string;
  pending: boolean;
  /** Why it was refused; what belongs to one of `fields` is shown there. */
  error: unknown;
  fields: string[];
  /** The fields say themselves what is wrong with them, instead of the browser. */
  noValidate?: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form that opens above a page: fields, what was refused, Cancel and the one button that sends it. */
export function FormDialog({ title, action, pending, error, fields, noValidate = false, onSubmit, onClose, children }: FormDialogProps) {
  const id = useId();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit();
  };

  return (
    <Dialog open onClose={onClose} aria-labelledby={id} maxWidth="xs" fullWidth>
      <form onSubmit={submit} noValidate={noValidate}>
        <DialogTitle id={id}>{title}</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            {children}
            <FormError error={error} shownFields={fields} />
          </Stack>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button onClick={onClose} color="inherit">
            Cancel
          </Button>
          <Button type="submit" variant="contained" loading={pending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
