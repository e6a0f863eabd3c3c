import type { Bet, BetOutcome } from './types.ts';

/** What decides a pool. */
export type PoolDecision = {
  /** Null for a void pool (PO2). */
  readonly winningTarget: string | null;
  /** Bets placed at this instant or later are late (EV7); null when nothing is late: close, expiry, void (EV14). */
  readonly lateFrom: number | null;
};

/** What the settlement does to one bettor, in hundredths. */
export type UserSettlement = {
  readonly userId: string;
  /** Valid stakes. */
  readonly stake: bigint;
  readonly stakeOnWinner: bigint;
  /** Stakes of late bets, given back in full (EV7). */
  readonly lateStake: bigint;
  /** Share of the pool, own stake included (PO3, PO4); 0 on money return. */
  readonly payout: bigint;
  /** Stakes given back: late ones, and valid ones on money return (PO2). */
  readonly returned: bigint;
  /** Added to available: payout + returned (PO11). */
  readonly credited: bigint;
  /** Taken from exposure: stake + lateStake (PO11). */
  readonly released: bigint;
  /** Won or lost: payout − stake for winners, −stake for losers, else 0 (PO6, LB2). */
  readonly net: bigint;
  readonly outcome: Exclude<BetOutcome, 'placed'>;
};

/** How a pool is settled. */
export type Settlement = {
  readonly winningTarget: string | null;
  readonly isMoneyReturn: boolean;
  /** T: all valid stakes (PO1). */
  readonly total: bigint;
  /** S: valid stakes on the winner (PO1). */
  readonly onWinner: bigint;
  /** One per bettor, in order of first registered bet. */
  readonly users: readonly UserSettlement[];
  /** One per bet, in the order of the bets given. */
  readonly betOutcomes: readonly Exclude<BetOutcome, 'placed'>[];
};

/**
 * Settles a pool (PO1–PO8, EV7): late bets go back, the rest of the pool goes to the winners by their stakes, left-over
 * hundredths by largest remainder. Bets may come in any order; their `seq` tells who registered first. O(n log n).
 */
export function settlePool(bets: readonly Bet[], decision: PoolDecision): Settlement {
  const { winningTarget, lateFrom } = decision;
  const isLate = (bet: Bet) => lateFrom !== null && bet.placedAt >= lateFrom;
  const stakes = stakesByUser(bets, isLate, winningTarget);
  let total = 0n;
  let onWinner = 0n;
  for (const stake of stakes) {
    total += stake.valid;
    onWinner += stake.winning;
  }
  const isMoneyReturn = onWinner === 0n;
  const payouts = isMoneyReturn ? new Map<string, bigint>() : sharePool(stakes, total, onWinner);
  const betOutcome = (bet: Bet) => {
    if (isLate(bet)) return 'invalidated';
    if (isMoneyReturn) return 'returned';
    return bet.targetId === winningTarget ? 'won' : 'lost';
  };
  return {
    winningTarget,
    isMoneyReturn,
    total,
    onWinner,
    users: stakes.map((stake) => settleUser(stake, payouts.get(stake.userId) ?? 0n, isMoneyReturn)),
    betOutcomes: bets.map(betOutcome),
  };
}

/** Outcome counts of one user's bets: what ST1 and ST2 count. */
export function countOutcomes(outcomes: readonly BetOutcome[]): Readonly<Record<BetOutcome, number>> {
  const counts = { placed: 0, won: 0, lost: 0, returned: 0, invalidated: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

type UserStakes = {
  readonly userId: string;
  /** Smallest `seq` of any bet: the order users are listed in. */
  firstSeq: number;
  /** Smallest `seq` of a valid bet: who gets a left-over unit first (PO4). */
  firstValidSeq: number;
  valid: bigint;
  winning: bigint;
  late: bigint;
};

/** Adds up each user's bets (PO8), in order of first registered bet. */
function stakesByUser(bets: readonly Bet[], isLate: (bet: Bet) => boolean, winner: string | null): UserStakes[] {
  const users = new Map<string, UserStakes>();
  for (const bet of bets) {
    let stakes = users.get(bet.userId);
    if (stakes === undefined) {
      const never = Number.POSITIVE_INFINITY;
      stakes = { userId: bet.userId, firstSeq: never, firstValidSeq: never, valid: 0n, winning: 0n, late: 0n };
      users.set(bet.userId, stakes);
    }
    stakes.firstSeq = Math.min(stakes.firstSeq, bet.seq);
    if (isLate(bet)) {
      stakes.late += bet.amount;
    } else {
      stakes.firstValidSeq = Math.min(stakes.firstValidSeq, bet.seq);
      stakes.valid += bet.amount;
      if (bet.targetId === winner) stakes.winning += bet.amount;
    }
  }
  return [...users.values()].sort((a, b) => a.firstSeq - b.firstSeq);
}

/** Payout of every winner: whole shares, then one left-over unit each by largest remainder (PO3, PO4). */
function sharePool(stakes: readonly UserStakes[], total: bigint, onWinner: bigint): Map<string, bigint> {
  const shares = stakes
    .filter((stake) => stake.winning > 0n)
    .map(({ userId, winning, firstValidSeq }) => {
      const product = total * winning;
      return { userId, firstValidSeq, units: product / onWinner, remainder: product % onWinner };
    });
  const leftOver = total - shares.reduce((sum, share) => sum + share.units, 0n);
  if (leftOver > 0n) {
    shares.sort((a, b) => {
      if (a.remainder === b.remainder) return a.firstValidSeq - b.firstValidSeq;
      return a.remainder > b.remainder ? -1 : 1;
    });
  }
  return new Map(shares.map(({ userId, units }, place) => [userId, place < leftOver ? units + 1n : units]));
}

function settleUser(stakes: UserStakes, payout: bigint, isMoneyReturn: boolean): UserSettlement {
  const returned = stakes.late + (isMoneyReturn ? stakes.valid : 0n);
  return {
    userId: stakes.userId,
    stake: stakes.valid,
    stakeOnWinner: stakes.winning,
    lateStake: stakes.late,
    payout,
    returned,
    credited: payout + returned,
    released: stakes.valid + stakes.late,
    net: isMoneyReturn ? 0n : payout - stakes.valid,
    outcome: userOutcome(stakes, isMoneyReturn),
  };
}

function userOutcome(stakes: UserStakes, isMoneyReturn: boolean): UserSettlement['outcome'] {
  if (stakes.valid === 0n) return 'invalidated';
  if (isMoneyReturn) return 'returned';
  return stakes.winning > 0n ? 'won' : 'lost';
}
