import InboxOutlined from '@mui/icons-material/InboxOutlined';
import RefreshOutlined from '@mui/icons-material/RefreshOutlined';
import Alert from '@mui/material/Alert';
import AlertTitle from '@mui/material/AlertTitle';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';

import { ApiError } from '../api/client';
import { CopyButton } from './CopyButton';

interface EmptyStateProps {
  /** What will appear here. */
  title: string;
  children?: ReactNode;
  /** The one thing to do. */
  action?: ReactNode;
  icon?: ReactNode;
}

export function EmptyState({ title, children, action, icon }: EmptyStateProps) {
  return (
    <Stack spacing={1} sx={{ alignItems: 'center', textAlign: 'center', px: 3, py: 5 }}>
      <Box aria-hidden sx={{ color: 'text.secondary', lineHeight: 0, '& svg': { fontSize: 34 } }}>
        {icon ?? <InboxOutlined />}
      </Box>
      <Typography sx={{ fontWeight: 600 }}>{title}</Typography>
      {children ? (
        <Typography variant="body2" color="textSecondary" sx={{ maxWidth: 460 }}>
          {children}
        </Typography>
      ) : null}
      {action ? <Box sx={{ pt: 1 }}>{action}</Box> : null}
    </Stack>
  );
}

function headline(error: unknown): string {
  if (!(error instanceof ApiError)) return 'This page ran into a problem';
  if (error.status === 0) return 'No connection';
  if (error.status === 403) return 'Your role does not allow this';
  if (error.status === 404) return 'Not found';
  if (error.status === 429) return 'Too many requests';
  return error.status >= 500 ? 'QuantaPilot has a problem' : 'This did not work';
}

interface ErrorStateProps {
  error: unknown;
  onRetry?: () => void;
}

/** An error stays until it is dealt with: what happened, the id to hand to an operator, and Retry. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const id = error instanceof ApiError ? error.correlationId : null;
  return (
    <Alert
      severity="error"
      variant="outlined"
      action={
        onRetry ? (
          <Button color="inherit" size="small" startIcon={<RefreshOutlined />} onClick={onRetry}>
            Retry
          </Button>
        ) : null
      }
    >
      <AlertTitle>{headline(error)}</AlertTitle>
      {error instanceof Error ? error.message : 'Reload the page; if it stays, tell the operator.'}
      {id ? (
        <Stack direction="row" spacing={0.5} sx={{ alignItems: 'center', mt: 0.5, flexWrap: 'wrap' }}>
          <Typography variant="caption">Correlation id</Typography>
          <Typography variant="caption" component="code" sx={{ overflowWrap: 'anywhere' }}>
            {id}
          </Typography>
          <CopyButton value={id} name="correlation id" />
        </Stack>
      ) : null}
    </Alert>
  );
}

interface ListSkeletonProps {
  rows?: number;
  height?: number;
}

export function ListSkeleton({ rows = 3, height = 56 }: ListSkeletonProps) {
  return (
    <Stack spacing={1} role="status" aria-label="Loading" sx={{ p: 2 }}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} variant="rounded" height={height} />
      ))}
    </Stack>
  );
}
