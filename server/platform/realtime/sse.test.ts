import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { createAuthority } from '../accounts/authority.ts';
import type { Principal } from '../accounts/types.ts';
import { asset } from '../config/asset.ts';
import { PostgresDatabase } from '../database/database.ts';
import { DomainError } from '../errors.ts';
import { TopicFeed } from '../events/feed.ts';
import { createMemoryBus } from '../events/memory-bus.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { Connections } from './connections.ts';
import { Flusher } from './flusher.ts';
import { DEFAULT_REALTIME_SETTINGS } from './settings.ts';
import { type EventStreams, registerEventStream } from './sse.ts';
import { account, silentPorts, turn, until } from './test-kit.ts';
import { TopicRegistry } from './topics.ts';

const ALICE = '0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10';
const ORIGIN = 'https://room.example';

let testDatabase: TestDatabase;
let database: PostgresDatabase;
let feed: TopicFeed;
let app: FastifyInstance;
let streams: EventStreams;
let connections: Connections;
let port: number;
/** Whose sessions have ended. */
const ended = new Set<string>();
let afterAuthentication: () => Promise<void> = async () => undefined;

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
    { pattern: 'test/open/:id', action: 'public', snapshot: async (_db, { id }) => ({ id }) },
    { pattern: 'test/closed', action: 'test.read', snapshot: async () => 'closed' },
  ]);
  const authority = createAuthority();
  authority.define({ 'test.read': (principal) => principal.kind === 'account' });
  const settings = { ...DEFAULT_REALTIME_SETTINGS, slowReaderBytes: 256 * 1024, slowReaderGraceMs: 100 };
  connections = new Connections(settings);
  app = fastify();
  const authenticate = async (request: FastifyRequest): Promise<Principal> => {
    const { cookie } = request.headers;
    const isGone = cookie === undefined || ended.has(cookie);
    return isGone ? { kind: 'anonymous', address: request.ip } : account(cookie, 's1');
  };
  app.decorateRequest('address', {
    getter() {
      return String(this.headers['x-sender'] ?? this.ip);
    },
  });
  app.addHook('onRequest', async (request) => {
    request.principal = await authenticate(request);
    await afterAuthentication();
  });
  app.setErrorHandler((error, _request, reply) => {
    const isOurs = error instanceof DomainError;
    return reply.status(isOurs ? error.status : 500).send({ code: isOurs ? error.code : String(error) });
  });
  streams = registerEventStream(app, {
    ...{ database, feed, topics, authority, settings, connections },
    flusher: new Flusher(settings),
    ports: silentPorts,
    authenticate,
    isAllowedOrigin: (origin) => origin === ORIGIN,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  port = (app.server.address() as AddressInfo).port;
});

after(async () => {
  streams.close();
  await app.close();
  feed.stop();
  await testDatabase.drop();
});

interface ServerEvent {
  event: string;
  id: string;
  data: unknown;
}

/** A reader of server-sent events, by the rules of the HTML standard. */
class Reader {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
  readonly events: ServerEvent[] = [];
  #taken = 0;
  #rest = '';
  #lastId = '';

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.request = request;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#read(chunk));
    response.on('error', () => undefined);
  }

  static async open(query: string, headers: Record<string, string> = {}): Promise<Reader> {
    const request = get({ port, host: '127.0.0.1', path: `/events/stream?${query}`, headers, agent: false });
    request.on('error', () => undefined);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new Reader(request, response);
  }

  async next(): Promise<ServerEvent> {
    await until(() => this.events.length > this.#taken || this.response.closed);
    const event = this.events[this.#taken++];
    assert.ok(event, 'the stream ended');
    return event;
  }

  #read(chunk: string): void {
    const blocks = (this.#rest + chunk).split('\n\n');
    this.#rest = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 2)]));
      this.#lastId = fields.get('id') ?? this.#lastId;
      if (!fields.has('data')) continue;
      this.events.push({
        event: fields.get('event') ?? 'message',
        id: this.#lastId,
        data: JSON.parse(fields.get('data')!),
      });
    }
  }
}

async function append(...pairs: [topic: string, data: unknown][]): Promise<void> {
  await database.transaction('append', async (tx) => {
    for (const [topic, data] of pairs) tx.append({ topic, type: 'changed', data });
  });
}

const told = ({ event, id, data }: ServerEvent) => [event, id, (data as { seq: number }).seq];

