import type pg from 'pg';
import { BetService } from '../server/modules/predictions/service/bets.ts';
import { type BaselineBet, PLACE_FUNCTION, placeByFunction, placeByTransaction } from './baselines/bets-sql.ts';
import { openBenchInstallation } from './support/installation.ts';
import { seedGame } from './support/players.ts';

/**
 * Bets into one hot pool and into 1,000 pools: durable (bet, position, ledger, balance, totals, event), answered after commit, 64 callers who
 * each wait for their answer. Beside it, on the same PostgreSQL: one transaction a bet with row locks, and one stored function a bet.
 */
const CALLERS = 64;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 5);

const installation = await openBenchInstallation(CALLERS + 2);
const { pool, database, ports } = installation;
await database.query(PLACE_FUNCTION);
console.log(`disk: ${installation.fsyncsPerSecond} fsync/s; ${CALLERS} callers, ${SECONDS} s each`);

const results: Record<string, number> = {};
for (const pools of [1, 1000]) {
  const game = await seedGame(database, { players: 5_000, pools });
  const service = new BetService({ database, ports, limits: { minBet: 1n, maxBet: null }, legacySeconds: false });
  const next = choose(game);
  const name = pools === 1 ? 'one pool' : '1,000 pools';
  results[`greenroom, ${name}`] = await measure(async () => {
    const bet = next();
    await service.place({
      userId: bet.accountId,
      poolId: bet.poolId,
      target: bet.targetId,
      amount: '0.01',
      clientRef: null,
      kind: 'live',
    });
  });
  if (pools > 1) break;
  const baseline = await seedGame(database, { players: 5_000, pools: 1 });
  const nextBaseline = choose(baseline);
  results['one transaction a bet, one pool'] = await measure(() =>
    withClient((client) => placeByTransaction(client, nextBaseline())),
  );
  const second = await seedGame(database, { players: 5_000, pools: 1 });
  const nextSecond = choose(second);
  results['one stored function a bet, one pool'] = await measure(() =>
    withClient((client) => placeByFunction(client, nextSecond())),
  );
}
for (const [name, rate] of Object.entries(results))
  console.log(`${name.padEnd(40)} ${Math.round(rate).toLocaleString('en')} bets/s`);
const ours = results['greenroom, one pool']!;
console.log(
  `ratio to one transaction a bet:     ${(ours / results['one transaction a bet, one pool']!).toFixed(1)}x (target 30x)`,
);
console.log(
  `ratio to one stored function a bet: ${(ours / results['one stored function a bet, one pool']!).toFixed(1)}x (target 10x)`,
);
await installation.close();

function choose(game: { players: string[]; pools: string[] }): () => BaselineBet {
  let n = 0;
  return () => {
    const i = n++;
    const player = i % game.players.length;
    const target = player % 2;
    return {
      poolId: game.pools[i % game.pools.length]!,
      accountId: game.players[player]!,
      target,
      targetId: target === 0 ? 'chile' : 'peru',
      amount: 1n,
    };
  };
}

async function withClient(fn: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await fn(client);
  } finally {
    client.release();
  }
}

/** Answered bets a second with CALLERS callers, each sending the next bet when the last is answered. */
async function measure(place: () => Promise<void>): Promise<number> {
  for (let i = 0; i < 200; i += CALLERS) await Promise.all(Array.from({ length: CALLERS }, place));
  const startedAt = performance.now();
  const endsAt = startedAt + SECONDS * 1000;
  let answered = 0;
  const caller = async () => {
    while (performance.now() < endsAt) {
      await place();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return answered / ((performance.now() - startedAt) / 1000);
}
