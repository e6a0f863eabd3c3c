// The contract's rules on who decides a pool and who is paid what, written down once more without looking at `rules/`: plain and slow.

export interface ModelPool {
  id: string;
  type: number;
  actionId: string;
  targetIds: readonly string[];
  logSeq: number;
  startAt: number;
  finishAt: number | null;
}

export interface ModelEvent {
  id: string;
  /** Place in the Resolver's log of the game, and when it was put there. */
  seq: number;
  at: number;
  logSeq: number;
  actionId: string;
  targetId: string;
  happenedAt: number;
  /** The pool of a 395 on a binary pool. */
  poolId: string | null;
}

export interface ModelClose {
  /** Infinity for the timer: at one instant it comes after all that was registered (SC3). */
  seq: number;
  at: number;
  isForced: boolean;
  /** A game that was never opened voids its pools (GM11). */
  isOfUnopened: boolean;
}

export interface ModelBet {
  userId: string;
  targetId: string;
  amount: bigint;
  placedAt: number;
  seq: number;
}

export type Ending = {
  state: 'open' | 'resolved' | 'expired' | 'voided';
  winner: string | null;
  lateFrom: number | null;
  decidedBy: string | null;
  expiredAt: number | null;
};

const OPEN: Ending = { state: 'open', winner: null, lateFrom: null, decidedBy: null, expiredAt: null };

/** How a pool must have ended by `now`: the first that decides it, events and closes in order of registration, timers by due time (SC2, SC3). */
export function endingOf(
  pool: ModelPool,
  game: { events: readonly ModelEvent[]; closes: readonly ModelClose[] },
  { graceMs, now }: { graceMs: number; now: number },
): Ending {
  const endings: { at: number; rank: number; seq: number; ending: Ending }[] = [];
  for (const event of game.events) {
    const winner = winnerBy(event, pool);
    if (winner === null) continue;
    const ending = { ...OPEN, state: 'resolved' as const, winner, lateFrom: event.happenedAt, decidedBy: event.id };
    endings.push({ at: event.at, rank: 0, seq: event.seq, ending });
  }
  if (pool.finishAt !== null) {
    const dueAt = pool.finishAt + graceMs;
    if (dueAt <= now) {
      const ending = { ...OPEN, state: 'expired' as const, winner: 'none', expiredAt: dueAt };
      endings.push({ at: dueAt, rank: 1, seq: 0, ending });
    }
  }
  for (const close of game.closes) {
    const ending = endingBy(close, pool);
    if (ending && close.at <= now) {
      endings.push({ at: close.at, rank: close.seq === Number.POSITIVE_INFINITY ? 2 : 0, seq: close.seq, ending });
    }
  }
  endings.sort((a, b) => a.at - b.at || a.rank - b.rank || a.seq - b.seq);
  return endings[0]?.ending ?? OPEN;
}

/** EV2-EV5, EV11. */
function winnerBy(event: ModelEvent, pool: ModelPool): string | null {
  if (event.poolId !== null) return event.poolId === pool.id ? event.targetId : null;
  if (event.actionId !== pool.actionId || event.logSeq <= pool.logSeq || event.happenedAt < pool.startAt) return null;
  if (pool.finishAt !== null && event.happenedAt > pool.finishAt) return null;
  return pool.targetIds.find((target) => event.targetId === target || event.targetId.startsWith(`${target}:`)) ?? null;
}

/** GM7, GM9, GM11. */
function endingBy(close: ModelClose, pool: ModelPool): Ending | null {
  if (close.isOfUnopened) return { ...OPEN, state: 'voided' };
  if (pool.type <= 2) return { ...OPEN, state: 'resolved', winner: 'none' };
  return close.isForced ? { ...OPEN, state: 'voided' } : null;
}

export interface Share {
  stake: bigint;
  late: bigint;
  payout: bigint;
  returned: bigint;
  isWinner: boolean;
}

/** PO1-PO8, EV7: what each bettor gets. */
export function sharesOf(
  bets: readonly ModelBet[],
  { winner, lateFrom }: Pick<Ending, 'winner' | 'lateFrom'>,
): { isMoneyReturn: boolean; shares: Map<string, Share> } {
  const valid = bets.filter((bet) => lateFrom === null || bet.placedAt < lateFrom);
  const total = sum(valid);
  const onWinner = sum(valid.filter((bet) => bet.targetId === winner));
  const isMoneyReturn = onWinner === 0n;
  const shares = new Map<string, Share>();
  for (const userId of new Set(bets.map((bet) => bet.userId))) {
    const mine = valid.filter((bet) => bet.userId === userId);
    const stake = sum(mine);
    const late = sum(bets.filter((bet) => bet.userId === userId)) - stake;
    const isWinner = !isMoneyReturn && mine[0]?.targetId === winner;
    const payout = isWinner ? (total * stake) / onWinner : 0n;
    shares.set(userId, { stake, late, payout, returned: late + (isMoneyReturn ? stake : 0n), isWinner });
  }
  let left = isMoneyReturn ? 0n : total - [...shares.values()].reduce((all, share) => all + share.payout, 0n);
  while (left > 0n) {
    const [lucky] = [...shares]
      .filter(([, share]) => share.isWinner && share.payout * onWinner <= total * share.stake)
      .sort((a, b) => {
        const remainder = ([, share]: [string, Share]) => total * share.stake - share.payout * onWinner;
        const first = ([userId]: [string, Share]) => valid.find((bet) => bet.userId === userId)!.seq;
        return Number(remainder(b) > remainder(a)) - Number(remainder(b) < remainder(a)) || first(a) - first(b);
      });
    lucky![1].payout += 1n;
    left -= 1n;
  }
  return { isMoneyReturn, shares };
}

function sum(bets: readonly ModelBet[]): bigint {
  return bets.reduce((all, bet) => all + bet.amount, 0n);
}
