import type { Queryable } from '../../../platform/database/types.ts';
import { MOST_BETS_SHOWN, type ShownBets } from '../rules/distribution.ts';
import { type BetRow, betFromRow, type StoredPool } from './store.ts';

/** Most user ids listed for a target (BO1). */
const MOST_USERS = 1_000;

type Line = { pool: StoredPool; targetId: string };

/** The newest valid bets on each target of these pools, by pool and target (BO1, PO10); with the users behind them for REST. */
export async function readShownBets(
  database: Queryable,
  pools: readonly StoredPool[],
  options: { withUsers?: boolean } = {},
): Promise<Map<string, Map<string, ShownBets>>> {
  const lines = pools.flatMap((pool) =>
    pool.targets.flatMap(({ targetId }, i): Line[] => (pool.people[i]! > 0 ? [{ pool, targetId }] : [])),
  );
  const shown = new Map(pools.map((pool) => [pool.poolId, new Map<string, ShownBets>()]));
  if (lines.length === 0) return withNobody(pools, shown, options);
  const newest = Map.groupBy(await queryLines<BetRow>(database, NEWEST_BETS, lines, MOST_BETS_SHOWN), lineKey);
  const users = options.withUsers
    ? Map.groupBy(await queryLines<{ account_id: string }>(database, USERS, lines, MOST_USERS), lineKey)
    : undefined;
  for (const { pool, targetId } of lines) {
    const key = lineKey({ pool_id: pool.poolId, target_id: targetId });
    const bets = (newest.get(key) ?? []).map(betFromRow).toReversed();
    shown.get(pool.poolId)!.set(targetId, {
      bets,
      total: pool.betCounts[pool.targets.findIndex((target) => target.targetId === targetId)]!,
      ...(users ? { userIds: (users.get(key) ?? []).map((row) => row.account_id) } : {}),
    });
  }
  return withNobody(pools, shown, options);
}

/** Targets without a bet show empty lists, so that every line has the same fields. */
function withNobody(
  pools: readonly StoredPool[],
  shown: Map<string, Map<string, ShownBets>>,
  options: { withUsers?: boolean },
): Map<string, Map<string, ShownBets>> {
  if (!options.withUsers) return shown;
  for (const pool of pools) {
    const ofPool = shown.get(pool.poolId)!;
    for (const { targetId } of pool.targets) {
      if (!ofPool.has(targetId)) ofPool.set(targetId, { bets: [], total: 0, userIds: [] });
    }
  }
  return shown;
}

type LineRow = { pool_id: string; target_id: string };

function lineKey(row: LineRow): string {
  return `${row.pool_id}/${row.target_id}`;
}

function queryLines<Row extends object>(
  database: Queryable,
  sql: string,
  lines: readonly Line[],
  ...rest: number[]
): Promise<(Row & LineRow)[]> {
  return database.query<Row & LineRow>(sql, [
    lines.map((line) => line.pool.poolId),
    lines.map((line) => line.targetId),
    lines.map((line) => line.pool.lateFrom),
    ...rest,
  ]);
}

const LINES = 'from unnest($1::uuid[], $2::text[], $3::bigint[]) as t(pool_id, target_id, late_from)';

const NEWEST_BETS = `
  select t.pool_id, b.* ${LINES} cross join lateral (
    select seq, id, account_id, target_id, amount, placed_at from predictions_bets
    where pool_id = t.pool_id and target_id = t.target_id and (t.late_from is null or placed_at < t.late_from)
    order by seq desc limit $4
  ) b`;

const USERS = `
  select t.pool_id, t.target_id, s.account_id ${LINES} cross join lateral (
    select account_id from predictions_positions
    where pool_id = t.pool_id and target_id = t.target_id and amount > late_amount order by account_id limit $4
  ) s`;
