import { type BackoffOptions, backoffMs } from './backoff.ts';
import { Emitter } from './emitter.ts';
import { AnswerLostError } from './errors.ts';
import { newNonce } from './ids.ts';
import type { AnyMessage, Message } from './predictions/messages.ts';
import type { Answer, Operation, OperationParams } from './predictions/operations.ts';
import { type PendingRequest, PendingRequests } from './predictions/pending.ts';
import { Sequences } from './predictions/sequences.ts';
import { connectionDigest } from './sha256.ts';

export interface OpcodeCredentials {
  userId: string;
  sessionKey: string;
}

/** `waiting`: cut off, the next try is scheduled. `ended`: no further try, see event `ended`. */
export type OpcodeStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'ended';

export type EndReason = 'signed_out' | 'refused' | 'closed';

export interface OpcodeEvents {
  status: OpcodeStatus;
  /** Every message, answers included: an answer stands in for the broadcast of the same thing (WC3). */
  message: AnyMessage;
  /** Messages of this game were missed: read its state again. */
  gap: { gameId: string };
  /** The server kept logon and games over the gap (WS10). */
  restored: { games: string[] };
  ended: EndReason;
}

export interface OpcodeOptions {
  /** `ws://host/ws` or `wss://host/ws`, without query. */
  url: string;
  /** Asked before the first connection, and again when the key is no longer accepted. */
  credentials: () => Promise<OpcodeCredentials>;
  backoff?: BackoffOptions;
  requestTimeoutMs?: number;
  /** After this silence a ping (op 1) is sent. */
  heartbeatMs?: number;
  /** How long an overtaken message may still come before it counts as missing. */
  gapGraceMs?: number;
  now?: () => number;
  random?: () => number;
}

const DEFAULTS = {
  backoff: { baseMs: 500, maxMs: 20_000 },
  requestTimeoutMs: 15_000,
  heartbeatMs: 20_000,
  gapGraceMs: 500,
};
const QUEUE_LIMIT = 256;
const REFUSALS_LIMIT = 2;
const CLOSE_BAD_DIGEST = 4401;
const CLOSE_SIGNED_OUT = 4403;

function parseMessage(data: unknown): AnyMessage | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message = JSON.parse(data);
    return typeof message?.res === 'number' ? { response_header: {}, ...message } : undefined;
  } catch {
    return undefined; // not of this protocol: nothing can wait for it
  }
}

/** The opcode websocket of predictions (4): typed requests, broadcast messages, reconnect with restored games. */
export class OpcodeSocket extends Emitter<OpcodeEvents> {
  readonly #options: Required<Omit<OpcodeOptions, 'now' | 'random'>>;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #pending = new PendingRequests();
  readonly #sequences = new Sequences();
  readonly #games = new Set<string>();
  readonly #gapTimers = new Map<string, ReturnType<typeof setTimeout>>();
  #status: OpcodeStatus = 'idle';
  #socket: WebSocket | undefined;
  #credentials: OpcodeCredentials | undefined;
  #nonce = '';
  #attempt = 0;
  #refusals = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeatTimer: ReturnType<typeof setInterval> | undefined;
  #lastReceivedMs = 0;

