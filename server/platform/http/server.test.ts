import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Conflict, Unavailable } from '../errors.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { type Surface, typedApp } from './types.ts';

const Bet = Type.Object({
  amount: Type.Integer({ minimum: 1 }),
  note: Type.Optional(Type.String({ maxLength: 20 })),
  tags: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
});
const open = { action: 'public' };

const games: Surface = {
  owner: 'games',
  paths: ['/r', '=/auth'],
  aliases: { '/i/r': '/r' },
  presentError: (error, requestId) => ({
    status: error.status,
    body: { msg: error.message, code: error.code, requestId },
  }),
  routes(app) {
    const typed = typedApp(app);
    typed.post('/r/bets/', { config: open, schema: { body: Bet } }, async (request) => request.body);
    typed.get(
      '/r/bets/:id',
      { config: open, schema: { params: Type.Object({ id: Type.Integer() }) } },
      async (request) => request.params,
    );
    typed.get('/r/bets/mine', { config: open }, async () => 'mine');
    typed.get(
      '/r/search',
      { config: open, schema: { querystring: Type.Object({ q: Type.String(), limit: Type.Integer({ default: 5 }) }) } },
      async (request) => request.query,
    );
    typed.get('/r/fail', { config: open }, async () => {
      throw new Error('select * from secrets failed at /srv/app.ts');
    });
    typed.get('/r/taken', { config: open }, async () => {
      throw new Conflict('taken', 'Somebody was faster.');
    });
    typed.post('/auth', { config: open }, async () => ({ token: 't' }));
  },
};

const plain: Surface = {
  owner: 'plain',
  paths: ['/api/v1', '/api'],
  routes(app: FastifyInstance) {
    const typed = typedApp(app);
    typed.post('/api/v1/json', { config: open, schema: { body: Bet } }, async (request) => request.body);
    typed.post(
      '/api/v1/form',
      { config: { ...open, bodies: ['json', 'form', 'multipart'] }, schema: { body: Bet } },
      async (request) => request.body,
    );
    typed.post(
      '/api/v1/open',
      { config: { ...open, unknownFields: 'ignore' }, schema: { body: Bet } },
      async (request) => request.body,
    );
    typed.post(
      '/api/v1/coerce',
      { config: { ...open, coerce: true }, schema: { body: Bet } },
      async (request) => request.body,
    );
    typed.post('/api/v1/any', { config: { ...open, bodies: ['any-json'] } }, async (request) => request.body);
    typed.post('/api/v1/raw', { config: { ...open, bodies: ['raw'] } }, async (request) => ({
      bytes: (request.body as Buffer).length,
    }));
    typed.post('/api/v1/small', { bodyLimit: 10, config: open }, async (request) => request.body);
    typed.get('/api/v1/away', { config: open }, async () => {
      throw new Unavailable('unavailable', 'The database is away.', 2500);
    });
    typed.get('/api/v1/refused', { config: open }, async () => {
      throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:5432'), { code: 'ECONNREFUSED' });
    });
    typed.get(
      '/api/v1/leak',
      { config: open, schema: { response: { 200: Type.Object({ id: Type.Integer() }) } } },
      // The type would forbid it; a spread of a row would not.
      async () => ({ id: 1, password: 'x' }) as { id: number },
    );
    typed.get(
      '/api/v1/typed',
      { config: open, schema: { response: { 200: Type.Object({ id: Type.Integer() }) } } },
      async () => ({ id: 1 }),
    );
  },
};

let server: TestServer;
const lines: string[] = [];
before(async () => {
  const { pino } = await import('pino');
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  server = await startTestServer({ surfaces: [games, plain], log });
});
after(() => server.close());

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, type: string | null = 'application/json') =>
  server.fetch(path, { method: 'POST', body, headers: type === null ? {} : { 'content-type': type } });

async function problem(response: Response): Promise<Record<string, unknown>> {
  assert.match(response.headers.get('content-type')!, /^application\/problem\+json/);
  return (await response.json()) as Record<string, unknown>;
}

