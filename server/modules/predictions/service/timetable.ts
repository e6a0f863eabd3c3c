import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { NewTimer, Timers } from '../../../platform/jobs/timers.ts';
import { resolverTopic } from '../events.ts';
import { expiryDueAt } from '../rules/events.ts';
import type { Pool } from '../rules/types.ts';
import type { StoredGame } from './store.ts';

/**
 * The module's timers (6.3). They belong to the Resolver's stream of their game, so that they meet its events in order of time (SC2). Ranks are the
 * order at one instant (SC3): events come first by themselves, then labels, block, allow, hot, expiry, close.
 */
export const TIMER_RANKS = {
  'predictions.game.label': 0,
  'predictions.pool.block': 1,
  'predictions.action.block': 1,
  'predictions.pool.allow': 2,
  'predictions.action.allow': 2,
  'predictions.pool.hot': 3,
  'predictions.pool.expire': 4,
  'predictions.game.close': 5,
} as const;

export type TimerKind = keyof typeof TIMER_RANKS;

export function gameTimer(kind: TimerKind, gameId: string, key: string, dueAt: number, data?: unknown): NewTimer {
  return { kind, key, dueAt, stream: resolverTopic(gameId), rank: TIMER_RANKS[kind], data };
}

/** Timers of a game that has just been opened or created: its labels change at `open_at` and `live_start_at`, `close_at` closes it. */
export function timersOfGame(
  game: Pick<StoredGame, 'gameId' | 'openAt' | 'liveStartAt' | 'closeAt'>,
  now: number,
): NewTimer[] {
  const timers: NewTimer[] = [];
  if (game.openAt > now)
    timers.push(gameTimer('predictions.game.label', game.gameId, `${game.gameId}/open`, game.openAt));
  if (game.liveStartAt !== null && game.liveStartAt > now && game.liveStartAt !== game.openAt) {
    timers.push(gameTimer('predictions.game.label', game.gameId, `${game.gameId}/live`, game.liveStartAt));
  }
  if (game.closeAt !== null) timers.push(gameTimer('predictions.game.close', game.gameId, game.gameId, game.closeAt));
  return timers;
}

/** The expiry of a timed pool (PL12). */
export function timersOfPool(pool: Pick<Pool, 'poolId' | 'gameId' | 'finishAt'>, expiryGraceMs: number): NewTimer[] {
  const dueAt = expiryDueAt(pool, expiryGraceMs);
  return dueAt === null ? [] : [gameTimer('predictions.pool.expire', pool.gameId, pool.poolId, dueAt)];
}

/**
 * A resolved pool has no future: its pending block, allow, hot mark and expiry are dropped (PL7). The expiry that is just firing stays: it is its
 * step that removes it.
 */
export async function cancelPoolTimers(
  timers: Timers,
  tx: Queryable,
  poolId: string,
  isExpiring: boolean,
): Promise<void> {
  const kinds: TimerKind[] = ['predictions.pool.block', 'predictions.pool.allow', 'predictions.pool.hot'];
  if (!isExpiring) kinds.push('predictions.pool.expire');
  await timers.cancel(
    tx,
    kinds.map((kind) => ({ kind, key: poolId })),
  );
}

/** A closed game fires nothing any more; the timer that closes it is removed by its own step. */
export async function cancelGameTimers(tx: Tx, gameId: string, firing?: { kind: string; key: string }): Promise<void> {
  await tx.query(
    `delete from timers where (kind, key) in (
       select kind, key from timers where stream = $1 and (kind, key) is distinct from ($2, $3) order by kind, key for update
     )`,
    [resolverTopic(gameId), firing?.kind ?? null, firing?.key ?? null],
  );
}
