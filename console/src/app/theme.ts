import { createTheme } from '@mui/material/styles';

const SYSTEM_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';
const RADIUS_PX = 10;

/** Widest line of a page's content, in pixels. */
export const CONTENT_WIDTH_PX = 1240;

/** Around whatever the keyboard has reached. */
const FOCUS_RING = { outline: '3px solid var(--mui-palette-primary-main)', outlineOffset: 2 };

const lightPalette = {
  background: { default: '#f6f5f0', paper: '#ffffff' },
  text: { primary: '#16201b', secondary: '#515d56', disabled: '#6d7771' },
  primary: { main: '#11634a', dark: '#0b4a37', light: '#2f7d63', contrastText: '#ffffff' },
  secondary: { main: '#7c5200', dark: '#5f3f00', light: '#9a6c12', contrastText: '#ffffff' },
  success: { main: '#1b6b3a', contrastText: '#ffffff' },
  error: { main: '#a8231a', contrastText: '#ffffff' },
  warning: { main: '#855000', contrastText: '#ffffff' },
  info: { main: '#1f5578', contrastText: '#ffffff' },
  divider: '#dedcd2',
};

const darkPalette = {
  background: { default: '#0f1412', paper: '#171e1a' },
  text: { primary: '#e8eee9', secondary: '#a9b5ae', disabled: '#8b978f' },
  primary: { main: '#74d4ad', dark: '#4fb98f', light: '#9be3c5', contrastText: '#06231a' },
  secondary: { main: '#e6b860', dark: '#c99a40', light: '#f2d08f', contrastText: '#2a1c00' },
  success: { main: '#7fd79a', contrastText: '#04220f' },
  error: { main: '#ff9f93', contrastText: '#3a0500' },
  warning: { main: '#efbc63', contrastText: '#2a1c00' },
  info: { main: '#8fc9ef', contrastText: '#03202f' },
  divider: '#2b352f',
};

/** The console's look: deep green on warm paper, hairlines instead of shadows, numbers in even columns. */
export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data-mode' },
  colorSchemes: { light: { palette: lightPalette }, dark: { palette: darkPalette } },
  shape: { borderRadius: RADIUS_PX },
  typography: {
    fontFamily: SYSTEM_FONT,
    h1: { fontSize: '1.875rem', fontWeight: 700, letterSpacing: '-0.02em', lineHeight: 1.2 },
    h2: { fontSize: '1.25rem', fontWeight: 650, letterSpacing: '-0.01em', lineHeight: 1.3 },
    h3: { fontSize: '1.0625rem', fontWeight: 650, lineHeight: 1.35 },
    h6: { fontSize: '1.125rem', fontWeight: 650, lineHeight: 1.4 },
    h4: { fontSize: '1rem', fontWeight: 650 },
    overline: { fontSize: '0.75rem', fontWeight: 650, letterSpacing: '0.06em', lineHeight: 1.6 },
    button: { textTransform: 'none', fontWeight: 600 },
  },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        body: { overflowWrap: 'break-word', fontVariantNumeric: 'tabular-nums' },
        '@media (prefers-reduced-motion: reduce)': {
          '*, *::before, *::after': { animationDuration: '0.01ms !important', transitionDuration: '0.01ms !important' },
        },
      },
    },
    // The ripple alone is hard to see, and gone where motion is unwanted.
    MuiButtonBase: { styleOverrides: { root: { '&.Mui-focusVisible': FOCUS_RING } } },
    MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiCard: { defaultProps: { variant: 'outlined' } },
    MuiButton: { defaultProps: { disableElevation: true } },
    MuiTextField: { defaultProps: { fullWidth: true, size: 'small' } },
    MuiLink: { defaultProps: { underline: 'hover' } },
    MuiTab: {
      styleOverrides: {
        root: { minHeight: 48, minWidth: 72, '&.Mui-focusVisible': { ...FOCUS_RING, outlineOffset: -3 } },
      },
    },
    MuiTooltip: { defaultProps: { arrow: true } },
    MuiChip: { styleOverrides: { root: { fontWeight: 600 } } },
  },
});
