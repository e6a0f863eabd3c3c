import { useEffect, useState } from 'react';
import { useConnection } from './Connection.tsx';

const TICK_MS = 1_000;

/** Reads the server's clock when asked, without ticking. @returns a function that gives epoch milliseconds */
export function useServerClock(): () => number {
  const offsetMs = useConnection()?.clockOffsetMs ?? 0;
  return () => Date.now() + offsetMs;
}

/** The server's clock, once a second. @returns epoch milliseconds */
export function useServerNow(): number {
  const offsetMs = useConnection()?.clockOffsetMs ?? 0;
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs + offsetMs;
}
