import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { createAuthority } from '../accounts/authority.ts';
import type { AccountPrincipal } from '../accounts/types.ts';
import { asset } from '../config/asset.ts';
import { PostgresDatabase } from '../database/database.ts';
import { Invalid, NotFound, Unauthenticated } from '../errors.ts';
import { TopicFeed } from '../events/feed.ts';
import { createMemoryBus } from '../events/memory-bus.ts';
import { ManualClock } from '../testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { MAX_REPLAY_EVENTS } from './channel.ts';
import { WIRE_ERRORS } from './codes.ts';
import { Connections } from './connections.ts';
import { Flusher } from './flusher.ts';
import { createNativeWire, type NativeWire } from './native.ts';
import { createPresence } from './presence.ts';
import { DEFAULT_REALTIME_SETTINGS } from './settings.ts';
import { account, listen, silentPorts, TestClient, until } from './test-kit.ts';
import { TopicRegistry } from './topics.ts';

const ALICE = '0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10';
const BOB = '1f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d11';
const ORIGIN = 'https://room.example';

let testDatabase: TestDatabase;
let database: PostgresDatabase;
let feed: TopicFeed;
let wire: NativeWire;
let url: string;
let connections: Connections;
let stopServer: () => Promise<void>;
const clock = new ManualClock();
const expiries = new Map<string, number>();

/** The counter of `test/counter/:id` is the number of its events; its snapshot waits, so that events come between. */
async function countEvents(db: { query: PostgresDatabase['query'] }, topic: string): Promise<number> {
  const [row] = await db.query<{ n: bigint }>('select count(*) as n from events where topic = $1', [topic]);
  return Number(row!.n);
}

before(async () => {
  testDatabase = await createTestDatabase({ migrationsFolder: asset('server/migrations'), owners: ['platform'] });
  database = new PostgresDatabase({
    ports: silentPorts,
    pool: testDatabase.pool,
    onEvents: (events) => feed.committed(events),
  });
  const bus = createMemoryBus();
  feed = new TopicFeed({ epoch: 'e1', database, bus, clock: silentPorts.clock, log: silentPorts.log });
  const topics = new TopicRegistry();
  topics.define([
    {
      pattern: 'test/counter/:id',
      action: 'public',
      presence: 'accounts',
      sharedSnapshot: true,
      snapshot: async (db, { id }) => ({ count: await countEvents(db, `test/counter/${id}`) }),
    },
    {
      pattern: 'test/secret/:owner',
      action: 'test.secret.read',
      resource: async (_db, { owner }) => {
        if (owner === 'nobody') throw new NotFound('no_such_secret', 'No such secret.');
        return owner;
      },
      snapshot: async (_db, { owner }, principal) => ({ owner, kind: principal.kind }),
      present: () => null,
    },
    {
      pattern: 'test/wall',
      action: 'public',
      presence: 'count',
      snapshot: async () => [],
      publish: {
        action: 'test.wall.write',
        handle: async (principal, _params, data, type) => {
          if (typeof data !== 'string') throw new Invalid('not_text', 'A text, please.', { got: typeof data });
          await database.transaction('wall', async (tx) => {
            tx.append({ topic: 'test/wall', type: type ?? 'said', data: { text: data, by: accountIdOf(principal) } });
          });
          return { length: data.length };
        },
      },
    },
    {
      pattern: 'test/broken',
      action: 'public',
      snapshot: async () => {
        throw new TypeError('secret detail');
      },
    },
  ]);
  const authority = createAuthority();
  authority.define({
    'test.secret.read': (principal, resource) => principal.kind === 'account' && principal.accountId === resource,
    'test.wall.write': (principal) => principal.kind === 'account',
  });
  const presence = createPresence({ database, ports: silentPorts });
  await presence.start();
  const settings = { ...DEFAULT_REALTIME_SETTINGS, closeTimeoutMs: 500 };
  connections = new Connections(settings);
  wire = createNativeWire({
    database,
    feed,
    topics,
    authority,
    presence,
    settings,
    connections,
    flusher: new Flusher(settings),
    ports: { ...silentPorts, clock },
    addressOf: () => '127.0.0.1',
    authenticate: async ({ headers }) => {
      const id = headers.cookie?.split('=')[1];
      if (id === 'broken') throw new TypeError('secret detail');
      return id === undefined ? { kind: 'anonymous', address: '127.0.0.1' } : account(id, `session-of-${id}`);
    },
    verifyToken: async (token) => {
      if (!token.startsWith('token-')) throw new Unauthenticated('unauthenticated', 'The token is not accepted.');
      const principal: AccountPrincipal = { ...account(token.slice(6), null), via: 'token' };
      return { principal, expiresAt: expiries.get(token) ?? null };
    },
    isAllowedOrigin: (origin) => origin === ORIGIN,
  });
  const { server, port } = await listen([wire.route]);
  url = `ws://127.0.0.1:${port}/realtime`;
  stopServer = async () => {
    await wire.server.close(200);
    server.close();
    feed.stop();
    await presence.stop();
    await testDatabase.drop();
  };
});

