import Box from '@mui/material/Box';

import { CopyButton } from './CopyButton';

interface JsonDetailsProps {
  label: string;
  value: unknown;
  open?: boolean;
}

/** Raw data, folded: everything can be seen, nothing is in the way. */
export function JsonDetails({ label, value, open = false }: JsonDetailsProps) {
  const text = JSON.stringify(value, null, 2);
  return (
    <Box component="details" open={open} sx={{ '& summary': { cursor: 'pointer', color: 'text.secondary', fontSize: '0.8125rem', py: 0.5 } }}>
      <summary>{label}</summary>
      <Box sx={{ position: 'relative' }}>
        <Box sx={{ position: 'absolute', top: 4, right: 4, color: 'text.secondary' }}>
          <CopyButton value={text} name="JSON" />
        </Box>
        <Box
          component="pre"
          tabIndex={0}
          sx={{ m: 0, mt: 0.5, p: 1.5, pr: 5, borderRadius: 1, bgcolor: 'action.hover', fontSize: '0.8125rem', overflow: 'auto', maxHeight: 420, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {text}
        </Box>
      </Box>
    </Box>
  );
}
