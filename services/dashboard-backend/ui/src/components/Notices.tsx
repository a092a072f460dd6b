import Alert from '@mui/material/Alert';
import Snackbar from '@mui/material/Snackbar';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';

import { ApiError } from '../api/client';

interface Notice {
  key: number;
  severity: 'success' | 'info' | 'error';
  message: string;
}

interface Notices {
  say: (message: string, severity?: Notice['severity']) => void;
  /** An error that no form shows. It stays until dismissed. */
  fail: (error: unknown) => void;
}

const NoticesContext = createContext<Notices | null>(null);

export function NoticesProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<Notice | null>(null);
  const [open, setOpen] = useState(false);

  const say = useCallback<Notices['say']>((message, severity = 'success') => {
    setNotice((last) => ({ key: (last?.key ?? 0) + 1, message, severity }));
    setOpen(true);
  }, []);
  const fail = useCallback<Notices['fail']>(
    (error) => {
      const message = error instanceof Error ? error.message : 'Something did not work. Try again.';
      const id = error instanceof ApiError ? error.correlationId : null;
      say(id ? `${message} (correlation id ${id})` : message, 'error');
    },
    [say],
  );
  const value = useMemo(() => ({ say, fail }), [say, fail]);

  return (
    <NoticesContext value={value}>
      {children}
      <Snackbar
        key={notice?.key}
        open={open}
        autoHideDuration={notice?.severity === 'error' ? null : 6000}
        onClose={(_, reason) => {
          if (reason !== 'clickaway') setOpen(false);
        }}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'center' }}
        sx={{ bottom: { xs: 76, sm: 24 } }}
      >
        <Alert
          severity={notice?.severity ?? 'info'}
          onClose={() => setOpen(false)}
          role={notice?.severity === 'error' ? 'alert' : 'status'}
          sx={{ boxShadow: 6, overflowWrap: 'anywhere' }}
        >
          {notice?.message}
        </Alert>
      </Snackbar>
    </NoticesContext>
  );
}

export function useNotices(): Notices {
  const notices = useContext(NoticesContext);
  if (!notices) throw new Error('useNotices needs a NoticesProvider above it');
  return notices;
}
