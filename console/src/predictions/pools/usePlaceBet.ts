import { AnswerLostError, fromCents, newId, OpcodeError, type Pool } from '@greenroom/client';
import { useRef, useState } from 'react';
import { failureText } from '../../app/failure.ts';
import { useConnection } from '../live/Connection.tsx';

export type BetProgress =
  | { step: 'editing' }
  | { step: 'pending'; cents: bigint; targetId: string }
  | { step: 'placed'; cents: bigint; targetId: string }
  | { step: 'refused'; reason: string }
  | { step: 'unknown'; cents: bigint; targetId: string };

export interface PlaceBet {
  progress: BetProgress;
  place: (targetId: string, cents: bigint) => Promise<void>;
  /** Sends the same prediction once more after a lost answer; it counts once (BT6). */
  retry: () => Promise<void>;
  edit: () => void;
}

/** Places predictions in one pool, and tells honestly where each stands. */
export function usePlaceBet(pool: Pool, onPlace: () => void): PlaceBet {
  const connection = useConnection();
  const [progress, setProgress] = useState<BetProgress>({ step: 'editing' });
  const lastRef = useRef('');
  const send = async (targetId: string, cents: bigint) => {
    if (connection === null) return;
    const bet = { pool_id: pool.pool_id, target: targetId, amount: fromCents(cents), client_ref: lastRef.current };
    setProgress({ step: 'pending', cents, targetId });
    try {
      await connection.socket.request(392, bet);
      setProgress({ step: 'placed', cents, targetId });
    } catch (error) {
      if (error instanceof AnswerLostError) setProgress({ step: 'unknown', cents, targetId });
      else if (error instanceof OpcodeError) setProgress({ step: 'refused', reason: failureText(error) });
      else throw error;
    }
  };
  return {
    progress,
    place: (targetId, cents) => {
      lastRef.current = newId();
      onPlace();
      return send(targetId, cents);
    },
    retry: async () => {
      if (progress.step === 'unknown') await send(progress.targetId, progress.cents);
    },
    edit: () => setProgress({ step: 'editing' }),
  };
}
