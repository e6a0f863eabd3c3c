import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../accounts/types.ts';
import { createSecrets } from '../config/secrets.ts';
import { Conflict, TooMany } from '../errors.ts';
import { createTestCore, type TestCore } from '../testing/core.ts';
import { digestRequest, IdempotencyKeys, markAll } from './idempotency.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { type Surface, typedApp } from './types.ts';

let core: TestCore;
let keys: IdempotencyKeys;
let server: TestServer;
/** Effects: rows that the service wrote, and how its handler behaves. */
const effects: string[] = [];
let behaviour: () => Promise<void> = async () => undefined;
const secrets = createSecrets('s'.repeat(32));

async function authenticate(request: FastifyRequest): Promise<Principal> {
  const name = request.headers.authorization;
  if (name === undefined) return { kind: 'anonymous', address: request.address };
  return {
    kind: 'account',
    accountId: name,
    number: 1,
    username: name,
    grants: new Set(),
    sessionId: null,
    via: 'token',
    address: request.address,
  };
}

const surface: Surface = {
  owner: 'games',
  paths: ['/r'],
  presentError: (error) => ({
    status: error.status,
    body: { msg: error.message, code: error.code === 'idempotency_mismatch' ? 6629 : error.code },
  }),
  routes(app) {
    const typed = typedApp(app);
    const schema = { body: Type.Object({ amount: Type.Integer(), to: Type.Optional(Type.String()) }) };
    const open = { action: 'public', csrf: false } as const;
    typed.post('/r/pay', { config: open, schema }, async (request, reply) => {
      effects.push(`pay ${request.body.amount}`);
      await behaviour();
      return reply.code(201).header('location', `/r/payments/${effects.length}`).send({ nth: effects.length });
    });
    typed.post('/r/move', { config: { ...open, idempotent: 'marked' }, schema }, async (request) => {
      await core.database.transaction('move', async (tx) => {
        await request.idempotency?.mark(tx);
        effects.push(`move ${request.body.amount}`);
      });
      await behaviour();
      return { moved: request.body.amount };
    });
    typed.post('/r/login', { config: { ...open, idempotent: false }, schema }, async () => ({
      nth: effects.push('login'),
    }));
  },
};

before(async () => {
  core = await createTestCore();
  keys = new IdempotencyKeys({ database: core.database, secrets, ports: core.ports, waitMs: 5000 });
  server = await startTestServer({ surfaces: [surface], authenticate, idempotency: keys, ports: core.ports });
});
after(async () => {
  await server.close();
  await core.close();
});

let count = 0;
const newKey = () => `key-${count++}`;
const pay = (key: string, body: object, more: { as?: string; path?: string } = {}) =>
  server.send('POST', more.path ?? '/r/pay', body, {
    'idempotency-key': key,
    ...(more.as ? { authorization: more.as } : {}),
  });

async function lastRow() {
  const rows = await core.database.query<{ id: Buffer; claim: string; answer: string | null; marked: boolean }>(
    'select id, claim, answer, marked from idempotency_keys order by expires_at desc, lease_until desc limit 1',
  );
  return rows[0]!;
}

/** Leaves a key as a process does that was killed: claimed, unanswered, its lease run out. */
async function crashed(
  request: { key: string; path: string; body: object; marks: boolean },
  marked: boolean,
): Promise<void> {
  const dead = new IdempotencyKeys({ database: core.database, secrets, ports: core.ports });
  const begun = await dead.begin({
    ...{ scope: 'address:127.0.0.1', method: 'POST', path: request.path, key: request.key, marks: request.marks },
    digest: await digestRequest({}, request.body),
  });
  assert.ok(begun.kind === 'run');
  if (marked) await begun.running.mark(core.database);
  core.ports.clock.advance(31_000);
}

