import { findAction } from './actions.ts';
import { invalidParameter, missingParameter, RuleError } from './errors.ts';
import { isBinary, isTimed } from './pool-type.ts';
import { findTarget, levelOf, pathOf, slugOf, targetIdOf } from './targets.ts';
import { type ActionEntry, type GameState, NONE, type Pool, type PoolType, type TargetEntry } from './types.ts';

/** What op 385 asks for, as typed. */
export type AskedPool = {
  readonly gameId: string;
  readonly description: string;
  readonly type: PoolType;
  readonly action: string | null;
  readonly targets: readonly string[];
  readonly finishAt: number | null;
  readonly stopAcceptingBetsAt: number | null;
  readonly recreateOnEnd: boolean;
  readonly isBlocked: boolean;
  readonly isHot: boolean;
};

/** A pool about to be written: all but its id and its place in the game's log. */
export type NewPool = Omit<Pool, 'poolId' | 'logSeq'>;

/** What a pool may be asked about. */
export type GameVocabulary = { readonly actions: readonly ActionEntry[]; readonly targets: readonly TargetEntry[] };

const BINARY_LABELS = ['Yes', 'No'] as const;

/**
 * Decides op 385: PL1–PL4. `newId` gives the ids of a binary pool's own action and positive target.
 * Throws 6606, 6607, 6611, 6612, 6614.
 */
export function planPool(asked: AskedPool, vocabulary: GameVocabulary, now: number, newId: () => string): NewPool {
  const description = asked.description.trim();
  if (description === '') throw invalidParameter('description');
  const question = isBinary(asked.type) ? binaryQuestion(asked.targets, newId) : mutualQuestion(asked, vocabulary);
  const finishAt = isTimed(asked.type) ? planFinish(asked.finishAt, now) : null;
  return {
    gameId: asked.gameId,
    description,
    type: asked.type,
    ...question,
    recreateOnEnd: asked.recreateOnEnd,
    state: 'open',
    startAt: now,
    finishAt,
    stopAcceptingBetsAt: planStop(asked.stopAcceptingBetsAt, finishAt, now),
    ...unswitched,
    isBlocked: asked.isBlocked,
    blockedAt: asked.isBlocked ? now : null,
    isHot: asked.isHot,
    recreatedFrom: null,
  };
}

/** Marks of a pool that was never blocked, allowed or recreated. */
const unswitched = {
  isBlocked: false,
  blockedAt: null,
  allowedAt: null,
  pendingBlockAt: null,
  pendingAllowAt: null,
  isHot: false,
} as const;

/** The target of a pool that a text names: its id, or for binary pools a label, `yes` or `no` (PL2, TG11). Throws 6611. */
export function targetOfPool(pool: Pick<Pool, 'type' | 'targets'>, text: string): string {
  const slug = poolTargetSlug(text);
  const byId = pool.targets.find((entry) => entry.targetId === slug);
  if (byId !== undefined) return byId.targetId;
  const named = isBinary(pool.type) ? binaryTarget(pool.targets, slug) : undefined;
  if (named === undefined) throw new RuleError('unknown_target', { target_id: slug });
  return named;
}

/** Why a pool takes no bet at an instant: first resolution and time, then the block (BT3, PL5); null when it does. */
export function poolRefusal(pool: Pool, now: number): 'pool_closed' | 'pool_blocked' | null {
  if (pool.state !== 'open') return 'pool_closed';
  if (pool.stopAcceptingBetsAt !== null && now >= pool.stopAcceptingBetsAt) return 'pool_closed';
  if (pool.finishAt !== null && now >= pool.finishAt) return 'pool_closed';
  return isBlockedAt(pool, now) ? 'pool_blocked' : null;
}

/** Whether betting is blocked at an instant, also when a due block or allow was not carried out yet (PL7, SC3). */
export function isBlockedAt(pool: Pool, now: number): boolean {
  const blockAt = dueAt(pool.pendingBlockAt, now);
  const allowAt = dueAt(pool.pendingAllowAt, now);
  if (blockAt === null && allowAt === null) return pool.isBlocked;
  return (blockAt ?? Number.NEGATIVE_INFINITY) > (allowAt ?? Number.NEGATIVE_INFINITY);
}

/** Throws 6616 for a pool that will not change any more (PL13). */
export function assertUnresolved(pool: Pick<Pool, 'state' | 'poolId'>): void {
  if (pool.state !== 'open') throw new RuleError('pool_closed', { pool_id: pool.poolId });
}

/** Unresolved pools of an action: what 3975 and 3985 act on (PL8). */
export function poolsOfAction<P extends Pick<Pool, 'state' | 'actionId'>>(pools: readonly P[], actionId: string): P[] {
  return pools.filter((pool) => pool.state === 'open' && pool.actionId === actionId);
}

