import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import { type Broadcast, gameTopic, resolverTopic } from '../events.ts';
import { type BlockSwitch, planSwitch, type SwitchPlan } from '../rules/block.ts';
import { comparePools } from '../rules/events.ts';
import type { GameState } from '../rules/types.ts';
import { setSwitchMarks } from './game-rows.ts';
import type { StoredPool } from './store.ts';

/** Timers of scheduled blocks and allows (PL7, PL8). */
export const SWITCH_TIMERS = {
  'predictions.pool.block': 'block',
  'predictions.pool.allow': 'allow',
  'predictions.action.block': 'block',
  'predictions.action.allow': 'allow',
} as const satisfies Record<string, BlockSwitch>;

/** A scheduled block or allow; `key` is the pool, or the game and the action. */
export interface SwitchTimer {
  kind: keyof typeof SWITCH_TIMERS;
  key: string;
  dueAt: number;
  data: unknown;
}

/** Pools under their locks, by id; a switch puts the changed pool back. */
export type LockedPools = Map<string, StoredPool>;

/** Key of a scheduled 3975 or 3985: a newer one replaces the pending one (PL7). */
export function actionKey(gameId: string, actionId: string): string {
  return `${gameId}/${actionId}`;
}

/** Body of 368 or 369. */
export function poolSwitchBody(kind: BlockSwitch, poolId: string, at: number, isScheduled = false) {
  const since = kind === 'block' ? { blocked_at: at } : { allowed_at: at };
  return { pool_id: poolId, ...since, ...(isScheduled ? { scheduled: true } : {}) };
}

/** Body of 370 or 371. */
export function actionSwitchBody(
  kind: BlockSwitch,
  action: { gameId: string; actionId: string },
  at: number,
  isScheduled = false,
) {
  const since = kind === 'block' ? { blocked_at: at } : { allowed_at: at };
  return {
    game_id: action.gameId,
    action_id: action.actionId,
    ...since,
    ...(isScheduled ? { scheduled: true } : {}),
  };
}

/**
 * Blocks or allows a locked pool now or later, with a broadcast when that changes something (PL6, PL7). A due switch of a whole action keeps the
 * pool's own pending ones. Throws 6616 for a resolved pool.
 */
export async function switchPool(
  tx: Tx,
  pools: LockedPools,
  poolId: string,
  order: { kind: BlockSwitch; askedAt: number | null; now: number; keepsPending?: boolean },
): Promise<{ plan: SwitchPlan; event: EventRef | null }> {
  const pool = pools.get(poolId)!;
  const plan = planSwitch(pool, order.kind, order.askedAt, order.now);
  const { pendingBlockAt, pendingAllowAt } = pool;
  const marks = order.keepsPending ? { ...plan.marks, pendingBlockAt, pendingAllowAt } : plan.marks;
  await setSwitchMarks(tx, poolId, marks);
  pools.set(poolId, { ...pool, ...marks });
  if (!plan.isBroadcast) return { plan, event: null };
  const data: Broadcast = { body: poolSwitchBody(order.kind, poolId, plan.at) };
  const type = order.kind === 'block' ? 'pool.blocked' : 'pool.allowed';
  return { plan, event: tx.append({ topic: gameTopic(pool.gameId), type, data }) };
}

/** Tells of a block or allow of a whole action (PL8). */
export function announceActionSwitch(
  tx: Tx,
  kind: BlockSwitch,
  action: { gameId: string; actionId: string },
  at: number,
): EventRef {
  const data: Broadcast = { body: actionSwitchBody(kind, action, at) };
  return tx.append({
    topic: gameTopic(action.gameId),
    type: kind === 'block' ? 'action.blocked' : 'action.allowed',
    data,
  });
}

/** Scheduled blocks and allows of a game that are due and were not carried out yet, in order (SC3). */
export async function readDueSwitches(database: Queryable, gameId: string, now: number): Promise<SwitchTimer[]> {
  const rows = await database.query<{ kind: SwitchTimer['kind']; key: string; due_at: bigint; data: unknown }>(
    `select kind, key, due_at, data from timers
     where stream = $1 and due_at <= $2 and parked_at is null and kind = any ($3) order by due_at, rank, key`,
    [resolverTopic(gameId), now, Object.keys(SWITCH_TIMERS)],
  );
  return rows.map((row) => ({ kind: row.kind, key: row.key, dueAt: Number(row.due_at), data: row.data }));
}

/**
 * Carries out a due switch, on the locked pools, as of its due time: one pool, or every pool of the action that existed by then and is unresolved
 * (PL8). Nothing is allowed any more in a closing game (6.2).
 */
export async function carryOutSwitch(
  tx: Tx,
  game: { gameId: string; state: GameState },
  timer: SwitchTimer,
  pools: LockedPools,
): Promise<void> {
  const { key, dueAt } = timer;
  const kind = SWITCH_TIMERS[timer.kind];
  if (kind === 'allow' && game.state === 'closing') return;
  if (timer.kind === 'predictions.pool.block' || timer.kind === 'predictions.pool.allow') {
    if (pools.get(key)?.state === 'open') await switchPool(tx, pools, key, { kind, askedAt: dueAt, now: dueAt });
    return;
  }
  const { action_id: actionId } = timer.data as { action_id: string };
  announceActionSwitch(tx, kind, { gameId: game.gameId, actionId }, dueAt);
  for (const pool of [...pools.values()].sort(comparePools)) {
    if (pool.state !== 'open' || pool.actionId !== actionId || pool.startAt > dueAt) continue;
    await switchPool(tx, pools, pool.poolId, { kind, askedAt: dueAt, now: dueAt, keepsPending: true });
  }
}

/** The pool as a bet meets it: a switch of its action that is due counts although its timer did not run yet (PL5, PL8). */
export function withDueActionSwitches(pool: StoredPool, now: number): StoredPool {
  if (pool.actionBlockAt === null && pool.actionAllowAt === null) return pool;
  const ofPool = (at: number | null) => (at !== null && at <= now ? at : null);
  const ofAction = (at: number | null) => (at !== null && at <= now && at >= pool.startAt ? at : null);
  const later = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.max(a, b));
  return {
    ...pool,
    pendingBlockAt: later(ofPool(pool.pendingBlockAt), ofAction(pool.actionBlockAt)),
    pendingAllowAt: later(ofPool(pool.pendingAllowAt), ofAction(pool.actionAllowAt)),
  };
}