describe('Idempotency-Key', () => {
  it('PF-06: same key and body give the first answer again, headers and all', async () => {
    const key = newKey();
    const first = await pay(key, { amount: 5, to: 'ada' });
    const again = await pay(key, { to: 'ada', amount: 5 });
    assert.deepEqual([again.status, again.body], [201, first.body]);
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    assert.equal(again.headers.get('content-type'), first.headers.get('content-type'));
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(effects.splice(0), ['pay 5']);
  });

  it('PF-75: another body under the same key is a mismatch in the form of the module', async () => {
    const key = newKey();
    await pay(key, { amount: 5 });
    assert.deepEqual(
      [(await pay(key, { amount: 6 })).status, ((await pay(key, { amount: 6 })).body as { code: number }).code],
      [422, 6629],
    );
    assert.deepEqual(effects.splice(0), ['pay 5']);
  });

  it('PF-75: a key is scoped to account or address, method and path', async () => {
    const key = newKey();
    await pay(key, { amount: 1 });
    await pay(key, { amount: 2 }, { as: 'ada' });
    await pay(key, { amount: 3 }, { as: 'bob' });
    await pay(key, { amount: 4 }, { path: '/r/move' });
    assert.deepEqual(effects.splice(0), ['pay 1', 'pay 2', 'pay 3', 'move 4']);
  });

  it('PF-75: a repeat during the first waits for it', async () => {
    const key = newKey();
    const gate = Promise.withResolvers<void>();
    behaviour = () => gate.promise;
    const first = pay(key, { amount: 5 });
    while (effects.length === 0) await new Promise(setImmediate);
    const repeats = [pay(key, { amount: 5 }), pay(key, { amount: 5 })];
    // Another process sees the same: it polls the database.
    const other = new IdempotencyKeys({ database: core.database, secrets, ports: core.ports });
    const elsewhere = other.begin({
      ...{ scope: 'address:127.0.0.1', method: 'POST', path: '/r/pay', key, marks: false },
      digest: await digestRequest({}, { amount: 5 }),
    });
    gate.resolve();
    behaviour = async () => undefined;
    const answers = await Promise.all([first, ...repeats]);
    assert.deepEqual(
      answers.map((answer) => answer.body),
      [{ nth: 1 }, { nth: 1 }, { nth: 1 }],
    );
    const begun = await elsewhere;
    assert.ok(begun.kind === 'answer');
    assert.equal(Buffer.from(begun.answer.body, 'base64').toString(), '{"nth":1}');
    assert.deepEqual(effects.splice(0), ['pay 5']);
  });

  it('PF-75: answers are kept 24 h, encrypted', async () => {
    const key = newKey();
    await pay(key, { amount: 7 });
    const row = await lastRow();
    assert.match(row.answer!, /^v1\.[0-9a-f]{8}\./);
    assert.match(secrets.open('idempotency', row.answer!).toString(), /"status":201/);
    core.ports.clock.advance(24 * 3600_000 - 1000);
    await pay(key, { amount: 7 });
    assert.equal(effects.length, 1);
    core.ports.clock.advance(1000);
    await pay(key, { amount: 7 });
    assert.deepEqual(effects.splice(0), ['pay 7', 'pay 7']);
    core.ports.clock.advance(24 * 3600_000);
    assert.ok((await keys.purge()) > 0);
    assert.equal((await core.database.query('select 1 as one from idempotency_keys')).length, 0);
  });

  it('PF-06: failures and "later" are not kept, refusals of the rules are', async () => {
    for (const [error, effectsLeft] of [
      [new TooMany('throttled', 'Later.', 1000), 2],
      [new Error('bug'), 2],
      [new Conflict('funds', 'Not enough.'), 1],
    ] as const) {
      const key = newKey();
      behaviour = async () => {
        throw error;
      };
      await pay(key, { amount: 1 });
      behaviour = async () => undefined;
      const again = await pay(key, { amount: 1 });
      assert.equal(again.status, effectsLeft === 1 ? 409 : 201);
      assert.equal(effects.splice(0).length, effectsLeft, error.message);
    }
  });

  it('PF-06: a wrong input never uses the key up', async () => {
    const key = newKey();
    assert.equal((await pay(key, { amount: 'five' })).status, 400);
    assert.equal((await pay(key, { amount: 5 })).status, 201);
    effects.length = 0;
  });

  it('PF-75: routes that say so ignore the key; a malformed key is refused elsewhere', async () => {
    await pay('k', { amount: 1 }, { path: '/r/login' });
    await pay('k', { amount: 2 }, { path: '/r/login' });
    assert.deepEqual(effects.splice(0), ['login', 'login']);
    assert.equal((await pay('x'.repeat(129), { amount: 1 })).status, 400);
    assert.equal((await pay('x'.repeat(128), { amount: 1 })).status, 201);
    effects.length = 0;
  });

  it('PF-51: an effect without its answer is never repeated in silence', async () => {
    for (const [path, marks] of [
      ['/r/pay', false],
      ['/r/move', true],
    ] as const) {
      const key = newKey();
      await crashed({ key, path, body: { amount: 9 }, marks }, marks);
      const again = await pay(key, { amount: 9 }, { path });
      assert.deepEqual([again.status, (again.body as { code: string }).code], [409, 'idempotency_unresolved'], path);
    }
    assert.deepEqual(effects.splice(0), []);
  });

  it('PF-51: a marking service that died before its commit may be repeated', async () => {
    const key = newKey();
    await crashed({ key, path: '/r/move', body: { amount: 9 }, marks: true }, false);
    assert.equal((await pay(key, { amount: 9 }, { path: '/r/move' })).status, 200);
    assert.deepEqual(effects.splice(0), ['move 9']);
  });

  it('PF-75: a try that was taken over cannot commit any more', async () => {
    const request = {
      scope: 'address:1',
      method: 'POST',
      path: '/r/move',
      key: newKey(),
      marks: true,
      digest: await digestRequest({}, {}),
    };
    const slow = new IdempotencyKeys({ database: core.database, secrets, ports: core.ports });
    const first = await slow.begin(request);
    core.ports.clock.advance(31_000);
    const second = await keys.begin(request);
    assert.ok(first.kind === 'run' && second.kind === 'run');
    await assert.rejects(
      core.database.transaction('move', async (tx) => await first.running.mark(tx)),
      (error) => error instanceof Conflict,
    );
    await core.database.transaction('move', async (tx) => await markAll(tx, [second.running]));
    // Late words of the first change nothing.
    await first.running.keep({ status: 200, headers: {}, body: '' });
    await first.running.release();
    assert.deepEqual([(await lastRow()).marked, (await lastRow()).answer], [true, null]);
    await second.running.keep({ status: 200, headers: {}, body: '' });
    assert.equal((await keys.begin(request)).kind, 'answer');
  });

  it('PF-51: an answer of a marked try that failed later stays unresolved instead of running again', async () => {
    const key = newKey();
    behaviour = async () => {
      throw new Error('after the commit');
    };
    assert.equal((await pay(key, { amount: 3 }, { path: '/r/move' })).status, 500);
    behaviour = async () => undefined;
    core.ports.clock.advance(31_000);
    assert.equal((await pay(key, { amount: 3 }, { path: '/r/move' })).status, 409);
    assert.deepEqual(effects.splice(0), ['move 3']);
  });
});
