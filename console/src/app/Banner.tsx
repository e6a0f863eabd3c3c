import CloudOffRounded from '@mui/icons-material/CloudOffRounded';
import Box from '@mui/material/Box';
import { messages as m } from '../messages.ts';
import { useOnline } from './useOnline.ts';

/** A strip below the app bar, read out when it appears. */
export function Banner({ text }: { text: string | null }) {
  return (
    <Box role="status">
      {text !== null && (
        <Box
          sx={{
            display: 'flex',
            gap: 1,
            alignItems: 'center',
            justifyContent: 'center',
            px: 2,
            py: 1,
            fontSize: '0.875rem',
            fontWeight: 600,
            bgcolor: 'warning.main',
            color: 'warning.contrastText',
          }}
        >
          <CloudOffRounded fontSize="small" />
          {text}
        </Box>
      )}
    </Box>
  );
}

/** Tells that the browser has no network. */
export function OfflineBanner() {
  return <Banner text={useOnline() ? null : m.frame.offline} />;
}
