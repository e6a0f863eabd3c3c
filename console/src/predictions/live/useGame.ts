import { type AnyMessage, ApiError, OpcodeError } from '@greenroom/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useApi } from '../../app/api.tsx';
import { money, signedMoney } from '../../app/format.ts';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { useConnection } from './Connection.tsx';
import { GameStore, type OwnResult } from './GameStore.ts';
import { EMPTY_GAME, fromSnapshot, type GameState } from './gameState.ts';

const GUEST_REFRESH_MS = 5_000;
const NO_STORE = { subscribe: () => () => undefined, getState: () => EMPTY_GAME };

export interface GameView {
  state: GameState;
  error: unknown;
  isUnknown: boolean;
  retry: () => void;
}

/** What to tell somebody about a pool with own money. */
export function ownResultText({ result, answer, stake }: OwnResult, userId: string): string {
  const pool = result.description;
  const named = answer ?? m.results.voided;
  const net = result.winners[userId];
  if (net !== undefined) return m.results.won(pool, named, money(stake + net), signedMoney(net));
  const lost = result.losers[userId];
  if (lost !== undefined) return m.results.lost(pool, named, money(lost));
  return result.invalidated_bettors.includes(userId) ? m.results.late(pool) : m.results.returned(pool, named);
}

function useLiveGame(gameId: string): GameView | null {
  const connection = useConnection();
  const notify = useNotify();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const socket = connection?.socket;
  const userId = connection?.userId ?? '';
  const store = useMemo(() => {
    if (socket === undefined) return undefined;
    return new GameStore(socket, gameId, userId, {
      onOwnResult: (own) => {
        const isWon = own.result.winners[userId] !== undefined;
        notify(ownResultText(own, userId), isWon ? 'success' : 'info');
      },
      onMessage: (message: AnyMessage) => {
        if (message.res === 342) setError(null);
        const changesBoard = message.res === 362 || message.res === 363;
        if (changesBoard) void queries.invalidateQueries({ queryKey: ['board'] });
      },
      onFailure: setError,
    });
  }, [socket, gameId, userId, notify, queries]);
  useEffect(() => {
    store?.start();
    return () => store?.stop();
  }, [store]);
  const source = store ?? NO_STORE;
  const state = useSyncExternalStore(source.subscribe, source.getState);
  if (store === undefined) return null;
  const isUnknown = error instanceof OpcodeError && error.error === 'unknown_game';
  return { state, error, isUnknown, retry: () => void store.read() };
}

function useGuestGame(gameId: string, isGuest: boolean): GameView {
  const api = useApi();
  const snapshot = useQuery({
    queryKey: ['game', gameId],
    queryFn: ({ signal }) => api.predictions.game(gameId, signal),
    enabled: isGuest,
    refetchInterval: GUEST_REFRESH_MS,
  });
  const state = useMemo(
    () => (snapshot.data ? fromSnapshot(snapshot.data.game, snapshot.data.pools) : EMPTY_GAME),
    [snapshot.data],
  );
  const isUnknown = snapshot.error instanceof ApiError && [400, 404].includes(snapshot.error.status);
  return { state, error: snapshot.error, isUnknown, retry: () => void snapshot.refetch() };
}

/** One game: live over the websocket when signed in, read again every few seconds for guests. */
export function useGame(gameId: string): GameView {
  const live = useLiveGame(gameId);
  const guest = useGuestGame(gameId, live === null);
  return live ?? guest;
}
