import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Type } from 'typebox';
import type { Principal } from '../accounts/types.ts';
import { Forbidden, Unauthenticated } from '../errors.ts';
import { ManualClock } from '../testing/clock.ts';
import { forAddress, MemoryLimits, RedisLimits } from './limits.ts';
import { RouteFault } from './routes.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.ts';
import { type App, type Surface, typedApp } from './types.ts';

const servers: TestServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function start(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options);
  servers.push(server);
  return server;
}

function surface(routes: (app: App) => void, more: Partial<Surface> = {}): Surface {
  return { owner: 'games', paths: ['/r'], routes: (app) => routes(typedApp(app)), ...more };
}

/** `Authorization: Bearer <name>` signs in as that account. */
async function authenticate(request: FastifyRequest): Promise<Principal> {
  const name = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (name === 'wrong') throw new Unauthenticated('invalid_token', 'This token is not accepted.');
  if (name === undefined) return { kind: 'anonymous', address: request.address };
  return {
    kind: 'account',
    accountId: name,
    number: 1,
    username: name,
    grants: new Set(),
    sessionId: null,
    via: 'gr_session',
    address: request.address,
  };
}

const bearer = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });

describe('access', () => {
  it('PF-16: a route without an action, or with one that nobody defined, does not start', async () => {
    const faulty: [(app: App) => void, RegExp][] = [
      [(app) => app.get('/r/a', async () => 'x'), /GET \/r\/a names no action/],
      [
        (app) => app.get('/r/a', { config: { action: 'games.play' } }, async () => 'x'),
        /games\.play, which nobody defined/,
      ],
      [
        (app) => app.get('/q/a', { config: { action: 'public' } }, async () => 'x'),
        /not below a path that the surface owns/,
      ],
      [
        (app) => app.get('/r/a', { config: { action: 'public', limit: 'games.none' } }, async () => 'x'),
        /rate-limit group games\.none/,
      ],
      [
        (app) =>
          app.post('/r/a', { config: { action: 'public', hot: { tags: () => [], maxAgeMs: 1 } } }, async () => 'x'),
        /hot but no public GET/,
      ],
    ];
    for (const [routes, message] of faulty) {
      await assert.rejects(
        startTestServer({ surfaces: [surface(routes)] }),
        (error) => error instanceof RouteFault && message.test(error.message),
      );
    }
  });

  it('PF-16: the action is asked at the edge, before the body is looked at', async () => {
    const server = await start({
      authenticate,
      actions: { 'games.bet': (principal) => principal.kind === 'account' && principal.username !== 'guest' },
      surfaces: [
        surface((app) =>
          app.post(
            '/r/bets',
            { config: { action: 'games.bet' }, schema: { body: Type.Object({ amount: Type.Integer() }) } },
            async (request) => request.principal.kind,
          ),
        ),
      ],
    });
    const bet = (name: string | null, body: string) =>
      server.fetch('/r/bets', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...(name === null ? {} : { authorization: `Bearer ${name}` }) },
      });
    assert.equal((await bet(null, '{')).status, 401);
    assert.equal((await bet('wrong', '{}')).status, 401);
    assert.equal((await bet('guest', '{}')).status, 403);
    assert.equal((await bet('ada', '{}')).status, 400);
    assert.equal(await (await bet('ada', '{"amount":1}')).text(), 'account');
    assert.deepEqual(server.routes.list(), [
      { owner: 'games', method: 'POST', url: '/r/bets', action: 'games.bet', limit: 'games.write' },
    ]);
  });

  it('PF-17: changes are checked for CSRF after the body is read, reads and exempt routes are not', async () => {
    const checked: string[] = [];
    const server = await start({
      checkCsrf(request) {
        checked.push(`${request.method} ${request.url}`);
        if ((request.body as { _xsrf?: string } | undefined)?._xsrf !== 'ok')
          throw new Forbidden('csrf_missing', 'The CSRF value is missing.');
      },
      surfaces: [
        surface((app) => {
          app.get('/r/a', { config: { action: 'public' } }, async () => 'x');
          app.post('/r/a', { config: { action: 'public' } }, async () => 'x');
          app.post('/r/login', { config: { action: 'public', csrf: false } }, async () => 'x');
        }),
      ],
    });
    assert.equal((await server.fetch('/r/a')).status, 200);
    assert.equal((await server.send('POST', '/r/login', {})).status, 200);
    assert.equal((await server.send('POST', '/r/a', {})).status, 403);
    assert.equal((await server.send('POST', '/r/a', { _xsrf: 'ok' })).status, 200);
    assert.deepEqual(checked, ['POST /r/a', 'POST /r/a']);
  });

  it('PF-63: a surface may know its callers by its own credentials', async () => {
    const server = await start({
      authenticate,
      surfaces: [
        surface(
          (app) =>
            app.get('/r/me', { config: { action: 'public' } }, async (request) =>
              request.principal.kind === 'account' ? request.principal.via : 'nobody',
            ),
          {
            async authenticate(request) {
              return { ...((await authenticate(request)) as Extract<Principal, { kind: 'account' }>), via: 'im_user' };
            },
          },
        ),
      ],
    });
    assert.equal(await (await server.fetch('/r/me', bearer('ada'))).text(), 'im_user');
  });
});

