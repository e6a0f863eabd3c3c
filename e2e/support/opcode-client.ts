import assert from 'node:assert/strict';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { faultsOf, type Seen } from './fixture.ts';
import { Inbox, PATIENCE_MS } from './waiting.ts';

/** A message of the opcode wire as a client sees it: the fields tests look at by name, and whatever else there is. */
export interface Message {
  readonly res: number;
  readonly response_header: { readonly t: number; readonly seq?: number; readonly rid?: string | number };
  readonly code?: number;
  readonly error?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly game_id?: string;
  readonly pool_id?: string;
  readonly source_id?: string;
  readonly bet_id?: string;
  readonly games?: readonly (string | Readonly<Record<string, unknown>>)[];
  readonly pools_list?: readonly Readonly<Record<string, unknown>>[];
  readonly distribution?: readonly Readonly<Record<string, unknown>>[];
  readonly leaderboard?: readonly { username: string; points: number; rank: number; user_id: string }[];
  readonly winners?: Readonly<Record<string, number>>;
  readonly losers?: Readonly<Record<string, number>>;
  readonly [field: string]: unknown;
}

export interface Closing {
  code: number;
  reason: string;
}

/** What a connection is opened with (WS1). */
export interface Handshake {
  /** `ws://host:port` */
  wsUrl: string;
  id: string;
  key: string;
  nonce?: string;
  path?: string;
  sourceId?: string;
  /** HMAC form of WS3 instead of WS2. */
  hmac?: boolean;
  /** Replaces the right digest. */
  digest?: string;
}

/** The digest of a connection: SHA-256 over id, nonce, key (WS2), or the HMAC of WS3. */
export function digestOf(key: string, id: string, nonce: string, isHmac = false): string {
  if (isHmac) return createHmac('sha256', key).update(`${id}${nonce}`).digest('hex');
  return createHash('sha256').update(`${id}${nonce}${key}`).digest('hex');
}

export function connectionUrl(handshake: Handshake): string {
  const { wsUrl, id, key, nonce = randomUUID(), path = '/', sourceId, hmac = false } = handshake;
  const h = handshake.digest ?? digestOf(key, id, nonce, hmac);
  return `${wsUrl}${path}?id=${id}&n=${encodeURIComponent(nonce)}&h=${h}${sourceId === undefined ? '' : `&s=${sourceId}`}`;
}

/** One connection of the documented websocket that checks every message it gets against the fixture and keeps them in order. */
export class OpcodeClient {
  readonly inbox = new Inbox<Message>();
  readonly socket: WebSocket;
  /** Resolves when the connection has ended, however it did. */
  readonly closed: Promise<Closing>;
  readonly #faults: string[] = [];
  readonly #opened: Promise<void>;
  readonly #seen: Seen | undefined;
  #asked = 0;

  constructor(url: string, seen?: Seen) {
    this.#seen = seen;
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      for (const fault of faultsOf(message, seen)) this.#faults.push(`${fault} in ${data.toString().slice(0, 500)}`);
      this.inbox.add(message);
    });
    this.#opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
    });
    this.#opened.catch(() => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('error', () => undefined);
      this.socket.on('close', (code, reason) => {
        this.inbox.end(`the connection closed with ${code} ${reason.toString()}`);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Everything that came, in order. */
  get messages(): readonly Message[] {
    return this.inbox.all;
  }

  /** Resolves once the server has let the connection in: a ping is answered. @throws when it is refused */
  async open(): Promise<this> {
    await this.#opened;
    await this.ask(1);
    return this;
  }

  /** Sends an op as a client of the docs does, without waiting. */
  send(op: number | string, params: object = {}, header?: object): void {
    this.socket.send(JSON.stringify({ ...(header === undefined ? {} : { header }), op, ...params }));
  }

  /** Sends an op and returns its direct answer, found by the echo of `rid`. */
  async ask(op: number, params: object = {}): Promise<Message> {
    const rid = `r${++this.#asked}`;
    const from = this.messages.length;
    this.send(op, params, { rid });
    const answer = await this.inbox.first(`answer of op ${op}`, ({ response_header: h }) => h.rid === rid, from);
    this.#seen?.answered(op, answer.res);
    return answer;
  }

  /** As `ask`, where the answer must be `res`. */
  async expect(res: number, op: number, params: object = {}): Promise<Message> {
    const answer = await this.ask(op, params);
    assert.equal(
      answer.res,
      res,
      `op ${op} ${JSON.stringify(params)} answered ${JSON.stringify(answer).slice(0, 600)}`,
    );
    return answer;
  }

  /** Sends an op that must be refused with this code of 4.5. */
  async refused(code: number, op: number, params: object = {}): Promise<Message> {
    const answer = await this.expect(666, op, params);
    assert.equal(answer.code, code, `op ${op} ${JSON.stringify(params)} was refused with ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Sends an op as a client of the docs does and returns what came until a ping sent after it was answered (WC2). */
  async tell(op: number | string, params: object = {}): Promise<Message[]> {
    const from = this.messages.length;
    this.send(op, params);
    await this.fence();
    return this.messages.slice(from, -1);
  }

  /** Resolves when everything sent so far has been answered. The pong is the last message then. */
  async fence(): Promise<void> {
    await this.ask(1);
  }

  /** Where the next message will be: for `first` and `some`. */
  mark(): number {
    return this.messages.length;
  }

  async first(res: number, from = 0, fits: (message: Message) => boolean = () => true): Promise<Message> {
    return await this.inbox.first(`response ${res}`, (message) => message.res === res && fits(message), from);
  }

  async some(res: number, count: number, from = 0): Promise<Message[]> {
    return await this.inbox.some(`${count} times response ${res}`, count, (message) => message.res === res, from);
  }

  /** Exactly these codes come, in this order, and nothing else until a ping sent after them is answered; returns the messages. */
  async receives(codes: readonly number[], from: number): Promise<Message[]> {
    const isCounted = ({ res }: Message) => res !== 1;
    if (codes.length > 0) await this.inbox.some(`messages ${codes.join(', ')}`, codes.length, isCounted, from);
    await this.fence();
    assert.deepEqual(this.codes(from), codes);
    return this.messages.slice(from).filter(isCounted);
  }

  /** Codes of what came since, pongs left out. */
  codes(from = 0): number[] {
    return this.messages.slice(from).flatMap(({ res }) => (res === 1 ? [] : [res]));
  }

  /** @throws when any message was not as the fixture declares */
  assertAllAsDeclared(): void {
    assert.deepEqual(this.#faults, []);
  }

  /** Ends the connection as a client does. */
  async close(): Promise<Closing> {
    this.socket.close();
    return await this.closed;
  }

  /** Loses the connection: no goodbye. */
  async cut(): Promise<Closing> {
    this.socket.terminate();
    return await this.closed;
  }
}

/** Opens a connection that must be let in. */
export async function connect(handshake: Handshake, seen?: Seen): Promise<OpcodeClient> {
  return await new OpcodeClient(connectionUrl(handshake), seen).open();
}

/** Opens a connection that must be refused; returns the 110 and the closing (WS7). */
export async function connectRefused(
  handshake: Handshake,
  seen?: Seen,
): Promise<{ message: Message; closing: Closing }> {
  const client = new OpcodeClient(connectionUrl(handshake), seen);
  const closing = await Promise.race([
    client.closed,
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error('the connection was not refused')), PATIENCE_MS).unref(),
    ),
  ]);
  client.assertAllAsDeclared();
  assert.deepEqual(client.codes(), [110]);
  return { message: client.messages[0]!, closing };
}
