import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { loadSettings } from './config/settings.ts';
import { StartFault } from './config/start-fault.ts';
import { createPlatform } from './platform.ts';
import { type RunningServer, startServer } from './server.ts';
import { systemPorts } from './system-ports.ts';
import { MIGRATIONS_FOLDER } from './testing/core.ts';
import { createTestDatabase, testServerUrl } from './testing/database.ts';
import { CutProxy } from './testing/proxy.ts';

const PASSWORD = 'correct horse battery';

/** A whole server without modules on a database of its own, behind a proxy that the test may cut. */
async function withServer(
  env: Record<string, string>,
  fn: (server: RunningServer, proxy: CutProxy) => Promise<void>,
): Promise<void> {
  const database = await createTestDatabase({ migrationsFolder: MIGRATIONS_FOLDER, owners: ['platform'] });
  const { proxy, url } = await CutProxy.before(database.url);
  try {
    const outcome = loadSettings({
      env: { SECRET_KEY: 's'.repeat(32), PORT: '0', DATABASE_URL: url, DATABASE_POOL: '4', ...env },
    });
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const platform = await createPlatform({
      settings: outcome.settings.platform,
      version: 'test',
      ports: systemPorts(pino({ level: process.env.TEST_LOG ?? 'silent' })),
      migrationOwners: ['platform'],
      overrides: { metricsOfProcess: false },
    });
    const server = await startServer(platform, outcome.settings, []);
    try {
      await fn(server, proxy);
    } finally {
      await server.stop();
    }
  } finally {
    await proxy.close();
    await database.drop();
  }
}

const urlOf = (server: RunningServer, path: string) => `http://127.0.0.1:${server.address.port}${path}`;

function signIn(server: RunningServer, username: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(urlOf(server, '/account/api/sign-in'), {
    method: 'POST',
    headers,
    body: JSON.stringify({ username, password: PASSWORD }),
  });
}

/** A connection of the native wire that counts how often it lost its socket. */
async function connectNative(server: RunningServer) {
  const socket = new WebSocket(urlOf(server, '/realtime').replace('http', 'ws'));
  const state = { closed: 0 };
  socket.on('close', () => state.closed++);
  await once(socket, 'open');
  return {
    state,
    async ping(): Promise<unknown> {
      socket.send(JSON.stringify({ op: 'ping', id: 1 }));
      const [data] = (await once(socket, 'message')) as [Buffer];
      return JSON.parse(data.toString());
    },
    close: () => socket.close(),
  };
}

test('DESIGN 3.2: while the database is away reads are stale, sockets stay, changes are 503; then all goes on, again and again', async () => {
  await withServer({ RATE_LIMITS: 'false' }, async (server, proxy) => {
    const { accounts, hot, opened } = server.platform;
    await accounts.accounts.createAdmin({ username: 'boss', email: 'boss@example.org', password: PASSWORD });
    const client = await connectNative(server);
    const overview = await (await fetch(urlOf(server, '/account/api/overview'))).text();
    for (let outage = 0; outage < 8; outage++) {
      proxy.cut();
      hot.invalidateAll();
      const stale = await fetch(urlOf(server, '/account/api/overview'));
      assert.deepEqual([stale.status, await stale.text()], [200, overview]);
      assert.match(stale.headers.get('cache-status') ?? '', /stale/);
      const change = await signIn(server, 'boss');
      assert.equal(change.status, 503);
      assert.ok(Number(change.headers.get('retry-after')) >= 1);
      assert.doesNotMatch(await change.text(), /postgres|ECONN|select|127\.0\.0\.1/i);
      assert.equal((await fetch(urlOf(server, '/readyz'))).status, 503);
      assert.equal((await fetch(urlOf(server, '/healthz'))).status, 200);
      assert.equal((await fetch(urlOf(server, '/metrics'))).status, 200);
      assert.deepEqual(await client.ping(), { re: 1, ok: true });
      proxy.mend();
      while ((await signIn(server, 'boss')).status !== 200) await sleep(10);
      const fresh = await fetch(urlOf(server, '/account/api/overview'));
      assert.deepEqual([fresh.status, fresh.headers.get('cache-status')], [200, null]);
      assert.ok(
        opened.database.connections.open <= 4 && opened.database.connections.waiting === 0,
        'no connection is lost',
      );
    }
    assert.equal(client.state.closed, 0);
    client.close();
  });
});

