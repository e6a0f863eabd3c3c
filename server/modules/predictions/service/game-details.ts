import type { Queryable } from '../../../platform/database/types.ts';
import { gameDetailsShape, type PastEvent } from '../rules/game-shapes.ts';
import { type EventCount, gameStateRows } from '../rules/game-state.ts';
import { readGame } from './store.ts';

/** Most past events shown with a game; more are read in pages (DESIGN M5). */
const MOST_PAST_EVENTS = 1_000;

/** Counted events of a game by action and level-1 target (GM6). */
export async function readEventCounts(database: Queryable, gameId: string): Promise<EventCount[]> {
  const rows = await database.query<{ action_id: string; target: string; n: bigint }>(
    `select action_id, split_part(target_id, ':', 1) as target, count(*) as n from predictions_events
     where game_id = $1 and pool_id is null and target_id <> 'none' group by action_id, target order by min(log_seq)`,
    [gameId],
  );
  return rows.map((row) => ({ actionId: row.action_id, targetId: row.target, count: Number(row.n) }));
}

/** Body of 342: the game, its state, and its events, newest first (I4). @throws RuleError 6609 */
export async function gameDetails(database: Queryable, gameId: string, now: number): Promise<Record<string, unknown>> {
  const game = await readGame(database, gameId);
  const state = gameStateRows(await readEventCounts(database, gameId), game.typeName);
  const rows = await database.query<{
    shown_id: string;
    action_id: string;
    target_id: string;
    happened_at: bigint;
    log_seq: bigint;
  }>(
    `select shown_id, action_id, target_id, happened_at, log_seq from predictions_events where game_id = $1 and pool_id is null
     order by happened_at desc, log_seq desc limit $2`,
    [gameId, MOST_PAST_EVENTS],
  );
  const pastEvents = rows.map(
    (row): PastEvent => ({
      eventId: row.shown_id,
      actionId: row.action_id,
      targetId: row.target_id,
      happenedAt: Number(row.happened_at),
      logSeq: Number(row.log_seq),
    }),
  );
  return gameDetailsShape(game, state, pastEvents, now);
}
