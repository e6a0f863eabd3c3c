import type { Pool } from '@greenroom/client';

export type Acceptance = 'accepting' | 'blocked' | 'stopped';

/** Whether a pool takes predictions at this moment (PL5), as far as a page can know. */
export function acceptance(pool: Pool, nowMs: number): Acceptance {
  const { stop_accepting_bets_at: stopAt, finish_at: finishAt } = pool;
  if ((stopAt !== null && nowMs >= stopAt) || (finishAt !== null && nowMs >= finishAt)) return 'stopped';
  return pool.is_blocked ? 'blocked' : 'accepting';
}
