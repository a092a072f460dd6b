import AutorenewOutlined from '@mui/icons-material/AutorenewOutlined';
import CheckCircleOutlined from '@mui/icons-material/CheckCircleOutlined';
import ErrorOutlined from '@mui/icons-material/ErrorOutlineOutlined';
import PanToolOutlined from '@mui/icons-material/PanToolOutlined';
import RadioButtonUncheckedOutlined from '@mui/icons-material/RadioButtonUncheckedOutlined';
import Box from '@mui/material/Box';
import type { ReactNode } from 'react';

import { statusWord, type Tone } from '../lib/status';

const ICONS: Readonly<Record<Tone, ReactNode>> = {
  neutral: <RadioButtonUncheckedOutlined fontSize="inherit" />,
  running: <AutorenewOutlined fontSize="inherit" />,
  waiting: <PanToolOutlined fontSize="inherit" />,
  success: <CheckCircleOutlined fontSize="inherit" />,
  danger: <ErrorOutlined fontSize="inherit" />,
};

/** The colour of a tone, as the theme's variable. */
export const TONE_COLOR: Readonly<Record<Tone, string>> = {
  neutral: 'var(--mui-palette-text-secondary)',
  running: 'var(--mui-palette-info-main)',
  waiting: 'var(--mui-palette-warning-main)',
  success: 'var(--mui-palette-success-main)',
  danger: 'var(--mui-palette-error-main)',
};

export function ToneIcon({ tone }: { tone: Tone }) {
  return (
    <Box component="span" aria-hidden sx={{ color: TONE_COLOR[tone], display: 'inline-flex', fontSize: 18 }}>
      {ICONS[tone]}
    </Box>
  );
}

interface ToneChipProps {
  tone: Tone;
  label: string;
  /** Instead of the tone's icon; null for a plain label that is no state. */
  icon?: ReactNode;
}

/** Icon, word and colour together: no meaning by colour alone. */
export function ToneChip({ tone, label, icon }: ToneChipProps) {
  const color = TONE_COLOR[tone];
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-flex',
        alignItems: 'center',
        gap: 0.5,
        height: 24,
        px: 1,
        borderRadius: 12,
        color,
        bgcolor: `color-mix(in srgb, ${color} 11%, transparent)`,
        fontSize: '0.8125rem',
        fontWeight: 600,
        whiteSpace: 'nowrap',
        flexShrink: 0,
      }}
    >
      {icon === null ? null : (
        <Box component="span" aria-hidden sx={{ display: 'inline-flex', fontSize: 15 }}>
          {icon ?? ICONS[tone]}
        </Box>
      )}
      {label}
    </Box>
  );
}

export function StatusChip({ status }: { status: string }) {
  const { label, tone } = statusWord(status);
  return <ToneChip tone={tone} label={label} />;
}
