import { moneyOut } from './money.ts';
import type { Settlement, UserSettlement } from './payout.ts';
import type { Pool } from './types.ts';

/** Most entries of one map or list in a result (BO1). */
export const MOST_RESULT_ENTRIES = 1000;

/** Body of 362, and of 363 with `expired_at` (4.3 Result). */
export type ResultBody = {
  readonly pool_id: string;
  readonly game_id: string;
  readonly description: string;
  readonly winning_target: string | null;
  readonly winners: Readonly<Record<string, number>>;
  readonly losers: Readonly<Record<string, number>>;
  readonly invalidated_bettors: readonly string[];
  readonly is_money_return: boolean;
  readonly resolved_at: number;
  readonly expired_at?: number;
  readonly truncated?: true;
  readonly winners_total?: number;
  readonly losers_total?: number;
};

/** When a pool was settled; `expiredAt` is the due time of an expiry (SC4), null otherwise. */
export type ResolutionTimes = { readonly resolvedAt: number; readonly expiredAt: number | null };

/** The result everybody may read: maps and list bounded to the first 1,000 by stake, then id (PO6, BO1). */
export function resultBody(
  pool: Pick<Pool, 'poolId' | 'gameId' | 'description'>,
  settlement: Settlement,
  { resolvedAt, expiredAt }: ResolutionTimes,
): ResultBody {
  const winners = settlement.users.filter((user) => user.outcome === 'won');
  const losers = settlement.users.filter((user) => user.outcome === 'lost');
  const invalidated = settlement.users.filter(isInvalidated);
  const isTruncated = [winners, losers, invalidated].some((users) => users.length > MOST_RESULT_ENTRIES);
  return {
    pool_id: pool.poolId,
    game_id: pool.gameId,
    description: pool.description,
    winning_target: settlement.winningTarget,
    winners: Object.fromEntries(firstByStake(winners, (user) => user.stake).map(winnerEntry)),
    losers: Object.fromEntries(firstByStake(losers, (user) => user.stake).map(loserEntry)),
    invalidated_bettors: firstByStake(invalidated, (user) => user.lateStake).map((user) => user.userId),
    is_money_return: settlement.isMoneyReturn,
    resolved_at: resolvedAt,
    ...(expiredAt === null ? {} : { expired_at: expiredAt }),
    ...(isTruncated ? { truncated: true, winners_total: winners.length, losers_total: losers.length } : {}),
  };
}

/** The same result for one bettor, with the own entry added where the bound left it out (BO1); else the body itself. */
export function withOwnEntry(body: ResultBody, own: UserSettlement): ResultBody {
  const isMissing =
    (own.outcome === 'won' && !Object.hasOwn(body.winners, own.userId)) ||
    (own.outcome === 'lost' && !Object.hasOwn(body.losers, own.userId)) ||
    (isInvalidated(own) && !body.invalidated_bettors.includes(own.userId));
  if (!isMissing) return body;
  return {
    ...body,
    winners: own.outcome === 'won' ? withEntry(body.winners, winnerEntry(own)) : body.winners,
    losers: own.outcome === 'lost' ? withEntry(body.losers, loserEntry(own)) : body.losers,
    invalidated_bettors: isInvalidated(own)
      ? [...new Set([...body.invalidated_bettors, own.userId])]
      : body.invalidated_bettors,
  };
}

/** `total_winnings` of 355 in hundredths: net for winners, 0 for everybody else (PO7). */
export function totalWinnings(user: Pick<UserSettlement, 'outcome' | 'net'>): bigint {
  return user.outcome === 'won' ? user.net : 0n;
}

/** Whoever had a late bet, with or without a timely one beside it (EV7). */
function isInvalidated(user: UserSettlement): boolean {
  return user.lateStake > 0n;
}

function winnerEntry(user: UserSettlement): [string, number] {
  return [user.userId, moneyOut(user.net)];
}

function loserEntry(user: UserSettlement): [string, number] {
  return [user.userId, moneyOut(user.stake)];
}

function withEntry(map: Readonly<Record<string, number>>, entry: [string, number]): Record<string, number> {
  return Object.fromEntries([...Object.entries(map), entry]);
}

function firstByStake(users: readonly UserSettlement[], stakeOf: (user: UserSettlement) => bigint): UserSettlement[] {
  if (users.length <= MOST_RESULT_ENTRIES) return [...users];
  const byStake = users.toSorted((a, b) => {
    const [stakeA, stakeB] = [stakeOf(a), stakeOf(b)];
    if (stakeA !== stakeB) return stakeA > stakeB ? -1 : 1;
    return a.userId < b.userId ? -1 : 1;
  });
  return byStake.slice(0, MOST_RESULT_ENTRIES);
}
