import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import FormControlLabel from '@mui/material/FormControlLabel';
import Switch from '@mui/material/Switch';
import { Fragment, useState } from 'react';

import { setShortcutsEnabled, SHORTCUTS, shortcutsEnabled } from '../lib/shortcuts';

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const [enabled, setEnabled] = useState(shortcutsEnabled);
  return (
    <Dialog open onClose={onClose} aria-labelledby="shortcut-title" maxWidth="xs" fullWidth>
      <DialogTitle id="shortcut-title">Keyboard shortcuts</DialogTitle>
      <DialogContent>
        <FormControlLabel
          control={
            <Switch
              checked={enabled}
              onChange={(_, on) => {
                setEnabled(on);
                setShortcutsEnabled(on);
              }}
            />
          }
          label="Single-key shortcuts"
        />
        <Box component="dl" sx={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', gap: 1, columnGap: 2, m: 0, mt: 1 }}>
          {SHORTCUTS.map(([keys, meaning]) => (
            <Fragment key={keys}>
              <Box component="dt">
                <Box component="kbd" sx={{ border: 1, borderColor: 'divider', borderRadius: 0.5, px: 0.75, py: 0.25, fontSize: '0.8125rem' }}>
                  {keys}
                </Box>
              </Box>
              <Box component="dd" sx={{ m: 0 }}>
                {meaning}
              </Box>
            </Fragment>
          ))}
        </Box>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}
