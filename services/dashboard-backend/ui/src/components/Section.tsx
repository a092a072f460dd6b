import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { type ReactNode, useId } from 'react';

interface SectionProps {
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  /** Lists and tables reach the card's edges. */
  flush?: boolean;
  children: ReactNode;
}

export function Section({ title, hint, actions, flush = false, children }: SectionProps) {
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id}>
      <Stack direction="row" spacing={1} sx={{ px: 2, pt: 1.75, pb: 1, alignItems: 'center', justifyContent: 'space-between' }}>
        <Box sx={{ minWidth: 0 }}>
          <Typography variant="h2" id={id}>
            {title}
          </Typography>
          {hint ? (
            <Typography variant="caption" component="div" color="textSecondary">
              {hint}
            </Typography>
          ) : null}
        </Box>
        {actions}
      </Stack>
      <Box sx={flush ? { pb: 0.5 } : { px: 2, pb: 2 }}>{children}</Box>
    </Card>
  );
}
