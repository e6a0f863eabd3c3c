import { placedAtOut } from './distribution.ts';
import { moneyOut } from './money.ts';
import type { Bet, PoolState } from './types.ts';

/** A friend's bet with what its reader is shown of it (4.3 FriendBet). */
export type FriendBet = Bet & { readonly username: string; readonly poolId: string };

/** A friend's bet as sent, the target under both names (I21). */
export function friendBetShape(bet: FriendBet, legacySeconds = false) {
  return {
    user_id: bet.userId,
    username: bet.username,
    target: bet.targetId,
    target_id: bet.targetId,
    amount: moneyOut(bet.amount),
    placed_at: placedAtOut(bet.placedAt, legacySeconds),
    bet_id: bet.betId,
    pool_id: bet.poolId,
  };
}

/** `predictions` of 461: bets in unresolved pools, and the rest (FR2). */
export function friendBetsOfGame(
  bets: readonly (FriendBet & { readonly poolState: PoolState })[],
  legacySeconds = false,
) {
  const shapes = (isRunning: boolean) =>
    bets.filter((bet) => (bet.poolState === 'open') === isRunning).map((bet) => friendBetShape(bet, legacySeconds));
  return { running: shapes(true), resolved: shapes(false) };
}

/** Whether a bet is a friend's of the one who reads it; false for own bets (FR3). */
export function isByFriend(bettorId: string, readerId: string | null, friendIds: ReadonlySet<string>): boolean {
  return bettorId !== readerId && friendIds.has(bettorId);
}

/** Whether an `invite_id` makes two users friends: it must be known and not one's own (FR1). */
export function isInvitation(inviterId: string | null, userId: string): boolean {
  return inviterId !== null && inviterId !== userId;
}
