import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { asset } from '../../platform/config/asset.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import { createPlatform, type Platform } from '../../platform/platform.ts';
import { type RunningServer, startServer } from '../../platform/server.ts';
import { systemPorts } from '../../platform/system-ports.ts';
import { createTestDatabase, type TestDatabase } from '../../platform/testing/database.ts';
import { type Demo, type PlayedMatch, startDemo } from './demo.ts';
import { createPredictions, predictions } from './module.ts';
import type { PredictionsServices } from './service/services.ts';

const OWNERS = ['platform', 'predictions'];
/** A match in four and a half seconds. */
const SPEED = 2_000;

describe('demo', () => {
  let store: TestDatabase;
  let folder: string;
  let platform: Platform;
  let services: PredictionsServices;
  let server: RunningServer;
  let demo: Demo;
  let played: PlayedMatch[];
  let next: PromiseWithResolvers<void>;

  before(async () => {
    store = await createTestDatabase({ migrationsFolder: asset('server/migrations'), owners: OWNERS });
    folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
    const env = {
      DATABASE_URL: store.url,
      DATA_DIR: folder,
      PORT: '0',
      SECRET_KEY: 'a secret of tests, long enough to be one',
    };
    const outcome = loadSettings({ env, modules: { predictions: predictions.settings } });
    assert.ok(outcome.ok);
    const ports = systemPorts(pino({ level: process.env.TEST_LOG ?? 'silent' }));
    const overrides = { metricsOfProcess: false };
    platform = await createPlatform({
      settings: outcome.settings.platform,
      version: 'test',
      ports,
      migrationOwners: OWNERS,
      overrides,
    });
    const definition: typeof predictions = {
      ...predictions,
      create: (on, values) => {
        const created = createPredictions(on, values);
        services = created.services;
        return created.parts;
      },
    };
    server = await startServer(platform, outcome.settings, [definition]);
    played = [];
    next = Promise.withResolvers();
    demo = await startDemo({
      ...{ platform, services, speed: SPEED, players: 200, betsPerSecond: 100, pauseMs: 1_000 },
      onPlayed: (match) => {
        played.push(match);
        if (played.length === 2) next.resolve();
      },
    });
    await next.promise;
    await demo.stop();
  });
  after(async () => {
    await server.stop();
    await store.drop();
    rmSync(folder, { recursive: true });
  });

  it('tells how to sign in', async () => {
    const lines = demo.lines.join('\n');
    const password = /fan +password +(\S+)/.exec(lines)![1]!;
    const response = await fetch(`http://127.0.0.1:${server.address.port}/r/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'fan', password }),
    });
    assert.equal(response.status, 200);
    const [fan] = await platform.database.query<{ available: bigint }>(
      `select available from predictions_balances b join accounts a on a.id = b.account_id where a.username = 'fan'`,
    );
    assert.equal(fan?.available, 100_000n);
  });

  it('plays whole matches, one after the other, and the books balance', async () => {
    assert.deepEqual(
      played.map(({ breaches }) => breaches),
      [0, 0],
    );
    for (const { gameId, betsPlaced } of played) {
      assert.ok(betsPlaced > 50, `${betsPlaced} bets`);
      const [game] = await platform.database.query<{ state: string; events: bigint; unresolved: bigint }>(
        `select state, (select count(*) from predictions_events where game_id = g.id and pool_id is null) as events,
           (select count(*) from predictions_pools where game_id = g.id and state = 'open') as unresolved
         from predictions_games g where id = $1`,
        [gameId],
      );
      assert.deepEqual(game, { state: 'closed', events: 40n, unresolved: 0n });
    }
  });

  it('has pools of every kind decided by goals, cards, time, the host and the end', async () => {
    const rows = await platform.database.query<{ description: string; winners: string[]; ended: bigint }>(
      `select description, array_agg(distinct winning_target order by winning_target) as winners, count(*) as ended
       from predictions_pools where game_id = $1 group by description`,
      [played[0]!.gameId],
    );
    const pools = new Map(rows.map((row) => [row.description, row]));
    // How many goals find the next pool open already depends on the machine: the first one always does.
    const goals = pools.get('Who scores the next goal?')!;
    assert.ok(goals.ended >= 2n && goals.winners.includes('argentina') && goals.winners.includes('none'));
    assert.ok(pools.get('Which player scores next?')!.winners.includes('argentina:lionel-messi'));
    assert.deepEqual(pools.get('Who wins the cup?')!.winners, ['argentina']);
    assert.deepEqual(pools.get('Do both teams score before half-time?')!.winners, ['none']);
    const [positive] = await platform.database.query<{ n: bigint }>(
      `select count(*) as n from predictions_pools where game_id = $1 and type = 3 and state = 'resolved' and winning_target <> 'none'`,
      [played[0]!.gameId],
    );
    assert.equal(positive!.n, 2n, 'the host has said yes to both of his questions');
    assert.ok(pools.get('A goal in the next 10 minutes?')!.ended > 1n);
  });

  it('lets players win, lose and talk', async () => {
    const [seen] = await platform.database.query<{ won: bigint; lost: bigint; said: bigint }>(
      `select (select count(*) from predictions_positions where net > 0) as won, (select count(*) from predictions_positions where net < 0) as lost,
         (select count(*) from events where type = 'chat.message') as said`,
    );
    assert.ok(seen!.won > 0n && seen!.lost > 0n && seen!.said > 0n);
  });

  it('makes simulated players nobody can sign in as', async () => {
    const [accounts] = await platform.database.query<{ all: bigint; open: bigint }>(
      'select count(*) as all, count(*) filter (where password_hash is not null) as open from accounts',
    );
    assert.deepEqual(accounts, { all: 202n, open: 2n });
  });
});