test('PF-24 state first, then events, each with the id to resume from', async () => {
  const topic = 'test/open/one';
  await append([topic, 1]);
  const reader = await Reader.open(`topic=${topic}`);
  assert.equal(reader.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.deepEqual(await reader.next(), {
    event: 'snapshot',
    id: 'e1/1',
    data: { topic, seq: 1, snapshot: { id: 'one' } },
  });
  await append([topic, 'line\nbreak'], [topic, 3]);
  const event = await reader.next();
  assert.deepEqual(
    { ...(event.data as object), at: '' },
    { topic, seq: 2, type: 'changed', at: '', data: 'line\nbreak' },
  );
  assert.deepEqual([event.event, event.id], ['message', 'e1/2']);
  reader.request.destroy();
  await until(() => streams.size === 0);
  await append([topic, 4]);
  const resumed = await Reader.open(`topic=${topic}`, { 'last-event-id': event.id });
  assert.deepEqual(
    [told(await resumed.next()), told(await resumed.next())],
    [
      ['message', 'e1/3', 3],
      ['message', 'e1/4', 4],
    ],
  );
  await append([topic, 5]);
  assert.deepEqual(told(await resumed.next()), ['message', 'e1/5', 5]);
  resumed.request.destroy();
});

test('PF-24 several topics: every id names all positions, and a cut anywhere loses and repeats nothing', async () => {
  const [a, b] = ['test/open/a', 'test/open/b'];
  const query = `topic=${a}&topic=${b}`;
  let isWriting = true;
  const writing = [a, b].map(async (topic, index) => {
    for (let n = 0; isWriting; n++)
      await append(...Array.from({ length: 1 + ((n + index) % 3) }, () => [topic, n] as [string, unknown]));
  });
  const seqs: Record<string, number[]> = { [a]: [], [b]: [] };
  let lastId = '';
  const begins: Record<string, number> = {};
  for (let round = 0; round < 15; round++) {
    const reader = await Reader.open(query, lastId === '' ? {} : { 'last-event-id': lastId });
    for (let taken = 0; taken < 10 + round; taken++) {
      const { event, id, data } = await reader.next();
      const { topic, seq } = data as { topic: string; seq: number };
      if (event === 'message') seqs[topic]!.push(seq);
      else begins[topic] = seq;
      lastId = id;
    }
    reader.request.destroy();
  }
  isWriting = false;
  await Promise.all(writing);
  for (const topic of [a, b]) {
    const from = begins[topic]! + 1;
    assert.deepEqual(
      seqs[topic],
      Array.from({ length: seqs[topic]!.length }, (_, index) => from + index),
    );
  }
});

test('PF-24 a position that cannot be resumed is answered with reset', async () => {
  const topic = 'test/open/reset';
  await append([topic, 1]);
  for (const id of ['e0/1', 'e1/7', 'e1/1.2', 'nonsense', 'e1/-1', 'e1/x']) {
    const reader = await Reader.open(`topic=${topic}`, { 'last-event-id': id });
    assert.deepEqual(told(await reader.next()), ['reset', 'e1/1', 1], id);
    reader.request.destroy();
  }
});

test('refusals are plain HTTP answers', async () => {
  const status = async (query: string, headers = {}) => {
    const { request, response } = await Reader.open(query, headers);
    request.destroy();
    return response.statusCode;
  };
  assert.equal(await status('topic=test/none'), 404);
  assert.equal(await status('topic=test/closed'), 401);
  assert.equal(await status(Array.from({ length: 101 }, (_, index) => `topic=test/open/${index}`).join('&')), 500);
  assert.equal(await status('topic=test/closed', { cookie: ALICE, origin: 'https://evil.example' }), 403);
  assert.equal(await status('topic=test/closed', { cookie: ALICE, 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status('topic=test/closed', { cookie: ALICE }), 200);
  assert.equal(await status('topic=test/closed', { cookie: ALICE, origin: ORIGIN }), 200);
  assert.equal(await status('topic=test/open/1', { origin: 'https://evil.example' }), 200);
});

test('PF-72 a stream whose access ended says so and ends', async () => {
  const reader = await Reader.open('topic=test/closed', { cookie: 'carol' });
  await reader.next();
  assert.equal(connections.accessEnded({ accountId: 'carol', sessionIds: null }), 1);
  assert.deepEqual(await reader.next(), { event: 'end', id: 'e1/0', data: { code: 4403, reason: 'access_ended' } });
  await until(() => reader.response.closed);
  assert.equal(connections.countOf('carol'), 0);
});

test('PF-72 access that ends between the question who asks and the stream gets no stream', async () => {
  afterAuthentication = async () => {
    ended.add('dave');
    connections.accessEnded({ accountId: 'dave', sessionIds: null });
  };
  try {
    const reader = await Reader.open('topic=test/closed', { cookie: 'dave' });
    assert.equal(reader.response.statusCode, 401);
    reader.request.destroy();
    assert.equal(connections.countOf('dave'), 0);
  } finally {
    afterAuthentication = async () => undefined;
  }
});

test('platform 3: a stream counts for the address that trusted proxies name', async () => {
  const sender = '203.0.113.9';
  const visitor = {
    address: sender,
    wire: 'x',
    principal: { kind: 'anonymous', address: sender } as const,
    assign() {},
    endAccess() {},
  };
  for (let taken = 0; taken < DEFAULT_REALTIME_SETTINGS.maxPerAddress; taken++) connections.add(visitor);
  const reader = await Reader.open('topic=test/open/sender', { 'x-sender': sender });
  assert.equal(reader.response.statusCode, 429);
  for (let taken = 0; taken < DEFAULT_REALTIME_SETTINGS.maxPerAddress; taken++) connections.remove(visitor);
  const another = await Reader.open('topic=test/open/sender', { 'x-sender': sender });
  assert.equal(another.response.statusCode, 200);
  another.request.destroy();
});

test('PF-26 a slow reader is cut while another gets everything', async () => {
  const topic = 'test/open/slow';
  const slow = await Reader.open(`topic=${topic}`);
  const quick = await Reader.open(`topic=${topic}`);
  await slow.next();
  await quick.next();
  slow.response.pause();
  let sent = 0;
  await until(() => streams.size === 2);
  while (streams.size === 2) {
    await append([topic, 'x'.repeat(64 * 1024)]);
    sent++;
    await turn();
  }
  for (let seq = 1; seq <= sent; seq++) assert.deepEqual(told(await quick.next()), ['message', `e1/${seq}`, seq]);
  slow.request.destroy();
  quick.request.destroy();
});

test('stopping ends every stream, and refuses new ones', async () => {
  const reader = await Reader.open('topic=test/open/stop');
  await reader.next();
  streams.close();
  assert.deepEqual((await reader.next()).data, { code: 1012, reason: 'restarting' });
  await until(() => reader.response.closed && streams.size === 0);
  assert.equal((await Reader.open('topic=test/open/stop')).response.statusCode, 503);
});