describe('rate limits', () => {
  const limited = surface(
    (app) => {
      app.get('/r/a', { config: { action: 'public', limit: 'games.tight' } }, async () => 'x');
      app.post(
        '/r/login',
        {
          config: {
            action: 'public',
            csrf: false,
            tries: { max: 2, windowMs: 60_000, subject: (request) => (request.body as { name: string }).name },
          },
          schema: { body: Type.Object({ name: Type.String() }) },
        },
        async () => 'x',
      );
      app.get('/r/wide', { config: { action: 'public' } }, async () => 'x');
    },
    {
      limits: { 'games.tight': { max: 2, windowMs: 60_000 } },
      limitHeaders: (taken, nowMs) => ({ 'X-RateLimit-Reset': new Date(nowMs + taken.resetMs).toISOString() }),
    },
  );

  it('PF-09: limited answers carry the state of the limit, and 429 says when to come back', async () => {
    const server = await start({ authenticate, surfaces: [limited] });
    const seen: [number, string | null, string | null][] = [];
    for (let index = 0; index < 3; index++) {
      const response = await server.fetch('/r/a', bearer('ada'));
      seen.push([response.status, response.headers.get('ratelimit-remaining'), response.headers.get('retry-after')]);
      assert.equal(response.headers.get('ratelimit-limit'), '2');
      assert.equal(response.headers.get('ratelimit-reset'), '60');
      assert.equal(response.headers.get('x-ratelimit-reset'), new Date(server.clock.now() + 60_000).toISOString());
    }
    assert.deepEqual(seen, [
      [200, '1', null],
      [200, '0', null],
      [429, '0', '60'],
    ]);
    assert.equal(
      (await server.fetch('/r/a', bearer('bob'))).status,
      200,
      'another account behind the same address is not held back',
    );
    assert.equal((await server.fetch('/r/wide', bearer('ada'))).status, 200, 'another group neither');
    server.clock.advance(60_000);
    assert.equal((await server.fetch('/r/a', bearer('ada'))).status, 200);
  });

  it('platform 3: an address alone has 30 times as much, besides what proven accounts behind it have', async () => {
    const server = await start({ authenticate, surfaces: [limited] });
    for (let index = 0; index < 60; index++) assert.equal((await server.fetch('/r/a')).status, 200);
    assert.equal((await server.fetch('/r/a')).status, 429);
    assert.equal(
      (await server.fetch('/r/a', bearer('wrong'))).status,
      429,
      'a wrong credential counts for the address',
    );
    assert.equal((await server.fetch('/r/a', bearer('ada'))).status, 200);
  });

  it('platform 3: guessing is slowed per subject and address together', async () => {
    const server = await start({ surfaces: [limited] });
    const login = async (name: string) => (await server.send('POST', '/r/login', { name })).status;
    assert.deepEqual(
      [await login('ada'), await login('ada'), await login('ada'), await login('bob')],
      [200, 200, 429, 200],
    );
    for (let index = 0; index < 56; index++) assert.equal(await login(`user-${index}`), 200);
    assert.equal(await login('carol'), 429, 'the address alone after 60');
  });

  it('PF-09: limits may be off', async () => {
    const server = await start({ surfaces: [limited], settings: { RATE_LIMITS: false } });
    for (let index = 0; index < 100; index++) assert.equal((await server.fetch('/r/a')).status, 200);
    assert.equal((await server.fetch('/r/a')).headers.get('ratelimit-limit'), null);
  });

  it('PF-09: memory of the counts is bounded', () => {
    const clock = new ManualClock();
    const limits = new MemoryLimits(clock);
    for (let index = 0; index < 150_000; index++) limits.take(`key-${index}`, { max: 1, windowMs: 1000 });
    assert.ok(limits.size <= 100_000, String(limits.size));
    assert.equal(limits.take('key-149999', { max: 1, windowMs: 1000 }).allowed, false);
    assert.deepEqual(forAddress({ max: 2, windowMs: 5 }), { max: 60, windowMs: 5 });
  });

  it('PF-09: with Redis all processes count together, without it each for itself', async (context) => {
    const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
    const log = pino({ level: 'silent' });
    const connectTo = async () => {
      const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
      redis.on('error', () => undefined);
      await redis.connect();
      return redis;
    };
    let redis: Redis;
    try {
      redis = await connectTo();
    } catch (error) {
      if (process.env.GREENROOM_TEST_SERVICES === 'required') throw error;
      return context.skip('no Redis here');
    }
    const prefix = `greenroom:test:${process.pid}:`;
    const another = await connectTo();
    const stores = [redis, another].map(
      (connection) => new RedisLimits({ redis: connection, clock: new ManualClock(), log, prefix }),
    );
    const limit = { max: 2, windowMs: 60_000 };
    const outcomes = [
      await stores[0]!.take('a', limit),
      await stores[1]!.take('a', limit),
      await stores[0]!.take('a', limit),
    ];
    assert.deepEqual(
      outcomes.map((taken) => [taken.allowed, taken.remaining]),
      [
        [true, 1],
        [true, 0],
        [false, 0],
      ],
    );
    assert.ok(outcomes[2]!.resetMs > 0 && outcomes[2]!.resetMs <= 60_000);
    await redis.del(`${prefix}a`);
    another.disconnect();
    assert.equal((await stores[1]!.take('a', limit)).remaining, 1, 'counted in memory');
    await redis.quit();
  });
});

