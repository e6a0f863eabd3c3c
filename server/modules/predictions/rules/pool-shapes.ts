import {
  type Backings,
  type DistributionShape,
  distributionShape,
  type ShownBets,
  sumBackings,
} from './distribution.ts';
import { moneyOut } from './money.ts';
import type { Verdict } from './multiplier.ts';
import type { UserSettlement } from './payout.ts';
import { totalWinnings } from './result.ts';
import type { Pool } from './types.ts';

/** A pool as sent (4.3). */
export type PoolShape = {
  pool_id: string;
  game_id: string;
  description: string;
  name: string;
  type: number;
  pool_type: number;
  action_id: string;
  target_level: number;
  participants: number;
  people_involved: number;
  amount_total: number;
  money_at_stake: number;
  is_blocked: boolean;
  is_hot: boolean;
  distribution: DistributionShape[];
  start_at: number;
  live_start_at: number | null;
  finish_at: number | null;
  stop_accepting_bets_at: number | null;
  recreated_from: string | null;
};

/** What a pool's shape is made of besides the pool. */
export type PoolFacts = {
  /** Valid bets only (PO10, I13). */
  readonly backings: Backings;
  /** `live_start_at` of the game. */
  readonly liveStartAt: number | null;
  readonly verdict?: Verdict;
  readonly shown?: ReadonlyMap<string, ShownBets>;
  readonly legacySeconds?: boolean;
};

/** A user's valid stakes in a pool by target, in hundredths; empty for a user whose only bets were late (6.2). */
export type UserBacked = ReadonlyMap<string, bigint>;

/** A pool as sent, under both spellings of its doubled fields (I10–I12, I17, I20). */
export function poolShape(pool: Pool, facts: PoolFacts): PoolShape {
  const { people, money } = sumBackings(facts.backings);
  return {
    pool_id: pool.poolId,
    game_id: pool.gameId,
    description: pool.description,
    name: pool.description,
    type: pool.type,
    pool_type: pool.type,
    action_id: pool.actionId,
    target_level: pool.targetLevel,
    participants: people,
    people_involved: people,
    amount_total: moneyOut(money),
    money_at_stake: moneyOut(money),
    is_blocked: pool.isBlocked,
    is_hot: pool.isHot,
    distribution: distributionShape(pool, facts.backings, facts),
    start_at: pool.startAt,
    live_start_at: facts.liveStartAt,
    finish_at: pool.finishAt,
    stop_accepting_bets_at: pool.stopAcceptingBetsAt,
    recreated_from: pool.recreatedFrom,
  };
}

/** A pool with the reader's own stakes (354). */
export function poolMineShape(
  pool: Pool,
  facts: PoolFacts,
  userBacked: UserBacked,
): PoolShape & { user_backed: Record<string, number> } {
  const stakes = Array.from(userBacked, ([targetId, amount]) => [targetId, moneyOut(amount)]);
  return { ...poolShape(pool, facts), user_backed: Object.fromEntries(stakes) };
}

/** What a resolved pool's shape adds for its reader. */
export type PoolOutcome = {
  readonly verdict: Verdict;
  readonly own: Pick<UserSettlement, 'outcome' | 'net'>;
  readonly resolvedAt: number;
  readonly gameName: string;
};

/** A resolved pool with the reader's own stakes and winnings (355). */
export function poolResultShape(pool: Pool, facts: PoolFacts, userBacked: UserBacked, outcome: PoolOutcome) {
  const { verdict } = outcome;
  return {
    ...poolMineShape(pool, { ...facts, verdict }, userBacked),
    winning_target: verdict.winningTarget,
    total_winnings: moneyOut(totalWinnings(outcome.own)),
    resolved_at: outcome.resolvedAt,
    game_name: outcome.gameName,
    is_money_return: verdict.isMoneyReturn,
  };
}
