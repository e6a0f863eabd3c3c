import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket } from 'ws';
import type { Principal } from '../accounts/types.ts';
import { ManualClock } from '../testing/clock.ts';
import { sendError } from './answers.ts';
import { encodeTextFrame } from './frame.ts';
import { account, silentPorts, startWire, TestClient, turn, until } from './test-kit.ts';
import type { WireSocket } from './types.ts';

const KIB = 1024;

/** Answers each text with itself. */
function echo(socket: WireSocket): void {
  socket.onText((text) => socket.outlet.send(encodeTextFrame(text)));
}

test('PF-76 64 to 128 KiB gets an error and stays, more is 1009', async () => {
  const wire = await startWire({
    accept: echo,
    onTooLarge: (socket) => sendError(socket, null, { code: 'too_large', message: '' }),
  });
  const client = await TestClient.open(wire.url);
  const largest = JSON.stringify('a'.repeat(64 * KIB - 2));
  client.socket.send(largest);
  client.socket.send(`${largest} `);
  client.socket.send('x'.repeat(128 * KIB));
  client.socket.send('"still here"');
  assert.equal(await client.next(), JSON.parse(largest));
  assert.deepEqual(await client.next(), { re: null, error: { code: 'too_large', message: '' } });
  assert.deepEqual(await client.next(), { re: null, error: { code: 'too_large', message: '' } });
  assert.equal(await client.next(), 'still here');
  client.socket.send('x'.repeat(128 * KIB + 1));
  assert.equal((await client.closed).code, 1009);
  await wire.stop();
});

test('PF-60 a handshake that is none is refused as problem+json', async () => {
  const wire = await startWire({ accept: echo });
  const { hostname, port, pathname } = new URL(wire.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.match(text, /Content-Type: application\/problem\+json/);
  await wire.stop();
});

test('PF-28 text only: binary closes with 1003, bad UTF-8 with 1007', async () => {
  const wire = await startWire({ accept: echo });
  const binary = await TestClient.open(wire.url);
  binary.socket.send(Buffer.from('x'));
  assert.equal((await binary.closed).code, 1003);
  const garbled = await TestClient.open(wire.url);
  garbled.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  assert.equal((await garbled.closed).code, 1007);
  await wire.stop();
});

test('a message in too many pieces is cut, few pieces are one message', async () => {
  const wire = await startWire({ accept: echo }, { maxFragments: 16 });
  const client = await TestClient.open(wire.url);
  for (let i = 0; i < 16; i++) client.socket.send(i === 0 ? '"' : i === 15 ? '"' : 'a', { fin: i === 15 });
  assert.equal(await client.next(), 'a'.repeat(14));
  for (let i = 0; i < 17; i++) client.socket.send('', { fin: false });
  assert.equal((await client.closed).code, 1008);
  await wire.stop();
});

test('an unfinished frame in tiny chunks is cut', async () => {
  const wire = await startWire({ accept: echo }, { maxBufferedChunks: 16 });
  const { port, pathname } = new URL(wire.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.setNoDelay(true);
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await once(socket, 'data');
  socket.on('error', () => undefined);
  let isEnded = false;
  socket.once('close', () => {
    isEnded = true;
  });
  socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  socket.resume();
  while (!isEnded) {
    if (socket.writable) socket.write('x');
    await turn();
  }
  await until(() => wire.sockets.size === 0);
  await wire.stop();
});

test('texts come in order, one at a time, and a slow wire stops the reading', async () => {
  let running = 0;
  let most = 0;
  const seen: string[] = [];
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const wire = await startWire(
    {
      accept: (socket) =>
        socket.onText(async (text) => {
          most = Math.max(most, ++running);
          await gate;
          await turn();
          seen.push(text);
          running--;
        }),
    },
    { maxWaitingMessages: 4, messagesBurst: 1_000 },
  );
  const client = await TestClient.open(wire.url);
  for (let i = 0; i < 500; i++) client.socket.send(String(i));
  await until(() => wire.sockets.stats.received >= 4);
  release();
  await until(() => seen.length === 500);
  assert.deepEqual(
    seen,
    Array.from({ length: 500 }, (_, index) => String(index)),
  );
  assert.equal(most, 1);
  await client.close();
  await wire.stop();
});

test('a wire that fails closes with 1011', async () => {
  const wire = await startWire({ accept: (socket) => socket.onText(() => Promise.reject(new Error('bug'))) });
  const client = await TestClient.open(wire.url);
  client.socket.send('x');
  assert.equal((await client.closed).code, 1011);
  await wire.stop();
});

test('PF-28 messages above the rate are told, then cut; pings count', async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const wire = await startWire(
    { accept: echo, onTooMany: (_socket, retryAfterMs) => told.push(retryAfterMs) },
    { messagesPerSecond: 10, messagesBurst: 20 },
    { ...silentPorts, clock },
  );
  const client = await TestClient.open(wire.url);
  for (let i = 0; i < 25; i++) client.socket.send('1');
  await until(() => told.length === 5);
  assert.deepEqual(told, [100, 100, 100, 100, 100]);
  assert.equal(wire.sockets.stats.dropped, 5);
  clock.advance(100);
  client.socket.send('2');
  await until(() => client.texts.at(-1) === '2');
  for (let i = 0; i < 30; i++) client.socket.ping();
  assert.equal((await client.closed).code, 4329);
  await wire.stop();
});

test('PF-28 connections an address may have without an account', async () => {
  const wire = await startWire({}, { maxPerAddress: 2 });
  const [first, second] = await Promise.all([TestClient.open(wire.url), TestClient.open(wire.url)]);
  const refused = new WebSocket(wire.url);
  const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number; headers: object }];
  assert.equal(answer.statusCode, 429);
  assert.equal((answer.headers as Record<string, string>)['retry-after'], '30');
  refused.on('error', () => undefined);
  refused.terminate();
  // A proven account makes room: it counts by itself.
  wire.accepted[0]!.principal = account('a');
  const third = await TestClient.open(wire.url);
  assert.equal(wire.sockets.stats.refused, 1);
  for (const client of [first, second, third]) await client.close();
  await until(() => wire.connections.size === 0);
  await wire.stop();
});

