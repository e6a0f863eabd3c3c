import CheckCircleRounded from '@mui/icons-material/CheckCircleRounded';
import CloseRounded from '@mui/icons-material/CloseRounded';
import ErrorRounded from '@mui/icons-material/ErrorRounded';
import InfoRounded from '@mui/icons-material/InfoRounded';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Typography from '@mui/material/Typography';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { messages as m } from '../messages.ts';

type Tone = 'success' | 'info' | 'error';

interface Notice {
  id: number;
  tone: Tone;
  text: string;
}

type Notify = (text: string, tone?: Tone) => void;

const NoticeContext = createContext<Notify | undefined>(undefined);
const SHOWN_MS = 7_000;
const SHOWN_LIMIT = 4;
const ICONS = { success: CheckCircleRounded, info: InfoRounded, error: ErrorRounded };

function NoticeCard({ notice, onClose }: { notice: Notice; onClose: () => void }) {
  const Icon = ICONS[notice.tone];
  const [isHeld, setIsHeld] = useState(false);
  const closeRef = useRef(onClose);
  closeRef.current = onClose;
  useEffect(() => {
    if (isHeld) return undefined;
    const timer = setTimeout(() => closeRef.current(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isHeld]);
  return (
    <Paper
      variant="outlined"
      onMouseEnter={() => setIsHeld(true)}
      onMouseLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
      sx={{
        display: 'flex',
        gap: 1.5,
        alignItems: 'flex-start',
        p: 1.5,
        pr: 0.75,
        borderLeft: 4,
        borderLeftColor: `${notice.tone}.main`,
        boxShadow: 6,
        pointerEvents: 'auto',
      }}
    >
      <Icon color={notice.tone} fontSize="small" sx={{ mt: 0.25 }} />
      <Typography variant="body2" sx={{ flex: 1, minWidth: 0 }}>
        {notice.text}
      </Typography>
      <IconButton size="small" onClick={onClose} aria-label={m.common.dismiss}>
        <CloseRounded fontSize="inherit" />
      </IconButton>
    </Paper>
  );
}

/** Short messages at the edge of the page, read out by screen readers: politely, errors at once. */
export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notices, setNotices] = useState<Notice[]>([]);
  const lastId = useRef(0);
  const notify = useCallback<Notify>((text, tone = 'info') => {
    lastId.current += 1;
    const notice = { id: lastId.current, tone, text };
    setNotices((shown) => [...shown, notice].slice(-SHOWN_LIMIT));
  }, []);
  const close = (id: number) => setNotices((shown) => shown.filter((notice) => notice.id !== id));
  const cards = (isError: boolean) =>
    notices
      .filter((notice) => (notice.tone === 'error') === isError)
      .map((notice) => <NoticeCard key={notice.id} notice={notice} onClose={() => close(notice.id)} />);
  return (
    <NoticeContext value={notify}>
      {children}
      <Box
        sx={{
          position: 'fixed',
          zIndex: 'snackbar',
          // On phones above the content: at the bottom it would cover the button just pressed.
          top: { xs: 64, sm: 'auto' },
          bottom: { xs: 'auto', sm: 16 },
          left: { xs: 16, sm: 'auto' },
          right: 16,
          width: { sm: 400 },
          display: 'flex',
          flexDirection: 'column',
          gap: 1,
          pointerEvents: 'none',
        }}
      >
        <Box role="status" sx={{ display: 'grid', gap: 1 }}>
          {cards(false)}
        </Box>
        <Box role="alert" sx={{ display: 'grid', gap: 1 }}>
          {cards(true)}
        </Box>
      </Box>
    </NoticeContext>
  );
}

/** Shows a notice; see NoticeProvider. */
export function useNotify(): Notify {
  const notify = useContext(NoticeContext);
  if (notify === undefined) throw new Error('useNotify outside NoticeProvider');
  return notify;
}
