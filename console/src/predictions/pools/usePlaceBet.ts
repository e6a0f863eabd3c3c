import { AnswerLostError, fromCents, type GameDetails, NetworkError, newId, type Pool } from '@greenroom/client';
import { useRef, useState } from 'react';
import { useApi } from '../../app/api.tsx';
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
export function usePlaceBet(pool: Pool, game: GameDetails, onPlace: () => void): PlaceBet {
  const api = useApi();
  const connection = useConnection();
  const [progress, setProgress] = useState<BetProgress>({ step: 'editing' });
  const lastRef = useRef('');
  const send = async (targetId: string, cents: bigint) => {
    if (connection === null) return;
    const amount = fromCents(cents);
    setProgress({ step: 'pending', cents, targetId });
    try {
      if (game.status === 'betting_not_yet_active') {
        await api.predictions.predictUpcoming(pool, game.source_id, { targetId, amount }, lastRef.current);
        await connection.socket.request(389, { game_id: game.game_id });
      } else {
        const bet = { pool_id: pool.pool_id, target: targetId, amount, client_ref: lastRef.current };
        await connection.socket.request(392, bet);
      }
      setProgress({ step: 'placed', cents, targetId });
    } catch (error) {
      const isUnknown = error instanceof AnswerLostError || error instanceof NetworkError;
      setProgress(isUnknown ? { step: 'unknown', cents, targetId } : { step: 'refused', reason: failureText(error) });
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
