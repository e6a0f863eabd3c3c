// How the program starts, refuses to start, and ends (platform section 1, "Exit" and 1.1; "Roles").

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createStore, type Store } from './support/installation.ts';
import { openGame, openPool, openStage } from './support/match.ts';
import { NativeClient } from './support/native-client.ts';
import { People } from './support/people.ts';
import { runCommand, startServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

describe('on an external PostgreSQL', () => {
  let store: Store;
  before(async () => {
    store = await createStore();
  });
  after(async () => await store.drop());

  /** A server with a bet under way that waits for a lock of ours: the request is in flight until we let go, at the latest when the test ends. */
  async function startWithBetInFlight(t: TestContext, env: Readonly<Record<string, string>> = {}) {
    const server = await startServer({ databaseUrl: store.url, env });
    const people = new People(server, store.pool);
    const stage = await openStage(people);
    const gameId = await openGame(stage);
    const poolId = await openPool(stage, gameId);
    const alice = await people.signUp('alice');
    const lock = await store.pool.connect();
    const letGo = async () => void (await lock.query('rollback'));
    t.after(async () => {
      await letGo();
      lock.release();
      if (!server.hasEnded) await server.kill();
    });
    await lock.query('begin');
    await lock.query('select 1 from predictions_pools where id = $1 for update', [poolId]);
    const path = `/r/sources/${stage.sourceId}/games/active/${gameId}/pools/open/${poolId}/predictions/`;
    const answer = alice.rest.post(path, { target_id: 'chile', amount: 1 });
    answer.catch(() => undefined);
    await until('the bet waits for the lock', async () => {
      const { rows } = await store.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    return { server, people, stage, answer, letGo };
  }

  test('SIGTERM: sockets get 1012, the request in flight is answered, nobody new is let in, exit code 0', async (t) => {
    const { server, stage, answer, letGo } = await startWithBetInFlight(t);
    const native = await new NativeClient(server.wsUrl).open();
    server.signal('SIGTERM');
    assert.equal((await stage.console.closed).code, 1012);
    assert.equal((await native.closed).code, 1012);
    await until('nobody new is let in', () => isRefused(server));
    assert.equal(server.hasEnded, false);
    await letGo();
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(await server.ended, { code: 0, signal: null });
    const { bet_id: betId } = body.bet_obj as { bet_id: string };
    const { rows } = await store.pool.query('select 1 from predictions_bets where id = $1', [betId]);
    assert.equal(rows.length, 1);
  });

  test('a second signal ends it at once', async (t) => {
    const { server, stage } = await startWithBetInFlight(t);
    server.signal('SIGINT');
    await stage.console.closed;
    // Signals close together are one: what a terminal sends to a whole group.
    await until('another signal ends it', () => {
      server.signal('SIGINT');
      return server.hasEnded;
    });
    assert.equal((await server.ended).code, 130);
  });

  test('a request that outlasts SHUTDOWN_GRACE_MS is cut off, exit code 0', async (t) => {
    const { server, answer } = await startWithBetInFlight(t, { SHUTDOWN_GRACE_MS: '300' });
    server.signal('SIGTERM');
    await assert.rejects(answer);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
  });

  test('two processes with other roles work together: one speaks to clients, one settles', async (t) => {
    const startAs = async (roles: string) => {
      const server = await startServer({ databaseUrl: store.url, args: ['--roles', roles] });
      t.after(async () => {
        if (!server.hasEnded) await server.kill();
      });
      return server;
    };
    const [api, worker] = await Promise.all([startAs('api'), startAs('resolver,worker')]);
    const people = new People(api, store.pool);
    const stage = await openStage(people);
    const gameId = await openGame(stage);
    const timed = await openPool(stage, gameId, { action_id: 'yellow-card', type: 2, finish_at: Date.now() + 1_000 });
    const decided = await openPool(stage, gameId);
    const alices = await (await people.signUp('alice')).connect();
    await alices.expect(333, 363, { game_id: gameId });
    await alices.expect(356, 392, { pool_id: decided, target: 'chile', amount: 1 });
    await alices.first(815);
    const from = alices.mark();
    await stage.console.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
    await alices.first(362, from, ({ pool_id: id }) => id === decided);
    await alices.first(815, from);
    await alices.first(363, 0, ({ pool_id: id }) => id === timed);
    await stage.console.expect(341, 375, { game_id: gameId });
    await people.disperse();
    await Promise.all([api.stop(), worker.stop()]);
  });

  test('faults of the settings: exit code 78, a line for each with key, fault and accepted form', async () => {
    const { code, output } = await runCommand(['start'], {
      databaseUrl: store.url,
      env: { PORT: 'http', SECRET_KEY: '', GREENROOM_PREDICTIONS_WS_PROT: '9999', MODULES: 'chess', ROLES: 'api,king' },
    });
    assert.equal(code, 78);
    const lines = output.split('\n').filter((line) => line.startsWith('  '));
    const keys = lines.map((line) => line.trim().split(':')[0]).sort();
    assert.deepEqual(keys, ['GREENROOM_PREDICTIONS_WS_PROT', 'MODULES', 'PORT', 'ROLES', 'SECRET_KEY'], output);
    for (const line of lines) assert.match(line, /accepted: /);
    assert.match(output, /GREENROOM_PREDICTIONS_WS_PORT/);
  });
});

describe('on the embedded PostgreSQL', () => {
  let dataDir: string;
  let first: TestServer;
  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'greenroom-e2e-'));
    first = await startServer({ dataDir });
  });
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  test('a second process on the same DATA_DIR refuses to start and names the first', async () => {
    const { code, output } = await runCommand(['start'], { dataDir });
    assert.notEqual(code, 0);
    assert.match(output, new RegExp(`\\b${first.child.pid}\\b`));
    assert.equal((await fetch(`${first.url}/readyz`)).status, 200);
  });

  test('killed, it starts again on what its PostgreSQL left behind', async () => {
    const alice = { username: 'alice', email: 'alice@example.org', password: 'correct horse battery' };
    const post = async (server: TestServer, path: string, body: object) =>
      await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    assert.equal((await post(first, '/r/signup/', alice)).status, 200);
    await first.kill();
    const second = await startServer({ dataDir });
    assert.equal((await post(second, '/r/login/', alice)).status, 200);
    await second.stop();
  });
});

async function isRefused(server: TestServer): Promise<boolean> {
  try {
    await fetch(`${server.url}/healthz`);
    return false;
  } catch {
    return true;
  }
}
