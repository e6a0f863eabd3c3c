import { RuleError } from './errors.ts';
import { assertGameAllows } from './game.ts';
import { type AmountLimits, moneyOut, parseStake } from './money.ts';
import { poolRefusal, targetOfPool } from './pool.ts';
import type { Bet, Game, Pool } from './types.ts';

/** A bet as asked for: `target` and `amount` still as sent. `betId` is used when it is accepted. */
export type BetCommand = {
  readonly betId: string;
  readonly userId: string;
  readonly poolId: string;
  readonly target: string;
  readonly amount: unknown;
  readonly clientRef: string | null;
  /** `pre_game` for the REST route of upcoming games (3.2, GM4). */
  readonly kind: 'live' | 'pre_game';
};

/** A pool under its lock, with what the next bet in it needs. */
export type PoolBook = {
  readonly pool: Pool;
  readonly game: Game;
  /** `placed_at` of the newest bet, 0 without bets (BT5). */
  readonly lastPlacedAt: number;
  readonly nextSeq: number;
};

/** What a user has in an unresolved pool: one target, all bets on it added up (BT4). */
export type Position = { readonly targetId: string; readonly amount: bigint };

/** All one command is decided against. */
export type BetView = {
  readonly book: PoolBook | undefined;
  readonly position: Position | undefined;
  /** The user's available money in the game's currency. */
  readonly available: bigint;
  /** The bet this user placed in this pool under the same `client_ref` (BT6). */
  readonly earlier: Bet | undefined;
};

export type AcceptedBet = {
  readonly kind: 'accepted';
  readonly bet: Bet;
  /** Whether the user is new to the pool, so that `participants` grows (I13). */
  readonly isNewcomer: boolean;
  readonly book: PoolBook;
  readonly position: Position;
  readonly available: bigint;
};

export type BetDecision =
  | AcceptedBet
  | { readonly kind: 'repeated'; readonly bet: Bet }
  | { readonly kind: 'refused'; readonly error: RuleError };

/** Decides one bet (BT3–BT6): first failure answers, nothing changes then. Never throws a `RuleError`. */
export function decideBet(view: BetView, command: BetCommand, now: number, limits: AmountLimits): BetDecision {
  if (view.book !== undefined && view.earlier !== undefined) return { kind: 'repeated', bet: view.earlier };
  try {
    return acceptBet(view, command, now, limits);
  } catch (error) {
    if (error instanceof RuleError) return { kind: 'refused', error };
    throw error;
  }
}

/** Everything a batch of commands is decided against. Keys are those of the functions below. */
export type BetBatch = {
  readonly books: ReadonlyMap<string, PoolBook>;
  readonly positions: ReadonlyMap<string, Position>;
  readonly available: ReadonlyMap<string, bigint>;
  readonly earlier: ReadonlyMap<string, Bet>;
};

/** Key of a user's position in a pool. */
export function positionKey(poolId: string, userId: string): string {
  return `${poolId}/${userId}`;
}

/** Key of a user's balance in a currency. */
export function balanceKey(userId: string, currency: string): string {
  return `${userId}/${currency}`;
}

/** Key of a bet's `client_ref` (BT6). */
export function clientRefKey(poolId: string, userId: string, clientRef: string): string {
  return `${poolId}/${userId}/${clientRef}`;
}

/**
 * Decides many commands in order, each seeing what the ones before it did, exactly as one by one; a bad one hurts no
 * other. Gives a decision per command and the state to write.
 */
export function decideBets(
  batch: BetBatch,
  commands: readonly BetCommand[],
  now: number,
  limits: AmountLimits,
): { readonly decisions: BetDecision[]; readonly batch: BetBatch } {
  const books = new Map(batch.books);
  const positions = new Map(batch.positions);
  const available = new Map(batch.available);
  const earlier = new Map(batch.earlier);
  const decisions = commands.map((command) => {
    const { poolId, userId, clientRef } = command;
    const book = books.get(poolId);
    const purse = balanceKey(userId, book?.game.currency ?? '');
    const ref = clientRef === null ? null : clientRefKey(poolId, userId, clientRef);
    const view = {
      book,
      position: positions.get(positionKey(poolId, userId)),
      available: available.get(purse) ?? 0n,
      earlier: ref === null ? undefined : earlier.get(ref),
    };
    const decision = decideBet(view, command, now, limits);
    if (decision.kind === 'accepted') {
      books.set(poolId, decision.book);
      positions.set(positionKey(poolId, userId), decision.position);
      available.set(purse, decision.available);
      if (ref !== null) earlier.set(ref, decision.bet);
    }
    return decision;
  });
  return { decisions, batch: { books, positions, available, earlier } };
}

function acceptBet(view: BetView, command: BetCommand, now: number, limits: AmountLimits): AcceptedBet {
  const { book, position } = view;
  if (book === undefined) throw new RuleError('unknown_pool', { pool_id: command.poolId });
  const placedAt = Math.max(now, book.lastPlacedAt);
  assertGameAllows(command.kind === 'live' ? 'bet' : 'bet_pre_game', book.game, placedAt);
  const refusal = poolRefusal(book.pool, placedAt);
  if (refusal !== null) throw new RuleError(refusal, { pool_id: command.poolId });
  const targetId = targetOfPool(book.pool, command.target);
  const amount = parseStake(command.amount, limits);
  if (position !== undefined && position.targetId !== targetId) {
    throw new RuleError('other_target_backed', { target_id: position.targetId });
  }
  if (amount > view.available) {
    const details = { available: moneyOut(view.available), amount: moneyOut(amount), currency: book.game.currency };
    throw new RuleError('insufficient_funds', details);
  }
  return {
    kind: 'accepted',
    bet: { betId: command.betId, userId: command.userId, targetId, amount, placedAt, seq: book.nextSeq },
    isNewcomer: position === undefined,
    book: { ...book, lastPlacedAt: placedAt, nextSeq: book.nextSeq + 1 },
    position: { targetId, amount: (position?.amount ?? 0n) + amount },
    available: view.available - amount,
  };
}