describe('headers', () => {
  it('PF-09: every answer has the security headers', async () => {
    const server = await start({
      surfaces: [
        surface((app) => {
          app.get('/r/a', { config: { action: 'public' } }, async () => ({ a: 1 }));
          app.get(
            '/r/page',
            { config: { action: 'public' } },
            async (_request, reply) => await reply.type('text/html').send('<script>let a</script>'),
          );
        }),
      ],
      settings: { PUBLIC_URL: 'https://live.example.org' },
    });
    for (const path of ['/r/a', '/r/none', '/none', '/r/%E4']) {
      const { headers } = await server.fetch(path);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
      assert.match(headers.get('content-security-policy')!, /default-src 'none'; frame-ancestors 'none'/, path);
      assert.equal(headers.get('referrer-policy'), 'same-origin', path);
      assert.equal(headers.get('strict-transport-security'), 'max-age=31536000', path);
    }
    const policy = (await server.fetch('/r/page')).headers.get('content-security-policy')!;
    assert.match(policy, /script-src 'self' 'sha256-[\w+/=]+';/);
    assert.doesNotMatch(policy.replace(/style-src[^;]*;/, ''), /unsafe-inline/);
  });

  it('PF-09: CORS is an allow-list with credentials, any origin without them where the surface says so', async () => {
    const server = await start({
      surfaces: [
        surface(
          (app) => {
            app.get('/r/a', { config: { action: 'public' } }, async () => 'x');
            app.put('/r/sdk/sessions', { config: { action: 'public', csrf: false } }, async () => 'x');
          },
          { anyOrigin: (path) => path.startsWith('/r/sdk') },
        ),
      ],
      settings: { CORS_ORIGINS: ['https://app.example.org'] },
    });
    const cors = async (path: string, origin: string, init: RequestInit = {}) => {
      const { headers, status } = await server.fetch(path, { ...init, headers: { origin, ...init.headers } });
      return {
        status,
        origin: headers.get('access-control-allow-origin'),
        credentials: headers.get('access-control-allow-credentials'),
        headers,
      };
    };
    const listed = await cors('/r/a', 'https://app.example.org');
    assert.deepEqual(
      [listed.origin, listed.credentials, listed.headers.get('vary')],
      ['https://app.example.org', 'true', 'Origin'],
    );
    const foreign = await cors('/r/a', 'https://evil.example');
    assert.deepEqual([foreign.origin, foreign.credentials], [null, null]);
    const sdk = await cors('/r/sdk/nowhere', 'https://evil.example');
    assert.deepEqual([sdk.status, sdk.origin, sdk.credentials], [404, '*', null]);

    const asks = {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'content-type' },
    };
    const preflight = await cors('/r/sdk/sessions', 'https://evil.example', asks);
    assert.deepEqual([preflight.status, preflight.origin], [204, '*']);
    assert.match(preflight.headers.get('access-control-allow-methods')!, /PUT/);
    assert.match(preflight.headers.get('access-control-allow-headers')!, /Content-Type/);
    assert.equal((await cors('/r/a', 'https://evil.example', asks)).origin, null);
    assert.equal(server.cors.isAllowed('https://app.example.org', 'x'), true);
    assert.equal(server.cors.isAllowed('http://192.168.0.7:8080', '192.168.0.7:8080'), true);
    assert.equal(server.cors.isAllowed('https://evil.example', '192.168.0.7:8080'), false);
    assert.equal(server.cors.isAllowed('null', undefined), false);
  });
});
