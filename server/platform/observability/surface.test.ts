import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Unavailable } from '../errors.ts';
import { startTestServer } from '../http/test-server.ts';
import { asyncapiDocument } from './asyncapi.ts';
import { Metrics } from './metrics.ts';
import { renderReference } from './reference.ts';
import { observabilitySurface, type ReadinessCheck } from './surface.ts';

const TOKEN = 't'.repeat(20);

async function start(
  checks: Record<string, ReadinessCheck>,
  settings: { token?: string | null; proxies?: string[] } = {},
) {
  const metrics = new Metrics({ process: false });
  const state = { stopping: false };
  const server = await startTestServer({
    metrics,
    settings: { TRUSTED_PROXIES: settings.proxies ?? [] },
    surfaces: [
      observabilitySurface({
        checks,
        metrics,
        metricsToken: settings.token ?? null,
        stopping: () => state.stopping,
        openapi: () => ({ openapi: '3.1.0' }),
        asyncapi: () => ({ asyncapi: '3.0.0' }),
      }),
    ],
  });
  return { server, state };
}

describe('probes and metrics', () => {
  it('PF-02: healthz says that the process lives, readyz what each part does', async () => {
    const works = { database: true };
    const { server, state } = await start({
      database: async () => {
        if (!works.database) throw new Unavailable('unavailable', 'The database is away.');
        return '18.1';
      },
      bus: async () => undefined,
    });
    assert.equal((await server.send('GET', '/healthz')).status, 200);
    const ready = await server.send('GET', '/readyz');
    assert.equal(ready.status, 200);
    assert.deepEqual(ready.body, {
      ready: true,
      stopping: false,
      parts: { database: { ok: true, detail: '18.1' }, bus: { ok: true } },
    });
    works.database = false;
    const away = await server.send('GET', '/readyz');
    assert.equal(away.status, 503);
    assert.deepEqual((away.body as { parts: object }).parts, {
      database: { ok: false, detail: 'The database is away.' },
      bus: { ok: true },
    });
    works.database = true;
    state.stopping = true;
    assert.equal((await server.send('GET', '/readyz')).status, 503);
    assert.equal((await server.send('GET', '/healthz')).status, 200);
    await server.close();
  });

  it('PF-05: a failing part never shows the words of its error', async () => {
    const { server } = await start({
      database: async () => {
        throw new Error('password authentication failed for user "x" on 10.0.0.5');
      },
    });
    assert.doesNotMatch(JSON.stringify((await server.send('GET', '/readyz')).body), /10\.0|password/);
    await server.close();
  });

  it('platform 1.1: metrics are for this machine, or for who has the token', async () => {
    const { server } = await start({}, { token: TOKEN, proxies: ['127.0.0.1'] });
    const status = async (headers: Record<string, string>) =>
      (await server.send('GET', '/metrics', undefined, headers)).status;
    assert.equal(await status({}), 200);
    const remote = { 'x-forwarded-for': '203.0.113.5' };
    assert.equal(await status(remote), 401);
    assert.equal(await status({ 'x-forwarded-for': '127.0.0.1' }), 401, 'behind a proxy nobody is this machine');
    assert.equal(await status({ ...remote, authorization: 'Bearer nonsense' }), 401);
    assert.equal(await status({ ...remote, authorization: `Bearer ${TOKEN}` }), 200);
    const text = await server.send('GET', '/metrics');
    assert.match(text.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
    assert.match(String(text.body), /^# TYPE http_request_duration_seconds histogram$/m);
    await server.close();
    const closed = await start({}, { proxies: ['127.0.0.1'] });
    assert.equal(
      (await closed.server.send('GET', '/metrics', undefined, { ...remote, authorization: 'Bearer ' })).status,
      401,
    );
    await closed.server.close();
  });

  it('PF-02: the descriptions are served', async () => {
    const { server } = await start({});
    assert.deepEqual((await server.send('GET', '/openapi.json')).body, { openapi: '3.1.0' });
    assert.deepEqual((await server.send('GET', '/asyncapi.json')).body, { asyncapi: '3.0.0' });
    await server.close();
  });

  it('PF-02: the reference is a page made from the same document, where nothing in it becomes markup', async () => {
    const { server } = await start({});
    const page = await server.send('GET', '/reference');
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type')!, /^text\/html/);
    await server.close();
    const operation = {
      tags: ['r'],
      summary: '<script>alert(1)</script>',
      parameters: [{ name: '"><b>', in: 'query', required: true, schema: { type: 'string' } }],
      responses: { 200: { description: 'fine' } },
    };
    const html = renderReference({ info: { title: 'T', version: '1' }, paths: { '/r/{id}': { get: operation } } });
    assert.match(html, /<h2>r<\/h2>/);
    assert.match(html, /GET<\/span> <code>\/r\/\{id\}<\/code>/);
    assert.doesNotMatch(html, /<script|<b>/);
  });

  it('PF-23: every topic is a channel, every event type a message', () => {
    const document = asyncapiDocument({
      version: '1.0.0',
      publicUrl: 'https://live.example.org',
      topics: [{ name: 'predictions/game/{id}', summary: 'One game', events: { 'pool.opened': { type: 'object' } } }],
    });
    assert.deepEqual(JSON.parse(JSON.stringify(document)).channels, {
      'predictions.game.id': {
        address: 'predictions/game/{id}',
        description: 'One game',
        messages: { pool_opened: { $ref: '#/components/messages/predictions.game.id.pool.opened' } },
        parameters: { id: { description: 'id' } },
      },
    });
  });
});