  constructor(options: OpcodeOptions) {
    super();
    this.#options = { ...DEFAULTS, ...options };
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  get status(): OpcodeStatus {
    return this.#status;
  }

  /** Games that are joined now, and joined again after each reconnect. */
  get games(): readonly string[] {
    return [...this.#games];
  }

  /** Connects; does nothing when already connecting or connected. */
  connect(): void {
    if (this.#status === 'connecting' || this.#status === 'open') return;
    clearTimeout(this.#retryTimer);
    this.#setStatus('connecting');
    void this.#open();
  }

  /** Tries at once when a try is waiting, for example because the network came back. */
  reconnectNow(): void {
    if (this.#status === 'waiting') this.connect();
  }

  /** Ends the connection for good. */
  close(): void {
    if (this.#status !== 'ended') this.#end('closed');
  }

  /**
   * Sends an operation and waits for its direct answer; before the connection stands it is kept until then.
   * @throws OpcodeError for answer 666, AnswerLostError when the connection ended or the time limit passed first
   */
  async request<Op extends Operation>(op: Op, params: OperationParams[Op]): Promise<Answer<Op>> {
    if (this.#status === 'ended') throw new AnswerLostError('The connection has ended.');
    if (this.#pending.size >= QUEUE_LIMIT) throw new AnswerLostError('Too many requests are waiting.');
    const [request, answer] = this.#pending.add(op, params, this.#options.requestTimeoutMs);
    if (this.#status === 'open') this.#send(request);
    return answer;
  }

  /** Joins a game (op 363) and keeps it joined over reconnects. */
  async join(gameId: string): Promise<Answer<363>> {
    this.#games.add(gameId);
    return this.request(363, { game_id: gameId });
  }

  /** Leaves a game (op 364). */
  async leave(gameId: string): Promise<void> {
    this.#forget(gameId);
    if (this.#status === 'open') await this.request(364, { game_id: gameId });
  }

  async #open(): Promise<void> {
    try {
      this.#credentials ??= await this.#options.credentials();
    } catch {
      this.#retry(); // no key, for example because the server is away: the wait decides when to ask again
      return;
    }
    if (this.#status !== 'connecting') return;
    this.#nonce ||= newNonce(this.#now());
    const { userId, sessionKey } = this.#credentials;
    // The same URL on every reconnect: it is how the server knows whose games to restore (WS6, WS10).
    const query = new URLSearchParams({
      id: userId,
      n: this.#nonce,
      h: connectionDigest(userId, this.#nonce, sessionKey),
    });
    const socket = new WebSocket(`${this.#options.url}?${query}`);
    this.#socket = socket;
    socket.onopen = () => this.#logOn(socket);
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
  }

  #logOn(socket: WebSocket): void {
    const [request, answer] = this.#pending.add(100, {}, this.#options.requestTimeoutMs);
    this.#send(request);
    answer.then(
      (message) => {
        if (message.res !== 110) this.#ready();
      },
      () => {
        if (this.#socket === socket) this.#cut();
      },
    );
  }

  #ready(): void {
    this.#attempt = 0;
    this.#refusals = 0;
    this.#lastReceivedMs = this.#now();
    this.#heartbeatTimer = setInterval(() => this.#checkAlive(), this.#options.heartbeatMs);
    this.#setStatus('open');
    for (const gameId of this.#games) void this.#rejoin(gameId);
    for (const request of this.#pending.unsent()) this.#send(request);
  }

  async #rejoin(gameId: string): Promise<void> {
    const isQueued = this.#pending
      .unsent()
      .some(({ op, params }) => op === 363 && 'game_id' in params && params.game_id === gameId);
    if (isQueued) return;
    try {
      await this.request(363, { game_id: gameId });
    } catch (error) {
      // A closed game (6618) takes no one in any more; its end is seen in its state.
      if (!(error instanceof AnswerLostError)) this.#forget(gameId);
      this.emit('gap', { gameId });
    }
  }

  #send(request: PendingRequest): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    request.sent = true;
    const header = { t: this.#now(), api_version: 1.0, rid: request.rid };
    this.#socket.send(JSON.stringify({ header, op: request.op, ...request.params }));
  }

  #receive(data: unknown): void {
    this.#lastReceivedMs = this.#now();
    const message = parseMessage(data);
    if (message === undefined) return;
    if (message.res === 333) this.#joined(message);
    const gapGame = this.#sequences.note(message);
    if (gapGame !== undefined) this.#watchGap(gapGame);
    if (message.res === 100 && message.restored) this.emit('restored', { games: message.games ?? [] });
    this.emit('message', message);
    this.#pending.settle(message);
    if (message.res === 341) this.#forget(message.game_id);
  }

  #joined(message: Message<333>): void {
    const wasMissed = this.#sequences.join(message.game_id, message.response_header.seq);
    if (wasMissed) this.emit('gap', { gameId: message.game_id });
  }

  #watchGap(gameId: string): void {
    clearTimeout(this.#gapTimers.get(gameId));
    const timer = setTimeout(() => {
      this.#gapTimers.delete(gameId);
      if (this.#sequences.takeMissing(gameId)) this.emit('gap', { gameId });
    }, this.#options.gapGraceMs);
    this.#gapTimers.set(gameId, timer);
  }

  #forget(gameId: string): void {
    this.#games.delete(gameId);
    this.#sequences.leave(gameId);
    clearTimeout(this.#gapTimers.get(gameId));
    this.#gapTimers.delete(gameId);
  }

  /** A dead peer sends no close: after a silence we ask, and a silence after that ends the connection. */
  #checkAlive(): void {
    const silentMs = this.#now() - this.#lastReceivedMs;
    if (silentMs >= this.#options.heartbeatMs * 2) this.#cut();
    else if (silentMs >= this.#options.heartbeatMs) void this.request(1, {}).catch(() => undefined);
  }

  #cut(): void {
    this.#dropSocket();
    this.#closed(1006);
  }

  #closed(code: number): void {
    this.#dropSocket();
    if (this.#status === 'ended') return;
    this.#pending.connectionLost();
    if (code === CLOSE_BAD_DIGEST) {
      // The key expired, or the reconnect window of the nonce is over: once more with fresh ones.
      this.#refusals += 1;
      this.#credentials = undefined;
      this.#nonce = '';
    }
    if (code === CLOSE_SIGNED_OUT) this.#end('signed_out');
    else if (this.#refusals > REFUSALS_LIMIT) this.#end('refused');
    else this.#retry();
  }

  #retry(): void {
    if (this.#status === 'ended') return;
    const waitMs = backoffMs(this.#attempt, this.#options.backoff, this.#random);
    this.#attempt += 1;
    this.#setStatus('waiting');
    this.#retryTimer = setTimeout(() => this.connect(), waitMs);
  }

  #end(reason: EndReason): void {
    this.#setStatus('ended');
    clearTimeout(this.#retryTimer);
    for (const timer of this.#gapTimers.values()) clearTimeout(timer);
    this.#gapTimers.clear();
    this.#pending.rejectAll('The connection has ended.');
    this.#dropSocket();
    this.emit('ended', reason);
  }

  #dropSocket(): void {
    clearInterval(this.#heartbeatTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    if (socket.readyState === WebSocket.CONNECTING || socket.readyState === WebSocket.OPEN) socket.close(1000);
  }

  #setStatus(status: OpcodeStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.emit('status', status);
  }
}
