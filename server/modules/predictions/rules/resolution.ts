import { type PoolDecision, type Settlement, settlePool } from './payout.ts';
import { assertUnresolved, isRecreated, type NewPool, recreatePool } from './pool.ts';
import { type ResultBody, resultBody } from './result.ts';
import { type Bet, type GameState, NONE, type Pool, type PoolState } from './types.ts';

/** What ends a pool: a deciding event, its time, the close of its game, or a void (6.2). */
export type PoolEnding =
  | { readonly kind: 'event'; readonly winningTarget: string; readonly happenedAt: number }
  | { readonly kind: 'expiry'; readonly dueAt: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'void' };

/** Everything the end of a pool writes and tells. */
export type PoolResolution = {
  readonly state: Exclude<PoolState, 'open'>;
  /** 362, or 363 for an expiry. */
  readonly res: 362 | 363;
  readonly settlement: Settlement;
  readonly body: ResultBody;
  /** The pool to create in the same transaction (PL11), or null. */
  readonly successor: NewPool | null;
};

/**
 * Ends a pool (6.2, PO1–PO11, EV7, EV14, PL11, PL12): who gets what, the body of 362 or 363, and its successor.
 * `bets` are all bets of the pool, in any order. Throws 6616 when it was ended before (PL13).
 */
export function resolvePool(
  pool: Pool,
  bets: readonly Bet[],
  ending: PoolEnding,
  moment: { readonly resolvedAt: number; readonly gameState: GameState },
): PoolResolution {
  assertUnresolved(pool);
  const { resolvedAt, gameState } = moment;
  const isExpiry = ending.kind === 'expiry';
  const settlement = settlePool(bets, decisionOf(ending));
  return {
    state: isExpiry ? 'expired' : ending.kind === 'void' ? 'voided' : 'resolved',
    res: isExpiry ? 363 : 362,
    settlement,
    body: resultBody(pool, settlement, { resolvedAt, expiredAt: isExpiry ? ending.dueAt : null }),
    successor: isRecreated(pool, ending.kind, gameState) ? recreatePool(pool, resolvedAt) : null,
  };
}

/** Only an event makes bets late (EV14); expiry and close decide for `none` (PL12, GM7), a void for nobody (PO2). */
function decisionOf(ending: PoolEnding): PoolDecision {
  if (ending.kind === 'event') return { winningTarget: ending.winningTarget, lateFrom: ending.happenedAt };
  return { winningTarget: ending.kind === 'void' ? null : NONE, lateFrom: null };
}
