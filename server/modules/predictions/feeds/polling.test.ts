import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { ManualClock } from '../../../platform/testing/clock.ts';
import type { FeedBatch } from './feed.ts';
import { type PollingOptions, PollingReader } from './polling.ts';

const INTERVAL_MS = 1_000;
const FACTS = [
  { id: 'a', minute: 1, action: 'Goal', team: 'Chile', player: 'Vidal' },
  { id: 'b', minute: 2, action: 'Goal', team: 'Peru', player: 'Guerrero', happened_at: 1_700_000_000_000 },
  { id: 'c', minute: 3, action: 'Goal', team: 'Peru', player: 'Guerrero' },
];

/** A match document with the first facts. */
function documentOf(facts: number): string {
  const teams = [
    { name: 'Chile', players: [{ name: 'Vidal' }] },
    { name: 'Peru', players: [{ name: 'Guerrero' }] },
  ];
  return JSON.stringify({
    format: 'greenroom-match/1',
    match: { key: 'm', name: 'Chile - Peru' },
    teams,
    timeline: FACTS.slice(0, facts),
  });
}

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

describe('polling reader', () => {
  let server: Server;
  let url: string;
  let respond: Respond;
  let requests: IncomingMessage[];
  let clock: ManualClock;
  let stop: AbortController;

  beforeEach(async () => {
    requests = [];
    clock = new ManualClock();
    stop = new AbortController();
    server = createServer((request, response) => {
      requests.push(request);
      respond(request, response);
      server.emit('asked');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/match.json`;
  });
  afterEach(async () => {
    stop.abort();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  /** A log that wakes whoever waits for the next warning. */
  function listeningLog() {
    let heard = Promise.withResolvers<{ reason: string; failures: number }>();
    const log = pino(
      { level: 'warn' },
      {
        write: (line: string) => {
          heard.resolve(JSON.parse(line) as { reason: string; failures: number });
          heard = Promise.withResolvers();
        },
      },
    );
    return { log, nextWarning: () => heard.promise };
  }

  function open(options: Partial<PollingOptions> = {}, log = pino({ level: 'silent' })) {
    const reader = new PollingReader({
      url,
      ports: { clock, log },
      gameOf: async () => ({ gameId: 'game' }),
      intervalMs: INTERVAL_MS,
      ...options,
    });
    return reader.batches(stop.signal)[Symbol.asyncIterator]();
  }

  /** Lets time pass until something comes. */
  async function soon<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    while (!isDone) {
      clock.advance(100);
      await new Promise(setImmediate);
    }
    return await done;
  }

  const idsOf = (result: IteratorResult<FeedBatch>) => (result.value as FeedBatch).items.map((item) => item.itemId);

  it('gives what is new in the document, once, and asks with the validators of the last answer', async () => {
    let facts = 2;
    respond = (request, response) => {
      const etag = `"${facts}"`;
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
        facts = 3;
      } else response.writeHead(200, { etag, 'last-modified': 'Sun, 18 Dec 2022 15:00:00 GMT' }).end(documentOf(facts));
    };
    const batches = open();
    const first = await soon(batches.next());
    assert.deepEqual(idsOf(first), ['m/a', 'm/b']);
    const { items, feed } = first.value as FeedBatch;
    assert.equal(feed, url);
    assert.deepEqual(
      items.map((item) => item.happenedAt),
      [null, 1_700_000_000_000],
    );
    assert.deepEqual(idsOf(await soon(batches.next())), ['m/c']);
    assert.deepEqual(
      requests.map((request) => request.headers['if-none-match']),
      [undefined, '"2"', '"2"'],
    );
    assert.equal(requests[1]!.headers['if-modified-since'], 'Sun, 18 Dec 2022 15:00:00 GMT');
  });

  it('asks a failing server less and less often, and goes on when it answers again', async () => {
    const askedAt: number[] = [];
    respond = (_request, response) => {
      askedAt.push(clock.now());
      if (askedAt.length < 5) response.writeHead(503).end('busy');
      else response.writeHead(200).end(documentOf(1));
    };
    assert.deepEqual(idsOf(await soon(open().next())), ['m/a']);
    const gaps = askedAt.slice(1).map((at, i) => at - askedAt[i]!);
    for (const [i, gap] of gaps.entries()) assert.ok(gap >= INTERVAL_MS * 2 ** (i + 1), `gap ${i} is ${gap}`);
  });

  for (const [name, answer, reason] of [
    [
      'a document that is too large',
      (response: ServerResponse) => response.writeHead(200).end('x'.repeat(5_000)),
      /larger than 4000 bytes/,
    ],
    [
      'a redirect',
      (response: ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /redirect/,
    ],
    ['what is no match', (response: ServerResponse) => response.writeHead(200).end('[]'), /format|document/],
    ['a connection that breaks', (response: ServerResponse) => response.socket?.destroy(), /.+/],
    ['a server that never answers', () => undefined, /timeout/i],
  ] as const) {
    it(`does not take ${name}, and says so`, async () => {
      respond = (_request, response) => void answer(response);
      const { log, nextWarning } = listeningLog();
      const warned = nextWarning();
      // Only the server that never answers is to be waited out.
      const batches = open({ maxBytes: 4_000, timeoutMs: name.includes('never answers') ? 50 : 30_000 }, log);
      const next = batches.next();
      const warning = await warned;
      assert.match(warning.reason, reason);
      stop.abort();
      assert.equal((await next).done, true);
    });
  }

  it('keeps what was not acknowledged: a reader begun again gives it again', async () => {
    respond = (_request, response) => response.writeHead(200, { etag: '"1"' }).end(documentOf(1));
    const reader = new PollingReader({
      url,
      ports: { clock, log: pino({ level: 'silent' }) },
      gameOf: async () => ({ gameId: 'game' }),
    });
    const [first, second] = [reader.batches(stop.signal), reader.batches(stop.signal)];
    assert.deepEqual(idsOf(await soon(first.next())), ['m/a']);
    assert.deepEqual(idsOf(await soon(second.next())), ['m/a']);
  });

  it('never shows the credentials of its address', () => {
    const reader = new PollingReader({
      url: 'https://user:pass@feeds.example.org/m.json?key=secret',
      ports: { clock, log: pino({ level: 'silent' }) },
      gameOf: async () => ({ gameId: 'game' }),
    });
    assert.equal(reader.name, 'https://feeds.example.org/m.json');
  });
});
