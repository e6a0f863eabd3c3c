import Box from '@mui/material/Box';
import { keyframes } from '@mui/material/styles';
import { messages as m } from '../messages.ts';

const breathe = keyframes({ '0%, 100%': { opacity: 1 }, '50%': { opacity: 0.35 } });

const STATUS_TEXT: Record<string, string> = m.games.status;

/** Whether something goes on now, by the status that a module gives. */
export function isLive(status: string): boolean {
  return status === 'live' || status.startsWith('game_in_progress');
}

/** Status in words; a breathing dot beside it while it is live. */
export function LiveMark({ status, text }: { status: string; text?: string }) {
  const isBreathing = status === 'live' || status === 'game_in_progress_betting_active';
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-flex',
        alignItems: 'center',
        gap: 0.75,
        flexShrink: 0,
        fontSize: '0.8125rem',
        fontWeight: 650,
        color: isBreathing ? 'error.main' : 'text.secondary',
      }}
    >
      {isBreathing && (
        <Box
          component="span"
          aria-hidden
          sx={{
            width: 8,
            height: 8,
            borderRadius: '50%',
            bgcolor: 'error.main',
            animation: `${breathe} 2s ease-in-out infinite`,
          }}
        />
      )}
      {text ?? STATUS_TEXT[status] ?? (isBreathing ? m.games.live : status)}
    </Box>
  );
}
