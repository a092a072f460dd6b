import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';

import { ApiError } from '../api/client';

/** What a form could not do, in the form. Field errors stand at their fields instead. */
export function FormError({ error, shownFields = [] }: { error: unknown; shownFields?: readonly string[] }) {
  if (!error) return null;
  if (error instanceof ApiError) {
    const fields = Object.keys(error.fields);
    if (fields.length > 0 && fields.every((field) => shownFields.includes(field))) return null;
  }
  return (
    <Alert severity="error" role="alert">
      {error instanceof Error ? error.message : 'This did not work. Try again.'}
      {error instanceof ApiError && error.status >= 500 && error.correlationId ? (
        <Typography variant="caption" component="div" sx={{ overflowWrap: 'anywhere' }}>
          Correlation id {error.correlationId}
        </Typography>
      ) : null}
    </Alert>
  );
}

/** The message for one field. */
export function fieldError(error: unknown, field: string): string | undefined {
  return error instanceof ApiError ? error.fields[field] : undefined;
}
