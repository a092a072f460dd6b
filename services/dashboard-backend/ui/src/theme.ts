import { createTheme } from '@mui/material/styles';

const fontFamily = '"Inter Variable", "Inter", system-ui, -apple-system, "Segoe UI", sans-serif';
export const monospace = 'ui-monospace, "SFMono-Regular", "Cascadia Code", "DejaVu Sans Mono", monospace';

/** Key in local storage; `public/theme.js` reads it before the first paint. */
export const THEME_STORAGE_KEY = 'qp-theme';

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data-theme' },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: '#2746c4', dark: '#1d359a', light: '#4d69dc', contrastText: '#ffffff' },
        success: { main: '#17693f', contrastText: '#ffffff' },
        warning: { main: '#8a5200', contrastText: '#ffffff' },
        error: { main: '#b3202f', contrastText: '#ffffff' },
        info: { main: '#155e9c', contrastText: '#ffffff' },
        background: { default: '#f5f6f8', paper: '#ffffff' },
        text: { primary: '#151922', secondary: '#555d6b' },
        divider: '#e1e4ea',
      },
    },
    dark: {
      palette: {
        primary: { main: '#97abff', dark: '#7089f0', light: '#b9c7ff', contrastText: '#0b1023' },
        success: { main: '#56cb8f', contrastText: '#06170e' },
        warning: { main: '#f2b950', contrastText: '#1c1200' },
        error: { main: '#ff8f93', contrastText: '#240608' },
        info: { main: '#77bdf6', contrastText: '#04131f' },
        background: { default: '#0e1116', paper: '#161a21' },
        text: { primary: '#e7eaf0', secondary: '#a0a9b8' },
        divider: '#2a303b',
      },
    },
  },
  shape: { borderRadius: 10 },
  typography: {
    fontFamily,
    h1: { fontSize: '1.5rem', fontWeight: 650, lineHeight: 1.25, letterSpacing: '-0.015em' },
    h2: { fontSize: '1.0625rem', fontWeight: 650, lineHeight: 1.35, letterSpacing: '-0.006em' },
    h3: { fontSize: '0.9375rem', fontWeight: 620, lineHeight: 1.4 },
    body1: { fontSize: '0.9375rem', lineHeight: 1.55 },
    body2: { fontSize: '0.875rem', lineHeight: 1.5 },
    caption: { fontSize: '0.8125rem', lineHeight: 1.45 },
    overline: { fontSize: '0.75rem', fontWeight: 600, letterSpacing: '0.04em', textTransform: 'none', lineHeight: 1.5 },
    button: { textTransform: 'none', fontWeight: 600 },
  },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        // Focus is moved to a heading after navigation; a ring around it would only puzzle.
        'h1:focus': { outline: 'none' },
        'code, pre, kbd, code.MuiTypography-root': { fontFamily: monospace, fontSize: '0.92em' },
        '@media (prefers-reduced-motion: reduce)': {
          '*, *::before, *::after': {
            animationDuration: '0.01ms !important',
            animationIterationCount: '1 !important',
            transitionDuration: '0.01ms !important',
          },
        },
      },
    },
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiButton: {
      defaultProps: { disableElevation: true },
      styleOverrides: {
        root: {
          minHeight: 36,
          whiteSpace: 'nowrap',
          '@media (pointer: coarse)': { minHeight: 44 },
          '&:focus-visible': { outline: '2px solid var(--mui-palette-primary-main)', outlineOffset: 2 },
        },
      },
    },
    MuiIconButton: {
      styleOverrides: {
        root: {
          '@media (pointer: coarse)': { minWidth: 44, minHeight: 44 },
          '&:focus-visible': { outline: '2px solid var(--mui-palette-primary-main)' },
        },
      },
    },
    MuiLink: { defaultProps: { underline: 'hover' } },
    MuiPaper: {
      styleOverrides: { root: { backgroundImage: 'none' } },
    },
    MuiCard: {
      defaultProps: { variant: 'outlined' },
      styleOverrides: { root: { borderColor: 'var(--mui-palette-divider)' } },
    },
    MuiTextField: { defaultProps: { size: 'small', fullWidth: true } },
    MuiTableCell: {
      styleOverrides: {
        root: { borderColor: 'var(--mui-palette-divider)', fontSize: '0.875rem' },
        head: { color: 'var(--mui-palette-text-secondary)', fontWeight: 600, fontSize: '0.8125rem', whiteSpace: 'nowrap' },
      },
    },
    MuiTab: {
      styleOverrides: { root: { minHeight: 44, minWidth: 0, paddingInline: 14, fontSize: '0.875rem' } },
    },
    MuiTooltip: { defaultProps: { arrow: true, enterDelay: 300 } },
    MuiAlert: { styleOverrides: { root: { alignItems: 'flex-start' } } },
    MuiListItemButton: {
      styleOverrides: {
        root: { '&.Mui-focusVisible': { outline: '2px solid var(--mui-palette-primary-main)', outlineOffset: -2 } },
      },
    },
  },
});
