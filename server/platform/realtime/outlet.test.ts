import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { Flusher } from './flusher.ts';
import { SocketOutlet } from './outlet.ts';
import { turn, until } from './test-kit.ts';

interface Pair {
  outlet: SocketOutlet;
  flusher: Flusher;
  sink: Socket;
  reader: Socket;
  /** Everything the reader has read. */
  read(): string;
  overruns(): number;
  close(): Promise<void>;
}

/** An outlet on one end of a real TCP connection, a reader on the other. */
async function openPair(options: { slowReaderBytes?: number; slowReaderGraceMs?: number } = {}): Promise<Pair> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const reader = connect((address as { port: number }).port, '127.0.0.1');
  const [sink] = (await once(server, 'connection')) as [Socket];
  const flusher = new Flusher({ busyFlushMs: 5 });
  const chunks: Buffer[] = [];
  let overruns = 0;
  reader.on('data', (chunk) => chunks.push(chunk));
  const outlet = new SocketOutlet({
    sink,
    flusher,
    slowReaderBytes: 1024 * 1024,
    slowReaderGraceMs: 2_000,
    ...options,
    onOverrun: () => overruns++,
  });
  return {
    outlet,
    flusher,
    sink,
    reader,
    read: () => Buffer.concat(chunks).toString(),
    overruns: () => overruns,
    async close() {
      sink.destroy();
      reader.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends filler until the reader, which does not read, is behind. */
async function fallBehind({ outlet, sink, flusher }: Pair): Promise<void> {
  while (!sink.writableNeedDrain) {
    const { writes } = flusher.stats;
    outlet.send(Buffer.alloc(256 * 1024, '.'));
    // A busy machine flushes later: what gathered meanwhile would be an overrun of its own.
    await until(() => flusher.stats.writes > writes);
  }
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('.'));

test('PF-26 what is sent in one tick is one write, in order', async () => {
  const pair = await openPair();
  for (let i = 0; i < 100; i++) pair.outlet.send(Buffer.from(`${i}\n`));
  await until(() => pair.read().endsWith('99\n'));
  assert.deepEqual(lines(pair.read()).map(Number), [...Array(100).keys()]);
  assert.equal(pair.flusher.stats.writes, 1);
  await pair.close();
});

test('PF-25 the same frames for many connections are joined once', async () => {
  const pairs = await Promise.all([openPair(), openPair(), openPair()]);
  const written: Buffer[] = [];
  const flusher = new Flusher({ busyFlushMs: 5 });
  const outlets = pairs.map(
    ({ sink }) =>
      new SocketOutlet({
        sink: {
          write: (chunk) => {
            written.push(chunk);
            return sink.write(chunk);
          },
          writable: true,
          writableLength: 0,
          writableNeedDrain: false,
          once: (event, listener) => sink.once(event, listener),
        },
        flusher,
        slowReaderBytes: 1_000_000,
        slowReaderGraceMs: 1_000,
        onOverrun: () => undefined,
      }),
  );
  const frames = ['a', 'b', 'c'].map((text) => Buffer.from(text));
  for (const frame of frames) for (const outlet of outlets) outlet.send(frame);
  outlets[2]!.send(Buffer.from('d'));
  await until(() => pairs.every((pair) => pair.read().length >= 3));
  assert.equal(written.length, 3);
  assert.equal(written[0], written[1], 'one buffer for equal lists');
  assert.equal(written[2]!.toString(), 'abcd');
  for (const pair of pairs) await pair.close();
});

test('PF-26 while behind, only the newest of a key is kept, in its place; everything else stays whole', async () => {
  const pair = await openPair({ slowReaderBytes: 64 * 1024 * 1024 });
  pair.reader.pause();
  await fallBehind(pair);
  pair.outlet.sendNewest('x', Buffer.from('\nx1\n'));
  pair.outlet.send(Buffer.from('a\n'));
  for (let i = 2; i <= 1_000; i++) pair.outlet.sendNewest('x', Buffer.from(`x${i}\n`));
  pair.outlet.sendNewest('y', Buffer.from('y1\n'));
  pair.outlet.send(Buffer.from('b\n'));
  pair.reader.resume();
  await until(() => pair.read().endsWith('b\n'));
  assert.deepEqual(lines(pair.read().replace(/^\.+/, '')), ['a', 'x1000', 'y1', 'b']);
  await pair.close();
});

test('PF-26 too much waiting for too long is an overrun, once; less, or shorter, is none', async () => {
  const pair = await openPair({ slowReaderBytes: 100_000, slowReaderGraceMs: 150 });
  pair.reader.pause();
  await fallBehind(pair);
  pair.outlet.send(Buffer.alloc(90_000, '.'));
  pair.outlet.send(Buffer.alloc(90_000, '.'));
  pair.outlet.send(Buffer.from('never\n'));
  assert.equal(pair.overruns(), 0);
  await until(() => pair.overruns() === 1);
  assert.equal(pair.flusher.stats.overruns, 1);
  pair.outlet.send(Buffer.from('after\n'));
  pair.reader.resume();
  await pair.outlet.drained();
  assert.equal(pair.outlet.pendingBytes, pair.sink.writableLength, 'nothing is kept');
  await pair.close();
});

test('PF-26 a burst of sixteen limits ends the connection at once', async () => {
  const pair = await openPair({ slowReaderBytes: 10_000, slowReaderGraceMs: 60_000 });
  pair.reader.pause();
  pair.outlet.sendUncounted(Buffer.alloc(16 * 1024 * 1024, '.'));
  await turn();
  await turn();
  for (let i = 0; i < 17; i++) pair.outlet.send(Buffer.alloc(10_000));
  assert.equal(pair.overruns(), 1);
  await pair.close();
});

test('PF-76 snapshots and replays do not count, and drained() waits for the reader', async () => {
  const pair = await openPair({ slowReaderBytes: 10_000, slowReaderGraceMs: 0 });
  pair.reader.pause();
  for (let i = 0; i < 64; i++) pair.outlet.sendUncounted(Buffer.alloc(256 * 1024, '.'));
  let isDrained = false;
  const drained = pair.outlet.drained().then(() => {
    isDrained = true;
  });
  for (let i = 0; i < 100; i++) await turn();
  assert.equal(isDrained, false);
  assert.equal(pair.overruns(), 0);
  pair.reader.resume();
  await drained;
  await until(() => pair.reader.bytesRead === 64 * 256 * 1024);
  assert.equal(pair.overruns(), 0);
  await pair.close();
});

test('end() hands everything over before what the caller writes next', async () => {
  const pair = await openPair();
  pair.outlet.send(Buffer.from('a\n'));
  pair.outlet.end();
  pair.sink.write('close\n');
  pair.outlet.send(Buffer.from('late\n'));
  await until(() => pair.read().endsWith('close\n'));
  await turn();
  assert.equal(pair.read(), 'a\nclose\n');
  await pair.outlet.drained();
  await pair.close();
});

test('what is sent while a long flush runs waits for the next one', async () => {
  // Once it did not: those written first came back at the end of the same flush, which never ended and wrote frame by frame.
  const flusher = new Flusher({ busyFlushMs: 5 });
  const writes = new Array<number>(1_000).fill(0);
  const outlets = writes.map(
    (_, index) =>
      new SocketOutlet({
        sink: {
          write: () => {
            writes[index]!++;
            for (const startMs = performance.now(); performance.now() - startMs < 0.05; );
            return true;
          },
          writable: true,
          writableLength: 0,
          writableNeedDrain: false,
          once: () => undefined,
        },
        flusher,
        slowReaderBytes: 1_000_000,
        slowReaderGraceMs: 1_000,
        onOverrun: () => undefined,
      }),
  );
  for (const outlet of outlets) outlet.send(Buffer.from('x'));
  let turns = 0;
  while (writes.at(-1) === 0) {
    if (writes[0] === 1) outlets[0]!.send(Buffer.from('y'));
    turns++;
    await turn();
  }
  assert.ok(turns > 2, 'the flush left room for others');
  await until(() => flusher.stats.flushes >= 2);
  assert.equal(writes[0], 2);
});
