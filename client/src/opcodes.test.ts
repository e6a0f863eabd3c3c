import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { type WebSocket as PeerSocket, WebSocketServer } from 'ws';
import { AnswerLostError, OpcodeError } from './errors.ts';
import { type OpcodeEvents, OpcodeSocket } from './opcodes.ts';
import { connectionDigest } from './sha256.ts';

const USER = '0f9c2a34-6f7e-4c0b-9d2f-6a1f3c5b7d10';
const GAME = 'a3a8f9a0-0000-4000-8000-000000000001';

interface Received {
  op: number;
  header: { rid: string };
  [name: string]: unknown;
}

/** One connection as the server sees it: queries, requests in order, answers by hand. */
class Peer {
  readonly query: URLSearchParams;
  readonly #socket: PeerSocket;
  readonly #requests: Received[] = [];
  #wake: (() => void) | undefined;

  constructor(socket: PeerSocket, url: string) {
    this.query = new URL(url, 'ws://localhost').searchParams;
    this.#socket = socket;
    socket.on('message', (data) => {
      this.#requests.push(JSON.parse(String(data)) as Received);
      this.#wake?.();
    });
  }

  async request(op: number): Promise<Received> {
    for (;;) {
      const index = this.#requests.findIndex((request) => request.op === op);
      if (index >= 0) return this.#requests.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  get waiting(): number[] {
    return this.#requests.map((request) => request.op);
  }

  send(res: number, body: object, header: object = {}): void {
    this.#socket.send(JSON.stringify({ response_header: { t: 1, ...header }, res, ...body }));
  }

  async answer(op: number, res: number, body: object = {}, header: object = {}): Promise<Received> {
    const request = await this.request(op);
    this.send(res, body, { rid: request.header.rid, ...header });
    return request;
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

let server: WebSocketServer;
let client: OpcodeSocket;
let keys: string[];
const peers: Peer[] = [];
let peerArrived: (() => void) | undefined;

async function nextPeer(): Promise<Peer> {
  for (;;) {
    const peer = peers.shift();
    if (peer) return peer;
    await new Promise<void>((resolve) => {
      peerArrived = resolve;
    });
  }
}

function nextEvent<Name extends keyof OpcodeEvents>(
  name: Name,
  accept: (payload: OpcodeEvents[Name]) => boolean = () => true,
): Promise<OpcodeEvents[Name]> {
  return new Promise((resolve) => {
    const off = client.on(name, (payload) => {
      if (!accept(payload)) return;
      off();
      resolve(payload);
    });
  });
}

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    peers.push(new Peer(socket, request.url ?? '/'));
    peerArrived?.();
  });
  keys = ['first-key', 'second-key', 'third-key', 'fourth-key'];
  client = new OpcodeSocket({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    credentials: async () => ({ userId: USER, sessionKey: keys.shift() ?? 'none' }),
    backoff: { baseMs: 1, maxMs: 5 },
    gapGraceMs: 20,
  });
});

afterEach(() => {
  client.close();
  for (const socket of server.clients) socket.terminate();
  server.close();
  peers.length = 0;
});

async function open(): Promise<Peer> {
  client.connect();
  const peer = await nextPeer();
  const ready = nextEvent('status', (status) => status === 'open');
  await peer.answer(100, 100, { session_key: 's' });
  await ready;
  return peer;
}

test('WS1, WS2: connects with id, nonce and digest', async () => {
  const peer = await open();
  const nonce = peer.query.get('n') ?? '';
  assert.equal(peer.query.get('id'), USER);
  assert.notEqual(nonce, '');
  assert.equal(peer.query.get('h'), connectionDigest(USER, nonce, 'first-key'));
});

test('WC2: answers are matched by rid, broadcasts of the same code are not taken for them', async () => {
  const peer = await open();
  const event = client.request(395, { game_id: GAME, action_id: 'goal', target_id: 'chile:11' });
  const balance = client.request(800, {});
  const request = await peer.request(395);
  peer.send(366, { game_id: GAME, event_id: 'of somebody else' });
  peer.send(366, { game_id: GAME, event_id: 'mine' }, { rid: request.header.rid });
  await peer.answer(800, 800, { currency: 'DON', current_balance: 990 });
  assert.equal((await event).event_id, 'mine');
  assert.equal((await balance).current_balance, 990);
});

test('a server that echoes no rid: answers are matched in request order', async () => {
  client.connect();
  const peer = await nextPeer();
  await peer.request(100);
  peer.send(100, { session_key: 's' });
  const joined = client.request(363, { game_id: GAME });
  const pools = client.request(387, { game_id: GAME });
  const bet = client.request(392, { pool_id: 'p', target: 'chile', amount: 10 });
  await peer.request(392);
  peer.send(333, { game_id: GAME });
  peer.send(815, { currency: 'DON', current_balance: 1, available_balance: 1 });
  peer.send(3535, { game_id: GAME, pools_list: [] });
  peer.send(666, { text: 'Not enough', error: 'insufficient_funds', code: 6601, op: 392 });
  assert.equal((await joined).res, 333);
  assert.deepEqual((await pools).pools_list, []);
  await assert.rejects(bet, { name: 'OpcodeError', error: 'insufficient_funds' });
});

