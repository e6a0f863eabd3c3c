import type { ResolvedPool } from '@greenroom/client';

export type Outcome = 'won' | 'lost' | 'returned';

/** Everything staked in a pool that still counted. */
export function stakeOf(pool: ResolvedPool): number {
  return Object.values(pool.user_backed).reduce((sum, amount) => sum + amount, 0);
}

/** How a decided pool ended for the player; a stake that was late or returned is neither won nor lost. */
export function outcome(pool: ResolvedPool): Outcome {
  const winning = pool.winning_target;
  if (pool.is_money_return || winning === null || stakeOf(pool) === 0) return 'returned';
  return (pool.user_backed[winning] ?? 0) > 0 ? 'won' : 'lost';
}

/** Net of a decided pool: gain, minus the stake, or 0. */
export function netOf(pool: ResolvedPool): number {
  const how = outcome(pool);
  if (how === 'won') return pool.total_winnings;
  return how === 'lost' ? -stakeOf(pool) : 0;
}
