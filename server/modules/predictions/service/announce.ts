import type { Tx } from '../../../platform/database/types.ts';
import { type Broadcast, gameTopic } from '../events.ts';
import { comparePools } from '../rules/events.ts';
import { poolShape } from '../shapes.ts';
import { POOL_COLUMNS, type PoolRow, poolFromRow, type StoredPool } from './store.ts';

/** Body of 352: a new pool has no bets yet. */
export function newPoolBody(pool: StoredPool, liveStartAt: number | null): Record<string, unknown> {
  return poolShape(pool, { liveStartAt, shown: new Map() });
}

/** Tells of recreated pools, after everything the step has settled (352 follows 362, EV8, PL11). */
export async function announcePools(tx: Tx, gameId: string): Promise<void> {
  const rows = await tx.query<PoolRow & { live_start_at: bigint | null }>(
    `update predictions_pools set is_announced = true where game_id = $1 and not is_announced
     returning ${POOL_COLUMNS}, (select g.live_start_at from predictions_games g where g.id = game_id) as live_start_at`,
    [gameId],
  );
  const liveStartAt = rows[0]?.live_start_at ?? null;
  for (const pool of rows.map(poolFromRow).sort(comparePools)) {
    const body = newPoolBody(pool, liveStartAt === null ? null : Number(liveStartAt));
    tx.append({ topic: gameTopic(gameId), type: 'pool.created', data: { body } satisfies Broadcast });
  }
}
