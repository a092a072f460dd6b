import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useState } from 'react';

import type { ChangedFile } from '../../lib/evidence';
import { formatNumber } from '../../lib/format';

const FIRST = 15;

/** Largest changes first; a long list is folded. */
export function ChangedFiles({ files }: { files: readonly ChangedFile[] }) {
  const [all, setAll] = useState(false);
  const sorted = files.toSorted((a, b) => b.additions + b.deletions - (a.additions + a.deletions));
  const shown = all ? sorted : sorted.slice(0, FIRST);
  return (
    <>
      <Box component="ul" sx={{ m: 0, p: 0, pb: 1 }}>
        {shown.map((file) => (
          <Box component="li" key={file.filename} sx={{ listStyle: 'none', px: 2, py: 0.5, display: 'flex', gap: 2, justifyContent: 'space-between', alignItems: 'baseline' }}>
            <Typography component="code" variant="body2" sx={{ overflowWrap: 'anywhere' }}>
              {file.filename}
            </Typography>
            <Typography variant="caption" color="textSecondary" sx={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}>
              {file.status}{' '}
              <Box component="span" sx={{ color: 'success.main' }}>
                +{formatNumber(file.additions)}
              </Box>{' '}
              <Box component="span" sx={{ color: 'error.main' }}>
                −{formatNumber(file.deletions)}
              </Box>
            </Typography>
          </Box>
        ))}
      </Box>
      {files.length > FIRST ? (
        <Box sx={{ px: 2, pb: 1 }}>
          <Button size="small" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Show fewer' : `Show all ${files.length}`}
          </Button>
        </Box>
      ) : null}
    </>
  );
}
