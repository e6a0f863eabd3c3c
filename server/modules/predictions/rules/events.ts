import { RuleError } from './errors.ts';
import { assertUnresolved } from './pool.ts';
import { isBinary } from './pool-type.ts';
import { pathOf } from './targets.ts';
import type { Pool } from './types.ts';

/** An event as registered in the log of its game. */
export type GameEvent = {
  readonly actionId: string;
  readonly targetId: string;
  readonly happenedAt: number;
  readonly registeredAt: number;
  /** Its place in the log of the game (EV2). */
  readonly logSeq: number;
};

/** The time an event gets: receipt when absent or a little ahead, as given when past (EV1). Throws 6625 further ahead. */
export function planHappenedAt(askedAt: number | null, receivedAt: number, futureSkewMs: number): number {
  if (askedAt !== null && askedAt > receivedAt + futureSkewMs) throw new RuleError('event_time_invalid');
  return Math.min(askedAt ?? receivedAt, receivedAt);
}

/** A pool an event decides, with the winner it names. */
export type DecidedPool<P> = { readonly pool: P; readonly winningTarget: string };

/**
 * The pools an ordinary event decides, with their winners (EV2–EV6), in the order they are settled and told (EV8). A
 * timed pool whose expiry was due before the event was registered is no candidate: SC2, ties go to the event (SC3).
 */
export function poolsDecidedBy<P extends Pool>(
  event: GameEvent,
  pools: readonly P[],
  expiryGraceMs: number,
): DecidedPool<P>[] {
  const path = new Set(pathOf(event.targetId));
  return pools
    .filter((pool) => isCandidate(event, pool, expiryGraceMs))
    .flatMap((pool) => {
      const winner = pool.targets.find((target) => path.has(target.targetId));
      return winner === undefined ? [] : [{ pool, winningTarget: winner.targetId }];
    })
    .sort((a, b) => comparePools(a.pool, b.pool));
}

/** Order of pools in lists and settlements: `start_at`, then id (4.3, EV8). */
export function comparePools(a: Pick<Pool, 'startAt' | 'poolId'>, b: Pick<Pool, 'startAt' | 'poolId'>): number {
  return a.startAt - b.startAt || (a.poolId < b.poolId ? -1 : Number(a.poolId > b.poolId));
}

/** When a timed pool expires to `none` (PL12); null for others. */
export function expiryDueAt(pool: Pick<Pool, 'finishAt'>, expiryGraceMs: number): number | null {
  return pool.finishAt === null ? null : pool.finishAt + expiryGraceMs;
}

/**
 * Checks 395 on a binary pool (EV11). Throws 6616 when the pool is resolved or `happenedAt` lies after its `finish_at`,
 * 6625 when it lies before its start, 6612 when the pool is not binary.
 */
export function assertBinaryResolution(pool: Pool, happenedAt: number): void {
  if (!isBinary(pool.type)) throw new RuleError('unknown_action', { action_id: pool.actionId });
  assertUnresolved(pool);
  if (happenedAt < pool.startAt) throw new RuleError('event_time_invalid');
  if (pool.finishAt !== null && happenedAt > pool.finishAt)
    throw new RuleError('pool_closed', { pool_id: pool.poolId });
}

/** What tells one event from another within its game (EV12). */
export type EventIdentity = {
  readonly eventId: string | null;
  /** Id of the feed item with its source and feed (RS1). */
  readonly feedItem: { readonly source: string; readonly feed: string; readonly itemId: string } | null;
  readonly actionId: string;
  readonly targetId: string;
  /** As given; null when the event carried no time. */
  readonly explicitHappenedAt: number | null;
};

/**
 * Key that two events of a game share exactly when the later one is a duplicate (EV12, RS1); null when it never is. To be
 * kept in a unique column together with the game.
 */
export function duplicateKey(event: EventIdentity): string | null {
  if (event.feedItem !== null) {
    return JSON.stringify(['feed', event.feedItem.source, event.feedItem.feed, event.feedItem.itemId]);
  }
  if (event.eventId !== null) return JSON.stringify(['event', event.eventId]);
  if (event.explicitHappenedAt === null) return null;
  return JSON.stringify(['fact', event.actionId, event.targetId, event.explicitHappenedAt]);
}

function isCandidate(event: GameEvent, pool: Pool, expiryGraceMs: number): boolean {
  const expiryAt = expiryDueAt(pool, expiryGraceMs);
  return (
    pool.state === 'open' &&
    pool.actionId === event.actionId &&
    pool.logSeq < event.logSeq &&
    pool.startAt <= event.happenedAt &&
    (pool.finishAt === null || event.happenedAt <= pool.finishAt) &&
    (expiryAt === null || event.registeredAt <= expiryAt)
  );
}
