import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { type WebSocket as PeerSocket, WebSocketServer } from 'ws';
import { RealtimeClient } from './realtime.ts';

const TOPIC = 'predictions/game/1';

let server: WebSocketServer;
let client: RealtimeClient;

/** Waits for the next connection, and gives its frames in order. */
async function accept(): Promise<{ socket: PeerSocket; frame: () => Promise<Record<string, unknown>> }> {
  const [socket] = (await once(server, 'connection')) as [PeerSocket];
  const frames: Record<string, unknown>[] = [];
  let wake: (() => void) | undefined;
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Record<string, unknown>);
    wake?.();
  });
  return {
    socket,
    async frame() {
      for (;;) {
        const frame = frames.shift();
        if (frame) return frame;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function send(socket: PeerSocket, frame: object): void {
  socket.send(JSON.stringify(frame));
}

function event(seq: number): object {
  return { topic: TOPIC, seq, type: 'changed', at: 1, data: { seq } };
}

/** Collects what a subscriber sees as short words, and waits for the n-th. */
class Seen {
  readonly words: string[] = [];
  #wake: (() => void) | undefined;

  add(word: string): void {
    this.words.push(word);
    this.#wake?.();
  }

  async count(count: number): Promise<string[]> {
    while (this.words.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.words;
  }
}

function follow(seen: Seen): void {
  client.subscribe(TOPIC, {
    onSnapshot: (_, position) => seen.add(`snapshot ${position.epoch}:${position.seq}`),
    onEvent: ({ seq }) => seen.add(`event ${seq}`),
    onError: (error) => seen.add(`error ${error.code}`),
  });
}

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new RealtimeClient({ url: `ws://127.0.0.1:${port}/realtime`, backoff: { baseMs: 1, maxMs: 5 } });
});

afterEach(() => {
  client.close();
  for (const socket of server.clients) socket.terminate();
  server.close();
});

test('PF-23: snapshot, then events in order; repeats are dropped', async () => {
  const seen = new Seen();
  follow(seen);
  const arrival = accept();
  client.connect();
  const { socket, frame } = await arrival;
  const subscribe = await frame();
  assert.equal(subscribe.op, 'subscribe');
  assert.equal('since' in subscribe, false);
  send(socket, { re: subscribe.id, ok: true, epoch: 'e1', seq: 4, snapshot: {} });
  for (const seq of [4, 5, 5, 6]) send(socket, event(seq));
  assert.deepEqual(await seen.count(3), ['snapshot e1:4', 'event 5', 'event 6']);
});

test('PF-23: resumes after a reconnect from the last position', async () => {
  const seen = new Seen();
  follow(seen);
  const first = accept();
  client.connect();
  const { socket, frame } = await first;
  send(socket, { re: (await frame()).id, ok: true, epoch: 'e1', seq: 1, snapshot: {} });
  send(socket, event(2));
  await seen.count(2);
  const second = accept();
  socket.terminate();
  const again = await second;
  const subscribe = await again.frame();
  assert.deepEqual(subscribe.since, { epoch: 'e1', seq: 2 });
  send(again.socket, { re: subscribe.id, ok: true, epoch: 'e1', seq: 3 });
  send(again.socket, event(3));
  assert.deepEqual(await seen.count(3), ['snapshot e1:1', 'event 2', 'event 3']);
});

test('PF-23: reset replaces the state and the epoch', async () => {
  const seen = new Seen();
  client.subscribe(TOPIC, {
    since: { epoch: 'old', seq: 99 },
    onSnapshot: (_, position) => seen.add(`snapshot ${position.epoch}:${position.seq}`),
    onEvent: ({ seq }) => seen.add(`event ${seq}`),
  });
  const arrival = accept();
  client.connect();
  const { socket, frame } = await arrival;
  const subscribe = await frame();
  assert.deepEqual(subscribe.since, { epoch: 'old', seq: 99 });
  send(socket, { re: subscribe.id, ok: true, reset: true, epoch: 'new', seq: 3, snapshot: {} });
  send(socket, event(4));
  assert.deepEqual(await seen.count(2), ['snapshot new:3', 'event 4']);
});

test('a hole in the numbers: the client asks for what is missing and shows nothing out of order', async () => {
  const seen = new Seen();
  follow(seen);
  const arrival = accept();
  client.connect();
  const { socket, frame } = await arrival;
  send(socket, { re: (await frame()).id, ok: true, epoch: 'e1', seq: 1, snapshot: {} });
  send(socket, event(3));
  const resume = await frame();
  assert.deepEqual(resume.since, { epoch: 'e1', seq: 1 });
  send(socket, event(4));
  send(socket, { re: resume.id, ok: true, epoch: 'e1', seq: 4 });
  for (const seq of [2, 3, 4]) send(socket, event(seq));
  assert.deepEqual(await seen.count(4), ['snapshot e1:1', 'event 2', 'event 3', 'event 4']);
});

test('a refused topic reports its code', async () => {
  const seen = new Seen();
  follow(seen);
  const arrival = accept();
  client.connect();
  const { socket, frame } = await arrival;
  send(socket, { re: (await frame()).id, error: { code: 'forbidden', message: 'no' } });
  assert.deepEqual(await seen.count(1), ['error forbidden']);
});

test('publish is answered or refused', async () => {
  const arrival = accept();
  client.connect();
  const { socket, frame } = await arrival;
  if (client.status !== 'open') await new Promise<void>((resolve) => client.on('status', () => resolve()));
  const published = client.publish(TOPIC, 'said', { text: 'x' });
  send(socket, { re: (await frame()).id, ok: true });
  await published;
  const refused = client.publish(TOPIC, 'said', { text: 'x' });
  send(socket, { re: (await frame()).id, error: { code: 'read_only', message: 'no' } });
  await assert.rejects(refused, { code: 'read_only' });
});