test('platform 1: it stops, and with success, while the database is away', async () => {
  await withServer({}, async (server, proxy) => {
    proxy.cut();
    await server.stop();
    await assert.rejects(fetch(urlOf(server, '/healthz')));
  });
});

test('platform 1.1: a port that is taken stops the start with its name, and leaves nothing behind', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  try {
    const refused = withServer({ PORT: String(port) }, async () => assert.fail('started'));
    await assert.rejects(
      refused,
      (error) => error instanceof StartFault && error.exitCode === 75 && error.message.startsWith('PORT: '),
    );
    const foreign = withServer({ HOST: '203.0.113.1' }, async () => assert.fail('started'));
    await assert.rejects(
      foreign,
      (error) => error instanceof StartFault && error.exitCode === 78 && error.message.startsWith('HOST: '),
    );
    const untrusted = withServer({ TLS_CERT: '/none.pem', TLS_KEY: '/none.pem' }, async () => assert.fail('started'));
    await assert.rejects(
      untrusted,
      (error) =>
        error instanceof StartFault && error.exitCode === 78 && error.message.startsWith('TLS_CERT, TLS_KEY: '),
    );
    const unmounted = withServer({ MOUNTS: '{"/nobody": "/x"}' }, async () => assert.fail('started'));
    await assert.rejects(
      unmounted,
      (error) => error instanceof StartFault && error.exitCode === 78 && error.message.startsWith('MOUNTS: '),
    );
  } finally {
    taken.close();
  }
});

test('platform 1.1: a database that cannot be reached stops the start without telling its password', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const start = async (url: string) => {
    const outcome = loadSettings({ env: { SECRET_KEY: 's'.repeat(32), DATABASE_URL: url } });
    assert.ok(outcome.ok);
    const ports = systemPorts(pino({ level: 'silent' }));
    await createPlatform({
      settings: outcome.settings.platform,
      version: 'test',
      ports,
      migrationOwners: ['platform'],
    });
  };
  await assert.rejects(start(`postgres://somebody:sesame@127.0.0.1:${port}/greenroom`), (error) => {
    assert.ok(error instanceof StartFault);
    assert.deepEqual([error.exitCode, error.message], [75, 'DATABASE_URL: the database cannot be used (ECONNREFUSED)']);
    return true;
  });
  const absent = new URL(testServerUrl());
  absent.pathname = '/greenroom_test_absent';
  await assert.rejects(
    start(absent.href),
    (error) => error instanceof StartFault && error.exitCode === 78 && /does not exist/.test(error.message),
  );
});

test('platform 1: a process without the role api answers probes only', async () => {
  await withServer({ ROLES: 'worker' }, async (server) => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      assert.equal((await fetch(urlOf(server, path))).status, 200, path);
    for (const path of ['/account/api/me', '/events/stream?topic=a', '/']) {
      assert.equal((await fetch(urlOf(server, path), { headers: { accept: 'application/json' } })).status, 404, path);
    }
    const socket = new WebSocket(urlOf(server, '/realtime').replace('http', 'ws'));
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /404/);
  });
});

async function redisHere(context: TestContext): Promise<Redis | undefined> {
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', {
    lazyConnect: true,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return redis;
  } catch (error) {
    if (process.env.GREENROOM_TEST_SERVICES === 'required') throw error;
    context.skip('no Redis here');
    return undefined;
  }
}

test('PF-09: a server with Redis counts its limits there, and goes on by itself when Redis goes away', async (context) => {
  const redis = await redisHere(context);
  if (redis === undefined) return;
  const { proxy, url } = await CutProxy.before(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
  try {
    await withServer({ REDIS_URL: url }, async (server) => {
      const prefix = `greenroom:${server.platform.feed.epoch}:limit:`;
      const keys = () => redis.keys(`${prefix}*`);
      const ask = async () => (await signIn(server, randomUUID())).status;
      while ((await keys()).length === 0) assert.equal(await ask(), 401);
      proxy.cut();
      assert.equal(await ask(), 401);
      await redis.del(...(await keys()));
      proxy.mend();
      while ((await keys()).length === 0) {
        assert.equal(await ask(), 401);
        await sleep(20);
      }
      await redis.del(...(await keys()));
    });
  } finally {
    await proxy.close();
    redis.disconnect();
  }
});
