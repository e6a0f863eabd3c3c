import type { Tx } from '../../../platform/database/types.ts';
import { type Broadcast, gameTopic } from '../events.ts';
import { comparePools } from '../rules/events.ts';
import { poolShape } from '../shapes.ts';
import { lockPools, type StoredGame, type StoredPool } from './store.ts';

/** Body of 352: a new pool has no bets yet. */
export function newPoolBody(pool: StoredPool, liveStartAt: number | null): Record<string, unknown> {
  return poolShape(pool, { liveStartAt, shown: new Map() });
}

/** Tells of recreated pools, after everything the step has settled (352 follows 362, EV8, PL11). */
export async function announcePools(tx: Tx, game: StoredGame, cause?: string): Promise<void> {
  const rows = await tx.query<{ id: string }>(
    'select id from predictions_pools where game_id = $1 and not is_announced',
    [game.gameId],
  );
  if (rows.length === 0) return;
  const pools = await lockPools(
    tx,
    rows.map((row) => row.id),
  );
  await tx.query('update predictions_pools set is_announced = true where id = any ($1::uuid[])', [[...pools.keys()]]);
  for (const pool of [...pools.values()].sort(comparePools)) {
    const data: Broadcast = { body: newPoolBody(pool, game.liveStartAt), ...(cause === undefined ? {} : { cause }) };
    tx.append({ topic: gameTopic(game.gameId), type: 'pool.created', data });
  }
}
