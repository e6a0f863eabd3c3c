import { actionShapes } from './rules/actions.ts';
import { type Backing, type Backings, type DistributionShape, distributionShape, type ShownBets } from './rules/distribution.ts';
import { gameStatus } from './rules/game.ts';
import type { GameStateRow } from './rules/game-state.ts';
import { moneyOut } from './rules/money.ts';
import type { Verdict } from './rules/multiplier.ts';
import { targetTree } from './rules/targets.ts';
import type { StoredGame, StoredPool } from './service/store.ts';

/** Shapes of section 4.3, made from stored rows. Field names and their doubles are the documented ones (4.6). */

/** Backing of every target of a pool. */
export function backingsOf(pool: Pick<StoredPool, 'targets' | 'money' | 'people'>): Backings {
  return new Map(pool.targets.map((target, i): [string, Backing] => [target.targetId, { people: pool.people[i]!, money: pool.money[i]! }]));
}

/** How a decided pool ended, for its multipliers (PO10); undefined while it is open. */
export function verdictOf(pool: Pick<StoredPool, 'state' | 'winningTarget' | 'isMoneyReturn'>): Verdict | undefined {
  return pool.state === 'open' ? undefined : { winningTarget: pool.winningTarget, isMoneyReturn: pool.isMoneyReturn ?? true };
}

/** Distribution of a pool; with bets where `shown` gives them. */
export function poolDistribution(pool: StoredPool, shown?: ReadonlyMap<string, ShownBets>, legacySeconds = false): DistributionShape[] {
  return distributionShape(pool, backingsOf(pool), { verdict: verdictOf(pool), shown, legacySeconds });
}

export interface PoolShapeOptions {
  liveStartAt: number | null;
  shown?: ReadonlyMap<string, ShownBets>;
  legacySeconds?: boolean;
}

/** Shape "Pool" (4.3) with both spellings of each doubled field (I11, I12, I17, I20). */
export function poolShape(pool: StoredPool, options: PoolShapeOptions): Record<string, unknown> {
  const total = pool.money.reduce((sum, money) => sum + money, 0n);
  return {
    pool_id: pool.poolId,
    game_id: pool.gameId,
    description: pool.description,
    name: pool.description,
    type: pool.type,
    pool_type: pool.type,
    action_id: pool.actionId,
    target_level: pool.targetLevel,
    participants: pool.participants,
    people_involved: pool.participants,
    amount_total: moneyOut(total),
    money_at_stake: moneyOut(total),
    is_blocked: pool.isBlocked,
    is_hot: pool.isHot,
    distribution: poolDistribution(pool, options.shown, options.legacySeconds),
    start_at: pool.startAt,
    live_start_at: options.liveStartAt,
    finish_at: pool.finishAt,
    stop_accepting_bets_at: pool.stopAcceptingBetsAt,
    recreated_from: pool.recreatedFrom,
  };
}

/** Shape "GameCard" (4.3, I26). */
export function gameCard(game: StoredGame, now: number): Record<string, unknown> {
  const scheduledAt = game.liveStartAt ?? game.openAt;
  return {
    game_id: game.gameId,
    status: gameStatus(game, now),
    name: game.name,
    type: game.typeId,
    type_name: game.typeName,
    open_at: game.openAt,
    schedulted_at: scheduledAt,
    scheduled_at: scheduledAt,
    live_start_at: game.liveStartAt,
    close_at: game.closeAt,
    targets: targetTree(game.targets),
    actions: actionShapes(game.actions),
  };
}

/** Body of 340, 3401 and 3402. */
export function gameCreatedBody(game: StoredGame): Record<string, unknown> {
  return {
    source_id: game.sourceId,
    game_id: game.gameId,
    game_name: game.name,
    type: game.typeGiven,
    actions: actionShapes(game.actions),
    targets: targetTree(game.targets),
    open_at: game.openAt,
    live_start_at: game.liveStartAt,
    live_finish_at: game.liveFinishAt,
    close_at: game.closeAt,
    hashtag: game.hashtag,
    image_url: game.imageUrl,
    currency: game.currency,
  };
}

export interface PastEvent {
  event_id: string;
  action_id: string;
  target_id: string;
  happened_at: number;
}

/** Body of 342. */
export function gameDetailsBody(game: StoredGame, now: number, state: readonly GameStateRow[], pastEvents: readonly PastEvent[]): Record<string, unknown> {
  return {
    game_id: game.gameId,
    source_id: game.sourceId,
    name: game.name,
    game_name: game.name,
    status: gameStatus(game, now),
    type: game.typeId,
    type_name: game.typeName,
    actions: actionShapes(game.actions),
    targets: targetTree(game.targets),
    game_state: state,
    past_events: pastEvents,
    open_at: game.openAt,
    live_start_at: game.liveStartAt,
    live_finish_at: game.liveFinishAt,
    close_at: game.closeAt,
    currency: game.currency,
    hashtag: game.hashtag,
    image_url: game.imageUrl,
  };
}