after(() => stopServer());

function accountIdOf(principal: { kind: string }): string | null {
  return 'accountId' in principal ? String(principal.accountId) : null;
}

async function append(topic: string, ...datas: unknown[]): Promise<void> {
  await database.transaction('append', async (tx) => {
    for (const data of datas) tx.append({ topic, type: 'counted', data });
  });
}

const signedIn = (id: string) => ({ headers: { cookie: `gr_session=${id}` }, origin: ORIGIN });
const codeOf = (answer: Record<string, unknown>) => (answer.error as { code: string } | undefined)?.code;

test('PF-23 subscribe: state and seq of one moment, then every event after it', async () => {
  const topic = 'test/counter/first';
  await append(topic, 'before');
  const client = await TestClient.open(url);
  const answer = await client.ask({ op: 'subscribe', id: 1, topic });
  assert.deepEqual(answer, { re: 1, ok: true, epoch: 'e1', seq: 1, snapshot: { count: 1 } });
  await append(topic, { n: 2 }, null);
  const event = await client.next();
  assert.match(String(event.at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual({ ...event, at: 0 }, { topic, seq: 2, type: 'counted', at: 0, data: { n: 2 } });
  assert.equal((await client.next()).seq, 3);
  assert.deepEqual(await client.ask({ op: 'unsubscribe', id: 'two', topic }), { re: 'two', ok: true });
  await append(topic, 4);
  assert.deepEqual(await client.ask({ op: 'ping', id: 3 }), { re: 3, ok: true });
  assert.equal(codeOf(await client.ask({ op: 'unsubscribe', id: 4, topic })), 'not_subscribed');
  await client.close();
});

test('PF-23 joining under load: state plus events make the same sum for everybody, without hole or repeat', async () => {
  const topic = 'test/counter/load';
  let isWriting = true;
  const writing = [1, 2, 3].map(async () => {
    while (isWriting) await append(topic, 'x', 'y');
  });
  const clients: TestClient[] = [];
  for (let round = 0; round < 30; round++) {
    const client = await TestClient.open(url);
    client.socket.send(JSON.stringify({ op: 'subscribe', id: round, topic }));
    clients.push(client);
    if (round % 3 === 0) await client.next().then((answer) => assert.equal(answer.ok, true));
  }
  await until(() => clients.every((client) => client.texts.length > 5));
  isWriting = false;
  await Promise.all(writing);
  const head = await feed.head(topic);
  for (const client of clients) {
    await until(() => JSON.parse(client.texts.at(-1)!).seq === head);
    const [answer, ...events] = client.texts.map((text) => JSON.parse(text));
    assert.equal(answer.snapshot.count, answer.seq, 'snapshot and seq are of one moment');
    const expected = Array.from({ length: head - answer.seq }, (_, index) => answer.seq + index + 1);
    assert.deepEqual(
      events.map(({ seq }) => seq),
      expected,
    );
    await client.close();
  }
});

test('PF-23 resume: what was missed, then live; twice, and by many at once', async () => {
  const topic = 'test/counter/resume';
  await append(topic, 1, 2, 3, 4, 5);
  const clients = await Promise.all(Array.from({ length: 20 }, () => TestClient.open(url)));
  const resumed = clients.map(async (client) => {
    const answer = await client.ask({ op: 'subscribe', id: 1, topic, since: { epoch: 'e1', seq: 2 } });
    assert.deepEqual(answer, { re: 1, ok: true, epoch: 'e1', seq: 2 });
    for (const seq of [3, 4, 5]) assert.equal((await client.next()).seq, seq);
  });
  await Promise.all(resumed);
  await append(topic, 6);
  const [client] = clients;
  for (const each of clients) assert.equal((await each.next()).seq, 6);
  const again = await client!.ask({ op: 'subscribe', id: 2, topic, since: { epoch: 'e1', seq: 5 } });
  assert.deepEqual(again, { re: 2, ok: true, epoch: 'e1', seq: 5 });
  assert.equal((await client!.next()).seq, 6);
  assert.deepEqual(await client!.ask({ op: 'subscribe', id: 3, topic, since: { epoch: 'e1', seq: 6 } }), {
    re: 3,
    ok: true,
    epoch: 'e1',
    seq: 6,
  });
  for (const each of clients) await each.close();
});

test('PF-23 reset: another epoch, a position of no history, history gone, too much missing', async () => {
  const topic = 'test/counter/reset';
  await append(topic, ...Array.from({ length: MAX_REPLAY_EVENTS + 2 }, (_, index) => index));
  const head = MAX_REPLAY_EVENTS + 2;
  const client = await TestClient.open(url);
  const subscribe = (since: object) => client.ask({ op: 'subscribe', id: 1, topic, since });
  const reset = { re: 1, ok: true, epoch: 'e1', seq: head, reset: true, snapshot: { count: head } };
  assert.deepEqual(await subscribe({ epoch: 'e0', seq: head }), reset);
  assert.deepEqual(await subscribe({ epoch: 'e1', seq: head + 1 }), reset);
  assert.deepEqual(await subscribe({ epoch: 'e1', seq: 1 }), reset);
  await database.query('delete from events where topic = $1 and seq <= $2', [topic, head - 10]);
  const counted = { ...reset, snapshot: { count: 10 } };
  assert.deepEqual(await subscribe({ epoch: 'e1', seq: head - 11 }), counted);
  assert.deepEqual(await subscribe({ epoch: 'e1', seq: head - 10 }), { re: 1, ok: true, epoch: 'e1', seq: head - 10 });
  for (let seq = head - 9; seq <= head; seq++) assert.equal((await client.next()).seq, seq);
  await append(topic, ...Array.from({ length: 3 }, () => 'x'.repeat(400_000)));
  for (let i = 0; i < 3; i++) await client.next();
  assert.equal((await subscribe({ epoch: 'e1', seq: head })).reset, true, 'more than 1 MiB');
  await client.close();
});

test('PF-16 a topic is asked for at each subscribing; hidden data stays hidden', async () => {
  const client = await TestClient.open(url);
  const topic = `test/secret/${ALICE}`;
  assert.equal(codeOf(await client.ask({ op: 'subscribe', id: 1, topic })), 'not_authorized');
  assert.equal(codeOf(await client.ask({ op: 'subscribe', id: 1, topic: 'test/secret/nobody' })), 'no_such_secret');
  assert.deepEqual(await client.ask({ op: 'auth', id: 2, token: `token-${ALICE}` }), { re: 2, ok: true });
  const answer = await client.ask({ op: 'subscribe', id: 3, topic });
  assert.deepEqual(answer.snapshot, { owner: ALICE, kind: 'account' });
  await append(topic, 'hidden');
  assert.deepEqual((await client.next()).data, null);
  assert.equal(codeOf(await client.ask({ op: 'subscribe', id: 4, topic: `test/secret/${BOB}` })), 'not_authorized');
  await client.close();
});

test('publish: by who may, where one may', async () => {
  const visitor = await TestClient.open(url);
  const alice = await TestClient.open(url, signedIn(ALICE));
  const say = { op: 'publish', id: 1, topic: 'test/wall', data: 'hello' };
  assert.equal(codeOf(await visitor.ask(say)), 'not_authorized');
  await visitor.ask({ op: 'subscribe', id: 2, topic: 'test/wall' });
  assert.deepEqual(await alice.ask(say), { re: 1, ok: true, data: { length: 5 } });
  const event = await visitor.next();
  assert.deepEqual([event.type, event.data], ['said', { text: 'hello', by: ALICE }]);
  assert.deepEqual((await alice.ask({ ...say, data: 7 })).error, {
    code: 'not_text',
    message: 'A text, please.',
    details: { got: 'number' },
  });
  assert.equal(codeOf(await alice.ask({ ...say, topic: 'test/counter/1' })), 'not_publishable');
  assert.equal(codeOf(await alice.ask({ ...say, data: 'a\0b' })), 'invalid_text');
  await visitor.close();
  await alice.close();
});

test('faults are answered and never tell what is inside', async () => {
  const client = await TestClient.open(url);
  const asked: [object, string][] = [
    [{ op: 'dance', id: 1 }, 'unknown_op'],
    [{ op: 'subscribe', id: 2 }, 'invalid'],
    [{ op: 'subscribe', id: 3, topic: 'test/none' }, 'unknown_topic'],
    [{ op: 'subscribe', id: 4, topic: 'test/wall', since: { epoch: 'e1' } }, 'invalid'],
    [{ op: 'auth', id: 5, token: 'stolen' }, 'unauthenticated'],
    [{ op: 'auth', id: 6 }, 'invalid'],
    [{ op: 'presence', id: 7, topic: 'test/wall' }, 'not_subscribed'],
    [{ op: 'subscribe', id: 8, topic: 'test/broken' }, 'internal'],
  ];
  for (const [message, code] of asked) {
    const answer = await client.ask(message);
    assert.equal(answer.re, (message as { id: number }).id);
    assert.equal(codeOf(answer), code);
    assert.ok(!JSON.stringify(answer).includes('secret detail'));
    if (code !== 'invalid_text') assert.ok(code in WIRE_ERRORS);
  }
  client.socket.send('{"op":"ping","id":{}}');
  assert.deepEqual(await client.next().then(({ re, error }) => [re, (error as { code: string }).code]), [
    null,
    'malformed',
  ]);
  await client.close();
});

test('ten malformed messages in a row close with 1008, nine do not', async () => {
  const client = await TestClient.open(url);
  const garbage = ['{', '[]', '1', '"x"', '{"op":1}', 'null', '{}', 'x', '{"op":"ping","id":[]}'];
  for (let round = 0; round < 2; round++) {
    for (const text of garbage) client.socket.send(text);
    for (const _ of garbage) assert.equal(codeOf(await client.next()), 'malformed');
    assert.equal((await client.ask({ op: 'ping', id: 1 })).ok, true);
  }
  for (const text of [...garbage, 'y']) client.socket.send(text);
  assert.equal((await client.closed).code, 1008);
});

test('PF-28 a connection may subscribe to 100 topics', async () => {
  const client = await TestClient.open(url);
  for (let i = 0; i < 100; i++) {
    assert.equal((await client.ask({ op: 'subscribe', id: i, topic: `test/counter/many-${i}` })).ok, true);
  }
  const topic = 'test/counter/many-100';
  assert.equal(codeOf(await client.ask({ op: 'subscribe', id: 100, topic })), 'too_many_topics');
  assert.equal((await client.ask({ op: 'subscribe', id: 101, topic: 'test/counter/many-7' })).ok, true);
  await client.ask({ op: 'unsubscribe', id: 102, topic: 'test/counter/many-0' });
  assert.equal((await client.ask({ op: 'subscribe', id: 103, topic })).ok, true);
  await client.close();
});

test('auth renews a token and cannot change the account; without renewal the connection ends', async () => {
  const client = await TestClient.open(url);
  const token = `token-${ALICE}`;
  expiries.set(token, clock.now() + 60_000);
  const answer = await client.ask({ op: 'auth', id: 1, token });
  assert.deepEqual(answer, { re: 1, ok: true, expiresAt: new Date(clock.now() + 60_000).toISOString() });
  assert.equal(codeOf(await client.ask({ op: 'auth', id: 2, token: `token-${BOB}` })), 'other_account');
  clock.advance(59_000);
  expiries.set(token, clock.now() + 60_000);
  await client.ask({ op: 'auth', id: 3, token });
  clock.advance(59_999);
  assert.equal((await client.ask({ op: 'ping', id: 4 })).ok, true);
  clock.advance(1);
  assert.deepEqual(await client.closed, { code: 4401, reason: 'token expired' });
  expiries.delete(token);
});

test('PF-64 a cookie counts only from the own origin, a header from anywhere', async () => {
  const refusal = async (options: object) => {
    const socket = new WebSocket(url, options);
    socket.on('error', () => undefined);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    socket.terminate();
    return answer.statusCode;
  };
  const cookie = `gr_session=${ALICE}`;
  assert.equal(await refusal({ headers: { cookie }, origin: 'https://evil.example' }), 403);
  assert.equal(await refusal({ headers: { cookie } }), 403);
  assert.equal(await refusal({ headers: { cookie: 'gr_session=broken' } }), 500);
  await (await TestClient.open(url, signedIn(ALICE))).close();
  await (await TestClient.open(url, { headers: { cookie, authorization: 'Bearer x' } })).close();
  await (await TestClient.open(url, { origin: 'https://evil.example' })).close();
});

test('PF-72 the connection of an ended session is cut', async () => {
  const client = await TestClient.open(url, signedIn(BOB));
  await until(() => connections.countOf(BOB) === 1);
  connections.accessEnded({ accountId: BOB, sessionIds: [`session-of-${BOB}`] });
  assert.equal((await client.closed).code, 4403);
});

test('PF-27 presence: accounts where the topic tells them, else numbers', async () => {
  const topic = 'test/counter/presence';
  const [alice, alsoAlice, visitor] = await Promise.all([
    TestClient.open(url, signedIn(ALICE)),
    TestClient.open(url, signedIn(ALICE)),
    TestClient.open(url),
  ]);
  for (const client of [alice, alsoAlice, visitor]) await client.ask({ op: 'subscribe', id: 1, topic });
  const ask = () => visitor.ask({ op: 'presence', id: 2, topic });
  assert.deepEqual(await ask(), { re: 2, ok: true, accounts: 1, connections: 3, accountIds: [ALICE] });
  await visitor.ask({ op: 'auth', id: 3, token: `token-${BOB}` });
  await alice.close();
  assert.deepEqual(await ask(), { re: 2, ok: true, accounts: 2, connections: 2, accountIds: [ALICE, BOB].sort() });
  await alsoAlice.ask({ op: 'unsubscribe', id: 4, topic });
  assert.deepEqual(await ask(), { re: 2, ok: true, accounts: 1, connections: 1, accountIds: [BOB] });
  await visitor.ask({ op: 'subscribe', id: 5, topic: 'test/wall' });
  assert.deepEqual(await visitor.ask({ op: 'presence', id: 6, topic: 'test/wall' }), {
    re: 6,
    ok: true,
    accounts: 1,
    connections: 1,
  });
  await alsoAlice.close();
  await visitor.close();
});

test('a connection that ends while it subscribes leaves nothing behind', async () => {
  const clients = await Promise.all(Array.from({ length: 40 }, () => TestClient.open(url)));
  for (const client of clients) {
    client.socket.send(JSON.stringify({ op: 'subscribe', id: 1, topic: 'test/counter/gone' }));
    client.socket.terminate();
  }
  await until(() => wire.server.size === 0);
  const before = await TestClient.open(url);
  await before.ask({ op: 'subscribe', id: 1, topic: 'test/counter/gone' });
  const answer = await before.ask({ op: 'presence', id: 2, topic: 'test/counter/gone' });
  assert.equal(answer.connections, 1);
  await before.close();
  await until(() => feed.followedTopics === 0);
});