describe('requests', () => {
  it('PF-03: every request has an id, the sender may choose it', async () => {
    const chosen = await server.fetch('/r/taken', { headers: { 'x-request-id': 'abc_1-2' } });
    assert.equal(chosen.headers.get('x-request-id'), 'abc_1-2');
    assert.equal(((await chosen.json()) as { requestId: string }).requestId, 'abc_1-2');
    const ids = new Set<string | null>();
    for (const id of ['', 'a b', 'x'.repeat(65), '<script>']) {
      const response = await server.fetch('/r/taken', { headers: { 'x-request-id': id } });
      assert.match(response.headers.get('x-request-id')!, /^[A-Za-z0-9_-]{1,64}$/);
      ids.add(response.headers.get('x-request-id'));
    }
    assert.equal(ids.size, 4);
  });

  it('PF-04: fields, types and ranges are validated, nothing is removed or turned', async () => {
    assert.deepEqual((await server.send('POST', '/api/v1/json', { amount: 5, note: 'x' })).body, {
      amount: 5,
      note: 'x',
    });
    for (const [body, path] of [
      [{ amount: '5' }, '/amount'],
      [{ amount: 0 }, '/amount'],
      [{ amount: 1.5 }, '/amount'],
      [{}, '/amount'],
      [{ amount: 5, extra: 1 }, '/extra'],
      [{ amount: 5, tags: [{ name: 'a', extra: 1 }] }, '/tags/0/extra'],
      [{ amount: 5, note: null }, '/note'],
      [[], ''],
    ] as const) {
      const { status, body: answer } = await server.send('POST', '/api/v1/json', body);
      assert.equal(status, 400, JSON.stringify(body));
      const { code, details } = answer as { code: string; details: { errors: { in: string; path: string }[] } };
      assert.equal(code, 'invalid_input');
      assert.deepEqual([details.errors[0]!.in, details.errors[0]!.path], ['body', path]);
    }
  });

  it('PF-04: unknown fields are ignored and text is turned only where a route says so', async () => {
    assert.equal((await server.send('POST', '/api/v1/open', { amount: 5, extra: 1 })).status, 200);
    assert.deepEqual((await server.send('POST', '/api/v1/coerce', { amount: '5' })).body, { amount: 5 });
    assert.equal((await server.send('POST', '/api/v1/coerce', { amount: 'five' })).status, 400);
  });

  it('PF-04: path and query have types too', async () => {
    assert.deepEqual((await server.send('GET', '/r/bets/17')).body, { id: 17 });
    assert.equal((await server.send('GET', '/r/bets/x17')).status, 400);
    assert.deepEqual((await server.send('GET', '/r/search?q=1')).body, { q: '1', limit: 5 });
    assert.equal((await server.send('GET', '/r/search?q=1&limit=many')).status, 400);
    assert.equal((await server.send('GET', '/r/search?q=1&other=2')).status, 400);
  });

  it('PF-04: forms where the route takes them, their values read as the types of the schema', async () => {
    assert.deepEqual(
      await (await post('/api/v1/form', 'amount=5&note=a+b%21', 'application/x-www-form-urlencoded')).json(),
      { amount: 5, note: 'a b!' },
    );
    const form = new FormData();
    form.set('amount', '7');
    assert.deepEqual(await (await server.fetch('/api/v1/form', { method: 'POST', body: form })).json(), { amount: 7 });
    assert.equal((await server.send('POST', '/api/v1/form', { amount: '5' })).status, 400);
    assert.equal(
      (await problem(await post('/api/v1/form', 'amount=%E4', 'application/x-www-form-urlencoded'))).code,
      'malformed_form',
    );
    assert.equal(
      (await problem(await post('/api/v1/form', '__proto__=1&amount=5', 'application/x-www-form-urlencoded'))).code,
      'invalid_key',
    );
    assert.equal(
      (await problem(await post('/api/v1/form', 'a=1&'.repeat(1001), 'application/x-www-form-urlencoded'))).code,
      'malformed_form',
    );
    assert.equal((await problem(await post('/api/v1/form', 'x', 'multipart/form-data'))).code, 'malformed_form');
  });

  it('PF-04: a wrong content type is 415, before the body is read', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense', null]) {
      const response = await post('/api/v1/json', new TextEncoder().encode('{"amount":5}'), type);
      assert.equal(response.status, 415, String(type));
      assert.equal((await problem(response)).code, 'unsupported_media_type');
    }
    assert.equal((await post('/api/v1/json', '{"amount":5}', 'application/vnd.x+json; charset=utf-8')).status, 200);
    assert.deepEqual(await (await post('/api/v1/any', '{"a":1}', 'text/plain;charset=UTF-8')).json(), { a: 1 });
    assert.deepEqual(await (await post('/api/v1/raw', 'abc', 'text/csv')).json(), { bytes: 3 });
  });

  it('PF-04: malformed JSON is 400', async () => {
    for (const body of [
      '{"amount":',
      '{amount:5}',
      'null x',
      '{"__proto__":{"x":1}}',
      '{"amount":1,"constructor":{"prototype":{}}}',
    ]) {
      const response = await post('/api/v1/json', body);
      assert.equal(response.status, 400, body);
      assert.ok(['malformed_json', 'invalid_key'].includes(String((await problem(response)).code)), body);
    }
    assert.equal(
      (await problem(await post('/api/v1/json', new Uint8Array([0x22, 0xff, 0x22])))).code,
      'malformed_json',
    );
  });

  it('PF-04: a body over the limit is 413', async () => {
    const large = JSON.stringify({ amount: 5, note: 'x'.repeat(1024 ** 2) });
    assert.equal((await post('/api/v1/json', large)).status, 413);
    assert.equal((await problem(await post('/api/v1/small', '{"aaaaaaaaaaaaaa":1}'))).code, 'body_too_large');
  });

  it('PF-04: U+0000 and unpaired surrogates are refused in strings, keys, paths and queries', async () => {
    for (const body of ['{"a":"x\\u0000"}', '{"a\\u0000":1}', '{"a":["\\ud800"]}', '{"\\udfff":1}', '"\\ud83d"']) {
      assert.equal((await problem(await post('/api/v1/any', body))).code, 'invalid_text', body);
    }
    assert.equal((await post('/api/v1/any', '{"a":"\\ud83d\\ude00"}')).status, 200);
    assert.equal(((await server.send('GET', '/r/search?q=a%00b')).body as { code: string }).code, 'invalid_text');
    assert.equal(((await server.send('GET', '/r/search?q=1&a%00=1')).body as { code: string }).code, 'invalid_text');
    assert.equal(((await server.send('GET', '/r/bets/%00')).body as { code: string }).code, 'invalid_text');
    assert.equal(((await server.send('GET', '/r/search?__proto__=1')).body as { code: string }).code, 'invalid_key');
    for (const query of ['q=%ED%A0%80', 'q=1&b=%zz', '%ff=1', 'q=%']) {
      const answer = await server.send('GET', `/r/search?${query}`);
      assert.deepEqual([answer.status, (answer.body as { code: string }).code], [400, 'malformed_url'], query);
    }
  });

  it('PF-04: depth is bounded', async () => {
    assert.equal((await post('/api/v1/any', '['.repeat(32) + ']'.repeat(32))).status, 200);
    assert.equal((await problem(await post('/api/v1/any', '['.repeat(33) + ']'.repeat(33)))).code, 'too_deep');
    assert.equal(
      (await problem(await post('/api/v1/any', '['.repeat(500_000) + ']'.repeat(500_000)))).code,
      'too_deep',
    );
  });

  it('PF-05: an error has the form of its surface, elsewhere problem+json', async () => {
    const own = await server.send('GET', '/r/taken');
    assert.equal(own.status, 409);
    assert.deepEqual(Object.keys(own.body as object), ['msg', 'code', 'requestId']);
    const response = await server.fetch('/api/v1/nowhere?token=secret', { headers: { 'x-request-id': 'r1' } });
    assert.deepEqual(await problem(response), {
      type: '/docs/errors#not_found',
      title: 'Nothing is at this path',
      status: 404,
      detail: 'Nothing is here.',
      instance: '/api/v1/nowhere',
      code: 'not_found',
      requestId: 'r1',
    });
  });

  it('PF-05: an unforeseen error tells nothing and is logged with its id', async () => {
    lines.length = 0;
    const response = await server.fetch('/r/fail', { headers: { 'x-request-id': 'boom-1' } });
    assert.equal(response.status, 500);
    const text = await response.text();
    assert.doesNotMatch(text, /select|secrets|srv/);
    assert.match(text, /internal_error/);
    const line = JSON.parse(lines[0]!) as { requestId: string; err: { message: string } };
    assert.equal(line.requestId, 'boom-1');
    assert.match(line.err.message, /secrets/);
  });

  it('PF-05: while the database is away the answer is 503 with Retry-After', async () => {
    const away = await server.fetch('/api/v1/away');
    assert.equal(away.status, 503);
    assert.equal(away.headers.get('retry-after'), '3');
    const refused = await server.fetch('/api/v1/refused');
    assert.equal(refused.status, 503);
    assert.doesNotMatch(await refused.text(), /10\.0\.0\.5/);
  });

  it('PF-05: in tests a field that the schema does not declare is an error', async () => {
    const leak = await server.fetch('/api/v1/leak');
    assert.equal(leak.status, 500);
    assert.match(leak.headers.get('x-contract-fault')!, /GET \/api\/v1\/leak answers 200 .*password/);
    assert.equal((await server.fetch('/api/v1/typed')).status, 200);
  });

  it('PF-60: aliases, one trailing slash, literal before parameter', async () => {
    assert.equal((await server.send('POST', '/r/bets', { amount: 5 })).status, 200);
    assert.equal((await server.send('POST', '/r/bets/', { amount: 5 })).status, 200);
    assert.equal((await server.send('POST', '/i/r/bets/', { amount: 5 })).status, 200);
    assert.equal((await server.send('POST', '/r/bets//', { amount: 5 })).status, 404);
    assert.equal((await server.send('GET', '/i/r/bets/17/')).status, 200);
    assert.equal((await server.send('GET', '/r/bets/mine')).body, 'mine');
  });

  it('PF-60: a wrong method is 405 with Allow, in the form of the surface', async () => {
    const response = await server.fetch('/auth', { headers: { accept: 'text/html' } });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
    assert.equal(((await response.json()) as { code: string }).code, 'method_not_allowed');
    assert.equal((await server.fetch('/r/bets/17', { method: 'DELETE' })).headers.get('allow'), 'GET, HEAD');
    const options = await server.fetch('/r/bets', { method: 'OPTIONS' });
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'POST']);
  });

  it('PF-60: every error that the server itself raises below a prefix has that surface`s form', async () => {
    const big = JSON.stringify({ amount: 1, note: 'x'.repeat(1024 ** 2) });
    const cases: [string, RequestInit, number][] = [
      ['/r/nowhere', {}, 404],
      ['/i/r/nowhere', { headers: { accept: 'text/html' } }, 404],
      ['/r/bets', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 400],
      ['/r/bets', { method: 'POST', body: big, headers: { 'content-type': 'application/json' } }, 413],
      ['/r/bets', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, 415],
      ['/r/%E4', {}, 400],
      ['/r/nowhere', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, 404],
    ];
    for (const [path, init, status] of cases) {
      const response = await server.fetch(path, init);
      assert.equal(response.status, status, path);
      assert.deepEqual(Object.keys((await response.json()) as object), ['msg', 'code', 'requestId'], path);
    }
    assert.equal((await problem(await server.fetch('/races'))).status, 404);
  });

  it('PF-60: what is no HTTP is refused', async () => {
    assert.match(await server.raw('NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"code":"bad_request"/);
    assert.match(await server.raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(
      await server.raw('GET http://other/r/taken HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 409 /,
    );
    const h2c = 'GET /r/taken HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
    assert.match(await server.raw(h2c), /^HTTP\/1\.1 409 /);
    const websocket = 'GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    assert.match(await server.raw(websocket), /^HTTP\/1\.1 404 /);
  });

  it('PF-02: the OpenAPI document is what is validated', async () => {
    const document = server.openapi() as {
      paths: Record<string, Record<string, { requestBody: { content: { 'application/json': { schema: object } } } }>>;
    };
    const { schema } = document.paths['/api/v1/json']!.post!.requestBody.content['application/json'];
    assert.equal((schema as { additionalProperties: boolean }).additionalProperties, false);
    assert.ok(document.paths['/r/bets/{id}']);
  });

  it('PF-52: requests are counted by route template', async () => {
    await server.fetch('/r/bets/4711');
    await server.fetch('/r/bets/4712');
    const text = await server.metrics.text();
    assert.match(text, /http_request_duration_seconds_count\{method="GET",route="\/r\/bets\/:id",status="200"\} /);
    assert.doesNotMatch(text, /4711/);
  });
});
