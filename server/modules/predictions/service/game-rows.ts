import type { Tx } from '../../../platform/database/types.ts';
import { type Broadcast, CHANGES_TOPIC, gameTopic } from '../events.ts';
import type { BlockMarks } from '../rules/block.ts';
import type { StoredGame, StoredPool } from './store.ts';
import { cancelGameTimers } from './timetable.ts';

/** Writes the marks that a block or allow leaves (PL6, PL7). */
export async function setSwitchMarks(tx: Tx, poolId: string, marks: BlockMarks): Promise<void> {
  await tx.query(
    `update predictions_pools set is_blocked = $2, blocked_at = $3, allowed_at = $4, pending_block_at = $5, pending_allow_at = $6 where id = $1`,
    [poolId, marks.isBlocked, marks.blockedAt, marks.allowedAt, marks.pendingBlockAt, marks.pendingAllowAt],
  );
}

/** Blocks the manual pools of a game that is being closed, with a 368 each (GM7). */
export async function markBlocked(
  tx: Tx,
  pools: readonly StoredPool[],
  at: number,
  cause: string | undefined,
): Promise<void> {
  for (const pool of pools) {
    await setSwitchMarks(tx, pool.poolId, {
      isBlocked: true,
      blockedAt: at,
      allowedAt: pool.allowedAt,
      pendingBlockAt: null,
      pendingAllowAt: null,
    });
    const data: Broadcast = {
      body: { pool_id: pool.poolId, blocked_at: at },
      ...(cause === undefined ? {} : { cause }),
    };
    tx.append({ topic: gameTopic(pool.gameId), type: 'pool.blocked', data });
  }
}

/** Nothing is left to resolve: the game is closed and its timers are gone (GM8, GM12). */
export async function closeGameRow(
  tx: Tx,
  game: StoredGame,
  { at, cause, firing }: { at: number; cause?: string; firing?: { kind: string; key: string } },
): Promise<void> {
  await tx.query(`update predictions_games set state = 'closed', closed_at = $2 where id = $1`, [game.gameId, at]);
  await cancelGameTimers(tx, game.gameId, firing);
  const data: Broadcast = { body: { game_id: game.gameId }, ...(cause === undefined ? {} : { cause }) };
  tx.append({ topic: gameTopic(game.gameId), type: 'game.closed', data });
  tx.append({ topic: CHANGES_TOPIC, type: 'games', data: { game_id: game.gameId, source_id: game.sourceId } });
}
