import type { Tx } from '../../../platform/database/types.ts';
import type { Timers } from '../../../platform/jobs/timers.ts';
import type { Ports } from '../../../platform/ports.ts';
import { CHANGES_TOPIC, gameTopic, type PoolDecided, type SettlementStep } from '../events.ts';
import { countBackings } from '../rules/distribution.ts';
import type { Settlement } from '../rules/payout.ts';
import type { NewPool } from '../rules/pool.ts';
import { type PoolEnding, type PoolResolution, resolvePool } from '../rules/resolution.ts';
import type { Bet, GameState } from '../rules/types.ts';
import { insertPools } from './pool-rows.ts';
import { BALANCES, BET_COLUMNS, type BetRow, betFromRow, lockPool, type StoredPool } from './store.ts';
import { cancelPoolTimers } from './timetable.ts';

/** How a pool ends. */
export interface PoolVerdict {
  ending: PoolEnding;
  /** The registered event that decides it. */
  decidedBy: string | null;
  game: { gameId: string; state: GameState; currency: string; liveStartAt: number | null };
  step: SettlementStep;
  cause?: string;
}

export interface SettlementDeps {
  ports: Ports;
  timers: Timers;
  expiryGraceMs: number;
}

/**
 * Settles one pool in the caller's transaction (RS3): lock, late bets, payout, ledger, balances, state, recreated pool, event. Does nothing
 * and returns false when the pool was settled before (RS1, RS4).
 */
export async function settleInTransaction(
  deps: SettlementDeps,
  tx: Tx,
  poolId: string,
  verdict: PoolVerdict,
): Promise<boolean> {
  const pool = await lockPool(tx, poolId);
  // A parked pool has been decided: its expiry must not decide otherwise (RS13, EV9).
  if (pool.state !== 'open' || (pool.isParked && verdict.ending.kind === 'expiry')) return false;
  const resolvedAt = deps.ports.clock.now();
  const bets = (
    await tx.query<BetRow>(`select ${BET_COLUMNS} from predictions_bets where pool_id = $1 order by seq`, [poolId])
  ).map(betFromRow);
  const resolution = resolvePool(pool, bets, verdict.ending, { resolvedAt, gameState: verdict.game.state });
  const { settlement, successor } = resolution;
  await writeResult(tx, pool, verdict, resolution, validBets(pool, bets, verdict.ending));
  const late = lateBets(bets, verdict.ending);
  if (settlement.users.length > 0) await writeMoney(tx, pool, verdict.game.currency, settlement, { resolvedAt, late });
  await cancelPoolTimers(deps.timers, tx, poolId, verdict.ending.kind === 'expiry');
  if (successor) await insertRecreated(deps, tx, successor);

  const data: PoolDecided = {
    body: resolution.body,
    step: verdict.step,
    ...(verdict.cause === undefined ? {} : { cause: verdict.cause }),
  };
  tx.append({ topic: gameTopic(pool.gameId), type: resolution.res === 363 ? 'pool.expired' : 'pool.resolved', data });
  tx.append({
    topic: CHANGES_TOPIC,
    type: 'settled',
    data: { pool_id: poolId, game_id: pool.gameId, step: verdict.step },
  });
  return true;
}

async function insertRecreated(deps: SettlementDeps, tx: Tx, pool: NewPool): Promise<void> {
  await insertPools(tx, deps.timers, [{ ...pool, poolId: deps.ports.ids.uuid() }], {
    isAnnounced: false,
    expiryGraceMs: deps.expiryGraceMs,
  });
}

async function writeResult(
  tx: Tx,
  pool: StoredPool,
  verdict: PoolVerdict,
  { state, settlement, body }: PoolResolution,
  valid: Pick<StoredPool, 'money' | 'people' | 'betCounts'>,
): Promise<void> {
  await tx.query(
    `update predictions_pools set state = $2, winning_target = $3, is_money_return = $4, late_from = $5, resolved_at = $6, expired_at = $7,
       decided_by = $8, money = $9::bigint[], people = $10::int[], bet_counts = $11::int[], participants = $12, is_hot = false, pending_block_at = null,
       pending_allow_at = null, parked_at = null, parked_reason = null
     where id = $1`,
    [
      pool.poolId,
      state,
      settlement.winningTarget,
      settlement.isMoneyReturn,
      lateFrom(verdict.ending),
      body.resolved_at,
      body.expired_at ?? null,
      verdict.decidedBy,
      valid.money,
      valid.people,
      valid.betCounts,
      valid.people.reduce((sum, n) => sum + n, 0),
    ],
  );
}

/** Bets placed then or later are late (EV7); null when none is (EV14). */
function lateFrom(ending: PoolEnding): number | null {
  return ending.kind === 'event' ? ending.happenedAt : null;
}

/** Money, people and bets per target, counting valid bets only (PO10). */
function validBets(
  pool: StoredPool,
  bets: readonly Bet[],
  ending: PoolEnding,
): Pick<StoredPool, 'money' | 'people' | 'betCounts'> {
  const lateAt = lateFrom(ending);
  const valid = bets.filter((bet) => lateAt === null || bet.placedAt < lateAt);
  if (valid.length === bets.length) return pool;
  const backings = countBackings(valid);
  const countOf = (targetId: string) => valid.filter((bet) => bet.targetId === targetId).length;
  return {
    money: pool.targets.map((target) => backings.get(target.targetId)?.money ?? 0n),
    people: pool.targets.map((target) => backings.get(target.targetId)?.people ?? 0),
    betCounts: pool.targets.map((target) => countOf(target.targetId)),
  };
}

/** How many late bets each user has placed (EV7). */
function lateBets(bets: readonly Bet[], ending: PoolEnding): ReadonlyMap<string, number> {
  const lateAt = lateFrom(ending);
  const late = new Map<string, number>();
  for (const { userId, placedAt } of bets) {
    if (lateAt !== null && placedAt >= lateAt) late.set(userId, (late.get(userId) ?? 0) + 1);
  }
  return late;
}

/** Clears every bettor's exposure and credits payouts and returns, in one statement each for locks and writes (PO11, DESIGN M3, M10). */
async function writeMoney(
  tx: Tx,
  pool: StoredPool,
  currency: string,
  { users }: Settlement,
  { resolvedAt, late }: { resolvedAt: number; late: ReadonlyMap<string, number> },
): Promise<void> {
  const ids = users.map((user) => user.userId);
  await tx.lock(BALANCES, '1', ids);
  await tx.query(WRITE_MONEY, [
    ids,
    users.map((user) => user.released),
    users.map((user) => user.credited),
    users.map((user) => user.lateStake),
    users.map((user) => user.payout),
    users.map((user) => user.returned),
    users.map((user) => user.net),
    pool.poolId,
    currency,
    resolvedAt,
    users.map((user) => late.get(user.userId) ?? 0),
  ]);
}

const WRITE_MONEY = `
  with settled as (
    select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $11::int[])
      as s(account_id, released, credited, late, payout, returned, net, late_bets)
  ), positions as (
    update predictions_positions p set late_amount = s.late, late_bets = s.late_bets, payout = s.payout, returned = s.returned, net = s.net
    from settled s where p.pool_id = $8 and p.account_id = s.account_id
  ), ledger as (
    insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount)
    select $10::bigint, 'release', account_id, $9, $8::uuid, released from settled
    union all
    select $10::bigint, 'credit', account_id, $9, $8::uuid, credited from settled where credited > 0
  )
  update predictions_balances b set exposure = b.exposure - s.released, available = b.available + s.credited
  from settled s where b.account_id = s.account_id and b.currency = $9`;
