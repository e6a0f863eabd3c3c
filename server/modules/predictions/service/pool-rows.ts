import type { Tx } from '../../../platform/database/types.ts';
import type { Timers } from '../../../platform/jobs/timers.ts';
import type { NewPool } from '../rules/pool.ts';
import { timersOfPool } from './timetable.ts';

/** Writes new pools with their expiry timers. Their place in the log of the game is taken by the insert (EV2). */
export async function insertPools(
  tx: Tx,
  timers: Timers,
  pools: readonly (NewPool & { poolId: string })[],
  options: { isAnnounced: boolean; expiryGraceMs: number },
): Promise<void> {
  for (const pool of pools) {
    await tx.query(
      `insert into predictions_pools (id, game_id, description, type, action_id, targets, target_level, start_at, finish_at,
         stop_accepting_bets_at, recreate_on_end, recreated_from, is_announced, is_blocked, blocked_at, is_hot, money, people, bet_counts)
       values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, array_fill(0::bigint, array[$17::int]), array_fill(0, array[$17::int]), array_fill(0, array[$17::int]))`,
      [
        pool.poolId,
        pool.gameId,
        pool.description,
        pool.type,
        pool.actionId,
        JSON.stringify(pool.targets),
        pool.targetLevel,
        pool.startAt,
        pool.finishAt,
        pool.stopAcceptingBetsAt,
        pool.recreateOnEnd,
        pool.recreatedFrom,
        options.isAnnounced,
        pool.isBlocked,
        pool.blockedAt,
        pool.isHot,
        pool.targets.length,
      ],
    );
  }
  await timers.set(
    tx,
    pools.flatMap((pool) => timersOfPool(pool, options.expiryGraceMs)),
  );
}