test('PF-28 connections an account may have, in all and on one wire', async () => {
  const wire = await startWire({ maxPerAccount: 2 }, { maxPerAccount: 10 });
  const clients = await Promise.all([1, 2, 3].map(() => TestClient.open(wire.url)));
  for (const socket of wire.accepted) socket.principal = account('a');
  const closed = await Promise.race(clients.map((client) => client.closed));
  assert.deepEqual(closed, { code: 4429, reason: 'too_many_connections' });
  assert.equal(wire.connections.countOf('a'), 2);
  await wire.stop();
});

test('PF-72 ended access closes the connections of that account or those sessions only', async () => {
  const wire = await startWire();
  const names = ['a1', 'a2', 'atoken', 'b1'];
  const clients = await Promise.all(names.map((name) => TestClient.open(`${wire.url}?${name}`)));
  const principals: Record<string, Principal> = {
    a1: account('a', 's1'),
    a2: account('a', 's2'),
    atoken: account('a', null),
    b1: account('b', 's1'),
  };
  for (const socket of wire.accepted) socket.principal = principals[socket.request.url!.split('?')[1]!]!;
  assert.equal(wire.connections.accessEnded({ accountId: 'a', sessionIds: ['s1', 'other'] }), 1);
  assert.deepEqual(await clients[0]!.closed, { code: 4403, reason: 'access_ended' });
  await until(() => wire.sockets.size === 3);
  assert.equal(wire.connections.accessEnded({ accountId: 'a', sessionIds: null }), 2);
  assert.equal((await clients[1]!.closed).code, 4403);
  assert.equal((await clients[2]!.closed).code, 4403);
  await until(() => wire.sockets.size === 1);
  assert.equal(clients[3]!.closeCode, 0);
  await wire.stop();
});

test('PF-72 access that ends while the credential is looked up is not missed', async () => {
  const wire = await startWire();
  const client = await TestClient.open(wire.url);
  const socket = wire.accepted[0]!;
  const known = socket.identify(async () => {
    wire.connections.accessEnded({ accountId: 'a', sessionIds: ['s1'] });
    return account('a', 's1');
  });
  assert.equal(await known, false);
  assert.equal((await client.closed).code, 4403);
  await until(() => wire.connections.size === 0);
  const other = await TestClient.open(wire.url);
  assert.equal(
    await wire.accepted[1]!.identify(async () => {
      wire.connections.accessEnded({ accountId: 'a', sessionIds: ['s2'] });
      return account('a', 's1');
    }),
    true,
  );
  await other.close();
  await wire.stop();
});

