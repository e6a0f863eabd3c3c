import { assertUnresolved } from './pool.ts';
import type { Pool } from './types.ts';

/** Ops 397 and 3975 block, 398 and 3985 allow. */
export type BlockSwitch = 'block' | 'allow';

/** Marks of a pool that blocking and allowing change. */
export type BlockMarks = Pick<Pool, 'isBlocked' | 'blockedAt' | 'allowedAt' | 'pendingBlockAt' | 'pendingAllowAt'>;

/** What a switch does: the new marks, and `at`, `isScheduled`, `isBroadcast` of its 368 or 369. */
export type SwitchPlan = {
  readonly marks: BlockMarks;
  readonly at: number;
  readonly isScheduled: boolean;
  readonly isBroadcast: boolean;
};

/**
 * Decides 397 or 398 for one pool (PL6, PL7): at once, later (a newer pending one replaces), or already so (the caller
 * hears the original time, nobody else hears anything). Also carries out a due timer, with `askedAt` = its due time and
 * `now` = the same. Throws 6616 for a resolved pool.
 */
export function planSwitch(pool: Pool, kind: BlockSwitch, askedAt: number | null, now: number): SwitchPlan {
  assertUnresolved(pool);
  if (askedAt !== null && askedAt > now) {
    return { marks: withPending(pool, kind, askedAt), at: askedAt, isScheduled: true, isBroadcast: false };
  }
  const marks = withPending(pool, kind, null);
  if (pool.isBlocked === (kind === 'block')) {
    const since = kind === 'block' ? pool.blockedAt : pool.allowedAt;
    return { marks, at: since ?? pool.startAt, isScheduled: false, isBroadcast: false };
  }
  const switched =
    kind === 'block' ? { ...marks, isBlocked: true, blockedAt: now } : { ...marks, isBlocked: false, allowedAt: now };
  return { marks: switched, at: now, isScheduled: false, isBroadcast: true };
}

/** What 396 or 3961 does to one pool (PL10). A time to come is `isScheduled` and only then takes effect. */
export type HotPlan = { readonly isHot: boolean; readonly at: number; readonly isScheduled: boolean };

/** Decides 396 for one pool (PL10). Throws 6616 for a resolved pool. */
export function planHot(pool: Pool, hot: boolean, likelyAt: number | null, now: number): HotPlan {
  assertUnresolved(pool);
  const at = Math.max(likelyAt ?? now, now);
  return { isHot: hot, at, isScheduled: at > now };
}

function withPending(pool: BlockMarks, kind: BlockSwitch, at: number | null): BlockMarks {
  const { isBlocked, blockedAt, allowedAt, pendingBlockAt, pendingAllowAt } = pool;
  const marks = { isBlocked, blockedAt, allowedAt, pendingBlockAt, pendingAllowAt };
  return kind === 'block' ? { ...marks, pendingBlockAt: at } : { ...marks, pendingAllowAt: at };
}