/** Unresolved pools of an action with a target on the path of `targetId`: what 3961 marks (PL10). Throws 6610 when none. */
export function poolsOnPath<P extends Pick<Pool, 'state' | 'actionId' | 'targets'>>(
  pools: readonly P[],
  actionId: string,
  targetId: string,
): P[] {
  const path = new Set(pathOf(targetId));
  const onPath = poolsOfAction(pools, actionId).filter((pool) =>
    pool.targets.some((target) => path.has(target.targetId)),
  );
  if (onPath.length === 0) throw new RuleError('unknown_pool');
  return onPath;
}

/** What ended a pool. */
export type PoolEnd = 'event' | 'expiry' | 'close' | 'void';

/** Whether the pool's end creates its successor in the same transaction (PL11). */
export function isRecreated(pool: Pick<Pool, 'recreateOnEnd'>, end: PoolEnd, gameState: GameState): boolean {
  const isLastWord = end === 'close' || end === 'void' || gameState === 'closing' || gameState === 'closed';
  return pool.recreateOnEnd && !isLastWord;
}

/** The successor of a resolved pool: same question, its times shifted to begin at `resolvedAt` (PL11). */
export function recreatePool(pool: Pool, resolvedAt: number): NewPool {
  const shiftMs = resolvedAt - pool.startAt;
  const { poolId, logSeq: _, ...rest } = pool;
  return {
    ...rest,
    ...unswitched,
    state: 'open',
    startAt: resolvedAt,
    finishAt: pool.finishAt === null ? null : pool.finishAt + shiftMs,
    stopAcceptingBetsAt: pool.stopAcceptingBetsAt === null ? null : pool.stopAcceptingBetsAt + shiftMs,
    recreatedFrom: poolId,
  };
}

/** In which of a user's lists a pool stands (6.2); null in none of them. */
export function listOf(
  pool: Pick<Pool, 'state'>,
  mine: { readonly hasBet: boolean; readonly hasValidBet: boolean },
): 'open' | 'running' | 'closed' | null {
  if (pool.state === 'open') return mine.hasValidBet ? 'running' : 'open';
  return mine.hasBet ? 'closed' : null;
}

type Question = Pick<Pool, 'actionId' | 'targets' | 'targetLevel'>;

function mutualQuestion(asked: AskedPool, vocabulary: GameVocabulary): Question {
  if (asked.action === null) throw missingParameter('action_id');
  if (asked.targets.length === 0) throw missingParameter('targets');
  const { actionId } = findAction(vocabulary.actions, asked.action);
  const found = new Map(
    asked.targets.map((label) => {
      const entry = findTarget(vocabulary.targets, label, 'targets');
      return [entry.targetId, entry];
    }),
  );
  const none = found.get(NONE) ?? findTarget(vocabulary.targets, NONE);
  found.delete(NONE);
  const [targetLevel, ...otherLevels] = new Set(Array.from(found.keys(), levelOf));
  if (targetLevel === undefined) throw invalidParameter('targets', 'A pool needs a target besides none.');
  if (otherLevels.length > 0) throw new RuleError('mixed_target_levels');
  return { actionId, targets: [...found.values(), none], targetLevel };
}

function binaryQuestion(labels: readonly string[], newId: () => string): Question {
  const [positive, negative, ...others] = labels.length === 0 ? BINARY_LABELS : labels.map((label) => label.trim());
  if (positive === undefined || negative === undefined || others.length > 0) throw invalidParameter('targets');
  if (poolTargetSlug(positive) === poolTargetSlug(negative)) throw invalidParameter('targets');
  const targets = [
    { targetId: newId(), displayName: positive },
    { targetId: NONE, displayName: negative },
  ];
  return { actionId: newId(), targets, targetLevel: 1 };
}

/** Labels win over `yes` and `no`, so that a pool labelled the other way round means what it shows. */
function binaryTarget(targets: readonly TargetEntry[], slug: string): string | undefined {
  const labelled = targets.find((entry) => poolTargetSlug(entry.displayName) === slug);
  if (labelled !== undefined) return labelled.targetId;
  if (slug === 'yes') return targets[0]?.targetId;
  return slug === 'no' ? NONE : undefined;
}

/** Labels of binary pools are free text, so a text that is no target id is only slugged. */
function poolTargetSlug(text: string): string {
  try {
    return targetIdOf(text, 'target');
  } catch (error) {
    if (error instanceof RuleError) return slugOf(text);
    throw error;
  }
}

function planFinish(finishAt: number | null, now: number): number {
  if (finishAt === null) throw missingParameter('finish_at');
  if (finishAt <= now) throw invalidParameter('finish_at');
  return finishAt;
}

function planStop(stopAt: number | null, finishAt: number | null, now: number): number | null {
  if (stopAt === null) return null;
  if (stopAt <= now || (finishAt !== null && stopAt > finishAt)) throw invalidParameter('stop_accepting_bets_at');
  return stopAt;
}

function dueAt(at: number | null, now: number): number | null {
  return at !== null && at <= now ? at : null;
}