test('an account that is found after its connection closed is not counted', async () => {
  const wire = await startWire();
  const client = await TestClient.open(wire.url);
  const socket = wire.accepted[0]!;
  const { promise, resolve: found } = Promise.withResolvers<Principal>();
  const known = socket.identify(() => promise);
  await client.close();
  await until(() => wire.sockets.size === 0);
  found(account('a'));
  assert.equal(await known, false);
  assert.equal(wire.connections.size, 0);
  await wire.stop();
});

test('PF-28 a peer that answers no ping is dropped, one that does stays', async () => {
  const wire = await startWire({ pingIntervalMs: 90 });
  const alive = await TestClient.open(wire.url);
  const dead = await TestClient.open(wire.url, { autoPong: false });
  let pings = 0;
  dead.socket.on('ping', () => pings++);
  assert.equal((await dead.closed).code, 1006);
  assert.equal(pings, 2, 'it missed two (predictions WS13)');
  assert.equal(alive.closeCode, 0);
  assert.equal(wire.sockets.stats.deadPeers, 1);
  await wire.stop();
});

test('stopping closes with 1012 after what was queued, refuses newcomers, and cuts who does not answer', async () => {
  const wire = await startWire();
  const polite = await TestClient.open(wire.url);
  const { port, pathname } = new URL(wire.url);
  const mute = connect(Number(port), '127.0.0.1');
  mute.write(
    `GET ${pathname} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  mute.on('error', () => undefined);
  await until(() => wire.accepted.length === 2);
  for (const socket of wire.accepted) socket.outlet.send(encodeTextFrame('"last words"'));
  const stopping = wire.sockets.close(300);
  assert.equal(await polite.next(), 'last words');
  assert.deepEqual(await polite.closed, { code: 1012, reason: 'restarting' });
  const late = new WebSocket(wire.url);
  late.on('error', () => undefined);
  const [, answer] = (await once(late, 'unexpected-response')) as [unknown, { statusCode: number }];
  assert.equal(answer.statusCode, 503);
  late.terminate();
  await stopping;
  assert.equal(wire.sockets.size, 0);
  mute.destroy();
  await wire.stop();
});

test('PF-26 a slow reader is cut with 1013 while the others get everything', async () => {
  const wire = await startWire({}, { slowReaderBytes: 256 * KIB, slowReaderGraceMs: 100 });
  const slow = await TestClient.open(wire.url);
  const quick = await TestClient.open(wire.url);
  await until(() => wire.accepted.length === 2);
  slow.socket.pause();
  const frame = (i: number) => encodeTextFrame(JSON.stringify({ i, filler: 'x'.repeat(16 * KIB) }));
  let sent = 0;
  while (wire.sockets.stats.slowReaders === 0) {
    const shared = frame(sent++);
    for (const socket of wire.accepted) socket.outlet.send(shared);
    await turn();
  }
  await until(() => quick.texts.length === sent);
  assert.deepEqual(
    quick.texts.map((text) => (JSON.parse(text) as { i: number }).i),
    Array.from({ length: sent }, (_, i) => i),
  );
  slow.socket.resume();
  assert.deepEqual(await slow.closed, { code: 1013, reason: 'slow_reader' });
  const got = slow.texts.map((text) => (JSON.parse(text) as { i: number }).i);
  assert.deepEqual(
    got,
    Array.from({ length: got.length }, (_, i) => i),
    'what it got has no hole',
  );
  assert.ok(got.length < sent);
  assert.equal(quick.closeCode, 0);
  await quick.close();
  await wire.stop();
});

test('a wave of 2,000 connections gives its memory back', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const wire = await startWire({ accept: echo });
  const wave = async () => {
    for (let opened = 0; opened < 2_000; opened += 100) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => TestClient.open(wire.url)));
      for (const client of clients) assert.equal(await client.ask({ n: 1 }).then(({ n }) => n), 1);
      for (const client of clients) client.socket.terminate();
    }
    wire.accepted.length = 0;
    await until(() => wire.sockets.size === 0);
    await turn();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await wave();
  const after = await wave();
  assert.equal(wire.connections.size, 0);
  assert.equal(wire.sockets.stats.opened, 4_000);
  assert.ok(after - before < 2 * KIB * KIB, `grew by ${after - before} bytes`);
  await wire.stop();
});
