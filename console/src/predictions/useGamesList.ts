import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useApi } from '../app/api.tsx';
import { useConnection } from './live/Connection.tsx';

const REFRESH_MS = 15_000;
const GAMES = ['games'] as const;

/** Messages that change the list of games: created, opened, closed. */
const LIST_CHANGES = new Set<number>([340, 341, 3401, 3402]);

/** Active and upcoming games of all sources, kept fresh. */
export function useGamesList() {
  const api = useApi();
  const queries = useQueryClient();
  const socket = useConnection()?.socket;
  useEffect(
    () =>
      socket?.on('message', (message) => {
        if (LIST_CHANGES.has(message.res)) void queries.invalidateQueries({ queryKey: GAMES });
      }),
    [socket, queries],
  );
  return useQuery({
    queryKey: GAMES,
    queryFn: ({ signal }) => api.predictions.games(signal),
    refetchInterval: REFRESH_MS,
  });
}
