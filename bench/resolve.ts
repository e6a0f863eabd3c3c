import { BetService } from '../server/modules/predictions/service/bets.ts';
import { settleInTransaction } from '../server/modules/predictions/service/settlement.ts';
import { Timers } from '../server/platform/jobs/timers.ts';
import { resolveBySql } from './baselines/resolve-sql.ts';
import { openBenchInstallation } from './support/installation.ts';
import { seedGame } from './support/players.ts';

/**
 * Resolving one pool with 100,000 bets of 100,000 players, until the last balance is right and committed, beside a chain of multi-row SQL
 * statements written by hand for the same tables. Alternating rounds on one PostgreSQL.
 */
const BETS = Number(process.env.BENCH_BETS ?? 100_000);
const ROUNDS = 3;

const installation = await openBenchInstallation(16);
const { database, pool, ports } = installation;
const timers = new Timers({ ports, database, owner: ports.ids.uuid() });
console.log(
  `disk: ${installation.fsyncsPerSecond} fsync/s; ${BETS.toLocaleString('en')} bets a pool, ${ROUNDS} rounds`,
);

const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const [first, second] = [await fillPool(), await fillPool()];
  ours.push(await timed(() => settleByUs(first)));
  theirs.push(
    await timed(async () => {
      const client = await pool.connect();
      await resolveBySql(client, second.poolId, 'chile');
      client.release();
    }),
  );
}
await checkLedger();
console.log(`greenroom       ${median(ours).toFixed(0)} ms (${ours.map((ms) => ms.toFixed(0)).join(', ')})`);
console.log(`SQL by hand     ${median(theirs).toFixed(0)} ms (${theirs.map((ms) => ms.toFixed(0)).join(', ')})`);
console.log(`speed relative to SQL by hand: ${(median(theirs) / median(ours)).toFixed(2)}x (target 0.5x)`);
await installation.close();

interface FilledPool {
  poolId: string;
  gameId: string;
}

async function fillPool(): Promise<FilledPool> {
  const { players, pools, gameId } = await seedGame(database, { players: BETS, pools: 1 });
  const [poolId] = pools as [string];
  const bets = new BetService({ database, ports, limits: { minBet: 1n, maxBet: null }, legacySeconds: false });
  for (let from = 0; from < players.length; from += 2_000) {
    await Promise.all(
      players.slice(from, from + 2_000).map((userId, i) =>
        bets.place({
          userId,
          poolId,
          target: i % 3 === 0 ? 'chile' : 'peru',
          amount: `${1 + (i % 900)}.${10 + (i % 90)}`,
          clientRef: null,
          kind: 'live',
        }),
      ),
    );
  }
  await database.query('vacuum analyze predictions_bets, predictions_positions, predictions_balances');
  return { poolId, gameId };
}

async function settleByUs({ poolId, gameId }: FilledPool): Promise<void> {
  const game = { gameId, state: 'opened' as const, currency: 'DON', liveStartAt: null };
  const verdict = {
    ending: { kind: 'event' as const, winningTarget: 'chile', happenedAt: Date.now() + 60_000 },
    decidedBy: null,
    game,
    step: { id: poolId, settled: [poolId] },
  };
  await database.transaction('settle', (tx) =>
    settleInTransaction({ ports, timers, expiryGraceMs: 0 }, tx, poolId, verdict),
  );
}

async function checkLedger(): Promise<void> {
  const wrong = await database.query(
    `select pool_id from predictions_ledger where kind in ('release', 'credit') group by pool_id
     having sum(amount) filter (where kind = 'release') <> sum(amount) filter (where kind = 'credit')`,
  );
  const [money] = await database.query<{ ok: boolean }>(
    `select (select sum(available + exposure) from predictions_balances) = (select sum(amount) from predictions_ledger where kind = 'grant') as ok`,
  );
  if (wrong.length > 0 || !money?.ok) throw new Error('the ledger does not add up');
}

async function timed(fn: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await fn();
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
