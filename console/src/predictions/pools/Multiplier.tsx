import ArrowDropDownRounded from '@mui/icons-material/ArrowDropDownRounded';
import ArrowDropUpRounded from '@mui/icons-material/ArrowDropUpRounded';
import Box from '@mui/material/Box';
import { keyframes } from '@mui/material/styles';
import { useEffect, useRef, useState } from 'react';
import { multiplier } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';

type Direction = 'up' | 'down';

const SHOWN_MS = 4_000;
const flash = keyframes({ from: { backgroundColor: 'var(--flash)' }, to: { backgroundColor: 'transparent' } });

/** Direction of the last change, forgotten after a few seconds. */
function useMovement(value: number): { direction: Direction | null; changes: number } {
  const last = useRef(value);
  const [movement, setMovement] = useState<{ direction: Direction | null; changes: number }>({
    direction: null,
    changes: 0,
  });
  useEffect(() => {
    if (value === last.current) return undefined;
    const direction = value > last.current ? 'up' : 'down';
    last.current = value;
    setMovement(({ changes }) => ({ direction, changes: changes + 1 }));
    const timer = setTimeout(() => setMovement(({ changes }) => ({ direction: null, changes })), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return movement;
}

/** A multiplier that shows its movement by number, arrow and a short flash. */
export function Multiplier({ value }: { value: number }) {
  const { direction, changes } = useMovement(value);
  const Arrow = direction === 'up' ? ArrowDropUpRounded : ArrowDropDownRounded;
  return (
    <Box
      component="span"
      key={changes}
      sx={{
        '--flash': direction === null ? 'transparent' : 'var(--mui-palette-action-selected)',
        display: 'inline-flex',
        alignItems: 'center',
        justifyContent: 'flex-end',
        minWidth: 84,
        borderRadius: 0.75,
        fontSize: '1.0625rem',
        fontWeight: 700,
        animation: direction === null ? 'none' : `${flash} 1.6s ease-out`,
      }}
    >
      {direction && (
        <Arrow
          titleAccess={direction === 'up' ? m.pools.rising : m.pools.falling}
          sx={{ color: direction === 'up' ? 'success.main' : 'error.main' }}
        />
      )}
      {multiplier(value)}
    </Box>
  );
}
