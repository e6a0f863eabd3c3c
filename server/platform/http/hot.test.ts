import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Type } from 'typebox';
import { NotFound, Unavailable } from '../errors.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { typedApp } from './types.ts';

interface Race {
  server: TestServer;
  /** Calls of the route so far. */
  calls(): number;
  /** What the route answers next; it waits while this is a promise. */
  state: { body: unknown; away?: boolean; gate?: Promise<void> };
}

const races: TestServer[] = [];
after(() => Promise.all(races.map((server) => server.close())));

async function start(limits = {}): Promise<Race> {
  let calls = 0;
  const state: Race['state'] = { body: { place: 1 } };
  const server = await startTestServer({
    limits,
    authenticate: async () => {
      throw new Error('a hot route asks nobody who he is');
    },
    surfaces: [
      {
        owner: 'races',
        paths: ['/api/races'],
        aliases: { '/old': '/api/races' },
        routes(app) {
          typedApp(app).get(
            '/api/races/:id',
            {
              config: {
                action: 'public',
                hot: { tags: (request) => [`race/${(request.params as { id: number }).id}`], maxAgeMs: 60_000 },
              },
              schema: {
                params: Type.Object({ id: Type.Integer() }),
                querystring: Type.Object({ page: Type.Integer({ default: 1 }) }),
              },
            },
            async (request, reply) => {
              calls++;
              const { body } = state;
              await state.gate;
              if (state.away) throw new Unavailable('unavailable', 'The database is away.');
              if (request.params.id === 404) throw new NotFound('race_unknown', 'No such race.');
              return reply.header('X-Races', 'yes').send(body);
            },
          );
        },
      },
    ],
  });
  races.push(server);
  return { server, calls: () => calls, state };
}

describe('ready answers', () => {
  it('PF-07: a hit needs no route, has a strong ETag and answers 304', async () => {
    const { server, calls } = await start();
    const first = await server.fetch('/api/races/1');
    const etag = first.headers.get('etag')!;
    assert.match(etag, /^"[\w-]+"$/);
    for (const path of ['/api/races/1', '/api/races/1/', '/old/1']) {
      const hit = await server.fetch(path, { headers: { 'x-request-id': 'hit-1' } });
      assert.equal(await hit.text(), '{"place":1}');
      assert.equal(hit.headers.get('etag'), etag);
      assert.equal(hit.headers.get('x-request-id'), 'hit-1');
      assert.equal(hit.headers.get('x-races'), 'yes');
      assert.equal(hit.headers.get('cache-control'), 'no-cache');
      assert.equal(hit.headers.get('x-content-type-options'), 'nosniff');
      assert.match(hit.headers.get('content-security-policy')!, /^default-src 'none'[^,]*$/);
      assert.match(hit.headers.get('content-type')!, /^application\/json/);
      assert.ok(Number(hit.headers.get('ratelimit-remaining')) > 0);
    }
    const unchanged = await server.fetch('/api/races/1', { headers: { 'if-none-match': `"x", ${etag}` } });
    assert.deepEqual([unchanged.status, await unchanged.text(), unchanged.headers.get('etag')], [304, '', etag]);
    const head = await server.fetch('/api/races/1', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '11', '']);
    assert.equal(calls(), 1);
    server.hot.invalidateAll();
    assert.equal(
      (await server.fetch('/api/races/1', { headers: { 'if-none-match': etag } })).status,
      304,
      'the filler knows 304 too',
    );
    assert.match(
      await server.metrics.text(),
      /duration_seconds_count\{method="GET",route="\/api\/races\/:id",status="200"\} 4/,
    );
  });

  it('PF-07: an invalidated tag brings the new answer, others stay', async () => {
    const { server, calls, state } = await start();
    await server.fetch('/api/races/1');
    await server.fetch('/api/races/2');
    state.body = { place: 2 };
    server.hot.invalidate(['race/1']);
    assert.equal(await (await server.fetch('/api/races/1')).text(), '{"place":2}');
    assert.equal(await (await server.fetch('/api/races/2')).text(), '{"place":1}');
    assert.equal(calls(), 3);
  });

  it('PF-07: many askers, one fill; a change during the fill is not lost', async () => {
    const { server, calls, state } = await start();
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const early = Array.from({ length: 20 }, () => server.fetch('/api/races/1'));
    // All of them stand at the route or wait for it.
    while (server.hot.stats.misses < 20) await new Promise(setImmediate);
    assert.equal(calls(), 1);
    state.body = { place: 2 };
    server.hot.invalidate(['race/1']);
    const late = server.fetch('/api/races/1');
    while (calls() < 2) await new Promise(setImmediate);
    gate.resolve();
    for (const response of await Promise.all(early)) assert.equal(await response.text(), '{"place":1}');
    assert.equal(await (await late).text(), '{"place":2}');
    assert.equal(await (await server.fetch('/api/races/1')).text(), '{"place":2}');
    assert.equal(calls(), 2);
  });

  it('PF-07: only good answers are kept, and queries are names of their own', async () => {
    const { server, calls } = await start();
    for (let index = 0; index < 2; index++) assert.equal((await server.fetch('/api/races/404')).status, 404);
    assert.equal(calls(), 2);
    await server.fetch('/api/races/1?page=1');
    await server.fetch('/api/races/1?page=2');
    assert.equal(calls(), 4);
    assert.equal((await server.fetch('/api/races/1?other=1')).status, 400);
  });

  it('DESIGN 3.2: while the database is away the last bytes are answered, marked stale', async () => {
    const { server, state } = await start();
    await server.fetch('/api/races/1');
    server.hot.invalidate(['race/1']);
    state.away = true;
    server.clock.advance(5000);
    const stale = await server.fetch('/api/races/1');
    assert.deepEqual([stale.status, await stale.text()], [200, '{"place":1}']);
    assert.equal(stale.headers.get('age'), '5');
    assert.match(stale.headers.get('cache-status')!, /stale/);
    assert.equal((await server.fetch('/api/races/2')).status, 503);
    state.away = false;
    state.body = { place: 3 };
    const fresh = await server.fetch('/api/races/1');
    assert.equal(await fresh.text(), '{"place":3}');
    assert.equal(fresh.headers.get('cache-status'), null);
  });

  it('PF-09: hits count for the limit, whose refusal has the form of the surface', async () => {
    const { server } = await start({ hot: { max: 1, windowMs: 60_000 } });
    for (let index = 0; index < 30; index++) assert.equal((await server.fetch('/api/races/1')).status, 200);
    const refused = await server.fetch('/api/races/1');
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '60');
    assert.match(refused.headers.get('content-type')!, /problem\+json/);
  });
});
