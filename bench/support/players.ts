import { randomUUID } from 'node:crypto';
import type { PostgresDatabase } from '../../server/platform/database/database.ts';

const TARGETS = [
  { targetId: 'chile', displayName: 'Chile' },
  { targetId: 'peru', displayName: 'Peru' },
  { targetId: 'none', displayName: 'None' },
];

/** Rows of a game with open pools and players with money, written directly: the benchmark is about what comes after. */
export async function seedGame(
  database: PostgresDatabase,
  wanted: { players: number; pools: number },
): Promise<{ players: string[]; pools: string[]; gameId: string }> {
  const [sourceId, typeId, gameId] = [randomUUID(), randomUUID(), randomUUID()];
  const players = Array.from({ length: wanted.players }, () => randomUUID());
  const pools = Array.from({ length: wanted.pools }, () => randomUUID());
  const now = Date.now();
  await database.query(
    `insert into predictions_sources (id, name, created_by, created_at) values ($1::uuid, 'bench', $1::uuid, $2)`,
    [sourceId, now],
  );
  await database.query(`insert into predictions_game_types (id, name) values ($1::uuid, $1::uuid::text)`, [typeId]);
  await database.query(
    `insert into predictions_games (id, source_id, type_id, type_given, name, state, open_at, currency, hashtag, actions, targets, created_by, created_at)
     values ($1, $2, $3, 'football', 'bench', 'opened', $4, 'DON', '#b', $5::jsonb, $6::jsonb, $2, $4)`,
    [gameId, sourceId, typeId, now, JSON.stringify([{ actionId: 'goal', name: 'goal' }]), JSON.stringify(TARGETS)],
  );
  await database.query(
    `insert into predictions_pools (id, game_id, description, type, action_id, targets, target_level, start_at, recreate_on_end, is_blocked, is_hot, money, people, bet_counts)
     select id, $2, 'bench', 1, 'goal', $3::jsonb, 1, $4, false, false, false, '{0,0,0}', '{0,0,0}', '{0,0,0}' from unnest($1::uuid[]) as id`,
    [pools, gameId, JSON.stringify(TARGETS), now],
  );
  await database.query(
    `with p as (select id from unnest($1::uuid[]) as id), grants as (
       insert into predictions_ledger (at, kind, account_id, currency, amount) select $2, 'grant', id, 'DON', 100000000 from p)
     insert into predictions_balances (account_id, currency, available) select id, 'DON', 100000000 from p`,
    [players, now],
  );
  await database.query('analyze');
  return { players, pools, gameId };
}
