import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { createRedisBus, envelopes, MAX_IN_FLIGHT, MAX_MESSAGE_BYTES } from './redis-bus.ts';
import type { BusMessage, LoggedEvent } from './types.ts';

const log = pino({ level: 'silent' });
const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

const event = (seq: number, chars: number): LoggedEvent => ({
  topic: 't',
  seq,
  type: 'x',
  at: 1,
  actor: null,
  data: 'é'.repeat(chars),
});

const seqsOf = (texts: readonly string[]) =>
  texts
    .flatMap((text) => (JSON.parse(text) as { messages: BusMessage[] }).messages)
    .flatMap((message) => (message.kind === 'events' ? message.events : []))
    .map(({ seq }) => seq);

test('PF-21: what is too large for one message of the bus goes in several, in order; an event too large alone is left out', () => {
  const small: BusMessage = { kind: 'events', events: [event(1, 10)] };
  assert.equal([...envelopes('p', [small])].length, 1);
  const large: BusMessage = { kind: 'events', events: [2, 3, 4, 5, 6].map((seq) => event(seq, MAX_MESSAGE_BYTES / 5)) };
  const alone: BusMessage = { kind: 'events', events: [event(7, MAX_MESSAGE_BYTES)] };
  const texts = [...envelopes('p', [small, large, alone, { kind: 'wake', name: 'w' }])];
  assert.ok(texts.every((text) => Buffer.byteLength(text) <= MAX_MESSAGE_BYTES));
  assert.deepEqual(seqsOf(texts), [1, 2, 3, 4, 5, 6]);
  assert.ok(texts.some((text) => text.includes('"wake"')));
});

async function reachable(context: TestContext): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return true;
  } catch {
    assert.notEqual(process.env.GREENROOM_TEST_SERVICES, 'required', 'no Redis here');
    context.skip('no Redis here');
    return false;
  } finally {
    redis.disconnect();
  }
}

test('PF-21: over Redis large transactions arrive, and a foreign text on the channel stops nobody', async (context) => {
  if (!(await reachable(context))) return;
  const channel = `greenroom-test:${randomUUID()}`;
  const [one, two] = await Promise.all(
    ['one', 'two'].map((processId) => createRedisBus({ url, channel, processId, log })),
  );
  const stranger = new Redis(url);
  try {
    const reconnected = Promise.withResolvers<void>();
    two!.onReconnect(reconnected.resolve);
    if (!two!.healthy()) await reconnected.promise;
    const seen: number[] = [];
    const all = Promise.withResolvers<void>();
    two!.subscribe((message) => {
      if (message.kind === 'events') seen.push(...message.events.map(({ seq }) => seq));
      else all.resolve();
    });
    for (const text of ['no json', '{}', 'null', '[]', '{"messages":3}']) await stranger.publish(channel, text);
    one!.publish({ kind: 'events', events: [1, 2, 3].map((seq) => event(seq, MAX_MESSAGE_BYTES / 4)) });
    one!.publish({ kind: 'wake', name: 'end' });
    await all.promise;
    assert.deepEqual(seen, [1, 2, 3]);
  } finally {
    stranger.disconnect();
    await Promise.all([one!.close(), two!.close()]);
  }
});

test('M7: messages to a Redis that does not answer are bounded, and the bus says that it is not healthy', async (context) => {
  if (!(await reachable(context))) return;
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-redis-'));
  const socket = join(folder, 's');
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  });
  const spawned = await once(server, 'spawn').then(
    () => true,
    () => false,
  );
  if (!spawned) return context.skip('no redis-server to stop here');
  const ended = once(server, 'exit');
  const bus = await createRedisBus({ url: socket, channel: 'c', processId: 'p', log });
  try {
    while (!bus.healthy()) await sleep(10);
    server.kill('SIGSTOP');
    for (let sent = 0; sent < MAX_IN_FLIGHT; sent++) {
      bus.publish({ kind: 'wake', name: 'w' });
      await nextTick();
    }
    assert.equal(bus.healthy(), false);
    bus.publish({ kind: 'wake', name: 'one too many' });
    await nextTick();
    server.kill('SIGCONT');
    while (!bus.healthy()) await sleep(10);
  } finally {
    await bus.close();
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