test('answer 666 is a typed error and leaves the connection alone', async () => {
  const peer = await open();
  const bet = client.request(392, { pool_id: 'p', target: 'chile', amount: 10 });
  const details = { available: 5, amount: 10, currency: 'DON' };
  await peer.answer(392, 666, { text: 'Not enough', error: 'insufficient_funds', code: 6601, op: 392, details });
  await assert.rejects(bet, (error) => {
    assert.ok(error instanceof OpcodeError);
    assert.equal(error.code, 6601);
    assert.deepEqual(error.details, details);
    return true;
  });
  assert.equal(client.status, 'open');
});

test('616 refused: answer 645 is an answer, not an error', async () => {
  const peer = await open();
  const answer = client.request(616, { game_id: GAME });
  await peer.answer(616, 645, { game_id: GAME, reason: 'not source admin' });
  const message = await answer;
  assert.equal(message.res === 645 && message.reason, 'not source admin');
});

test('unsolicited messages reach listeners, answers too', async () => {
  const peer = await open();
  const seen: number[] = [];
  client.on('message', (message) => seen.push(message.res));
  const distribution = nextEvent('message', (message) => message.res === 361);
  const bet = client.request(392, { pool_id: 'p', target: 'chile', amount: 1 });
  await peer.answer(392, 356, { pool_id: 'p', bet_id: 'b', target: 'chile', amount: 1 });
  peer.send(361, { pool_id: 'p', game_id: GAME, target_level: 1, distribution: [], new_bets: [] });
  await bet;
  await distribution;
  assert.deepEqual(seen, [356, 361]);
});

test('WS6, WS10: reconnects with the same URL, joins its games again, and reports what was missed', async () => {
  const peer = await open();
  const joined = client.join(GAME);
  await peer.answer(363, 333, { game_id: GAME }, { seq: 7 });
  await joined;
  const restored = nextEvent('restored');
  const gap = nextEvent('gap');
  peer.terminate();
  const again = await nextPeer();
  assert.equal(again.query.toString(), peer.query.toString());
  again.send(100, { session_key: 's', restored: true, games: [GAME] });
  await again.answer(100, 112, { session_key: 's' });
  await again.answer(363, 333, { game_id: GAME }, { seq: 9 });
  assert.deepEqual(await restored, { games: [GAME] });
  assert.deepEqual(await gap, { gameId: GAME });
});

test('after a reconnect without loss no gap is reported', async () => {
  const peer = await open();
  const joined = client.join(GAME);
  await peer.answer(363, 333, { game_id: GAME }, { seq: 7 });
  await joined;
  client.on('gap', () => assert.fail('gap without loss'));
  peer.terminate();
  const again = await nextPeer();
  await again.answer(100, 100, { session_key: 's' });
  await again.answer(363, 333, { game_id: GAME }, { seq: 7 });
  const next = nextEvent('message', (message) => message.res === 470);
  again.send(470, { game_id: GAME, user_id: 'u', user_name: 'n' }, { seq: 8 });
  await next;
});

test('WC11: a missing number is reported once', async () => {
  const peer = await open();
  const joined = client.join(GAME);
  await peer.answer(363, 333, { game_id: GAME }, { seq: 3 });
  await joined;
  let gaps = 0;
  client.on('gap', () => {
    gaps += 1;
  });
  const gap = nextEvent('gap');
  peer.send(901, { text: 'a', sender: 's', received_at: 1, channel: GAME }, { seq: 5 });
  peer.send(901, { text: 'b', sender: 's', received_at: 1, channel: GAME }, { seq: 7 });
  await gap;
  const last = nextEvent('message');
  peer.send(901, { text: 'c', sender: 's', received_at: 1, channel: GAME }, { seq: 8 });
  await last;
  assert.equal(gaps, 1);
});

test('a lost connection: repeatable requests are sent again, others fail as unknown', async () => {
  const peer = await open();
  const bet = client.request(392, { pool_id: 'p', target: 'chile', amount: 1, client_ref: 'ref-1' });
  const chat = client.request(900, { text: 'hello', targets: GAME });
  await peer.request(392);
  await peer.request(900);
  peer.terminate();
  await assert.rejects(chat, AnswerLostError);
  const again = await nextPeer();
  await again.answer(100, 100, { session_key: 's' });
  const repeated = await again.answer(392, 356, { pool_id: 'p', bet_id: 'b', target: 'chile', amount: 1 });
  assert.equal(repeated.client_ref, 'ref-1');
  assert.equal((await bet).bet_id, 'b');
  assert.deepEqual(again.waiting, []);
});

test('WS7: a refused digest is tried again with a fresh key and nonce, then given up', async () => {
  const ended = nextEvent('ended');
  client.connect();
  const nonces = new Set<string>();
  for (const key of ['first-key', 'second-key', 'third-key']) {
    const peer = await nextPeer();
    const nonce = peer.query.get('n') ?? '';
    assert.equal(peer.query.get('h'), connectionDigest(USER, nonce, key));
    nonces.add(nonce);
    peer.send(110, { text: 'bad digest' });
    peer.close(4401);
  }
  assert.equal(await ended, 'refused');
  assert.equal(nonces.size, 3);
});

test('AU10: close code 4403 ends the connection for good', async () => {
  const ended = nextEvent('ended');
  const peer = await open();
  const answer = client.request(800, {});
  await peer.request(800);
  peer.close(4403);
  assert.equal(await ended, 'signed_out');
  await assert.rejects(answer, AnswerLostError);
  await assert.rejects(client.request(800, {}), AnswerLostError);
});

test('requests made before the connection stands are sent once it does', async () => {
  const answer = client.request(800, {});
  const peer = await open();
  await peer.answer(800, 800, { currency: 'DON', current_balance: 1000 });
  assert.equal((await answer).current_balance, 1000);
});
