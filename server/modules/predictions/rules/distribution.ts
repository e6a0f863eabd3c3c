import { moneyOut } from './money.ts';
import { decidedMultiplier, openMultiplier, type Verdict } from './multiplier.ts';
import type { Bet, Pool } from './types.ts';

/** Valid bets on one target: distinct people (I14) and their money in hundredths. */
export type Backing = { readonly people: number; readonly money: bigint };

/** Backing by target id; targets without a bet may be left out. */
export type Backings = ReadonlyMap<string, Backing>;

/** Most bets shown for a target, the newest ones (BO1). */
export const MOST_BETS_SHOWN = 100;

/** A bet as sent (4.3). */
export type BetShape = { bet_id: string; placed_at: number; amount: number; user_id: string };

/** One line of a distribution as sent (4.3). */
export type DistributionShape = {
  target_id: string;
  display_name: string;
  backing_people: number;
  backing_money: number;
  to_win_if_backed: number;
  bets?: BetShape[];
  bets_total?: number;
  user_ids?: string[];
};

/** Bets shown on one target: the newest in order of placing, how many there are in all, and (REST) who placed them. */
export type ShownBets = {
  readonly bets: readonly Bet[];
  readonly total: number;
  readonly userIds?: readonly string[];
};

const nobody: Backing = { people: 0, money: 0n };

/** Backing of every target, counted from all valid bets of a pool. */
export function countBackings(bets: readonly Bet[]): Map<string, Backing> {
  const money = new Map<string, bigint>();
  const people = new Map<string, Set<string>>();
  for (const bet of bets) {
    money.set(bet.targetId, (money.get(bet.targetId) ?? 0n) + bet.amount);
    people.set(bet.targetId, (people.get(bet.targetId) ?? new Set<string>()).add(bet.userId));
  }
  return new Map(
    Array.from(money, ([targetId, sum]) => [targetId, { people: people.get(targetId)?.size ?? 0, money: sum }]),
  );
}

/** Backings after newly accepted bets of a pool; a newcomer counts as one more person (BT4: one target a user). */
export function addToBackings(
  backings: Backings,
  accepted: readonly { readonly bet: Bet; readonly isNewcomer: boolean }[],
): Map<string, Backing> {
  const sums = new Map(backings);
  for (const { bet, isNewcomer } of accepted) {
    const { people, money } = sums.get(bet.targetId) ?? nobody;
    sums.set(bet.targetId, { people: people + (isNewcomer ? 1 : 0), money: money + bet.amount });
  }
  return sums;
}

/** All people and money of a pool: `participants` (I13) and `amount_total`. */
export function sumBackings(backings: Backings): Backing {
  let people = 0;
  let money = 0n;
  for (const backing of backings.values()) {
    people += backing.people;
    money += backing.money;
  }
  return { people, money };
}

/** Distribution of a pool, targets in their order (PO9); with its verdict once decided (PO10). Bets where `shown` has them. */
export function distributionShape(
  pool: Pick<Pool, 'targets'>,
  backings: Backings,
  options: { verdict?: Verdict; shown?: ReadonlyMap<string, ShownBets>; legacySeconds?: boolean } = {},
): DistributionShape[] {
  const { verdict, shown, legacySeconds = false } = options;
  const total = sumBackings(backings).money;
  return pool.targets.map(({ targetId, displayName }) => {
    const { people, money } = backings.get(targetId) ?? nobody;
    const poolMoney = { total, onTarget: money };
    return {
      target_id: targetId,
      display_name: displayName,
      backing_people: people,
      backing_money: moneyOut(money),
      to_win_if_backed:
        verdict === undefined ? openMultiplier(poolMoney) : decidedMultiplier(targetId, poolMoney, verdict),
      ...(shown === undefined ? {} : shownShape(shown.get(targetId), legacySeconds)),
    };
  });
}

/** Body of 361 after the accepted bets of one batch: the changed distribution and the newest of these bets (BO2). */
export function distributionUpdateShape(
  pool: Pick<Pool, 'poolId' | 'gameId' | 'targetLevel' | 'targets'>,
  backings: Backings,
  newBets: readonly Bet[],
  legacySeconds = false,
) {
  const { people, money } = sumBackings(backings);
  const { bets, total } = newestBets(newBets);
  return {
    pool_id: pool.poolId,
    target_level: pool.targetLevel,
    distribution: distributionShape(pool, backings),
    new_bets: bets.map((bet) => betShape(bet, legacySeconds)),
    ...(total > bets.length ? { new_bets_total: total } : {}),
    game_id: pool.gameId,
    amount_total: moneyOut(money),
    participants: people,
  };
}

/** The newest bets of a list in order of placing, and the length of the whole (BO1, BO2). */
export function newestBets(bets: readonly Bet[]): { readonly bets: readonly Bet[]; readonly total: number } {
  return { bets: bets.slice(-MOST_BETS_SHOWN), total: bets.length };
}

/** A bet as sent; `placed_at` in whole seconds only for an operator who asks for the oldest form (I6). */
export function betShape(bet: Bet, legacySeconds = false): BetShape {
  return {
    bet_id: bet.betId,
    placed_at: placedAtOut(bet.placedAt, legacySeconds),
    amount: moneyOut(bet.amount),
    user_id: bet.userId,
  };
}

/** `placed_at` as sent (I6). */
export function placedAtOut(placedAt: number, legacySeconds: boolean): number {
  return legacySeconds ? Math.floor(placedAt / 1000) : placedAt;
}

function shownShape(shown: ShownBets | undefined, legacySeconds: boolean): Partial<DistributionShape> {
  const { bets, total, userIds }: ShownBets = shown ?? { bets: [], total: 0 };
  return {
    bets: bets.map((bet) => betShape(bet, legacySeconds)),
    ...(total > bets.length ? { bets_total: total } : {}),
    ...(userIds === undefined ? {} : { user_ids: [...userIds] }),
  };
}
