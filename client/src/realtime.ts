import { type BackoffOptions, backoffMs } from './backoff.ts';
import { Emitter } from './emitter.ts';
import { RealtimeError } from './errors.ts';

/** Where a reader of a topic stands: events up to `seq` of history `epoch` are known. */
export interface TopicPosition {
  epoch: string;
  seq: number;
}

export interface RealtimeEvent<Data = unknown> {
  topic: string;
  seq: number;
  type: string;
  at: number | string;
  data: Data;
}

export interface TopicHandlers<Snapshot = unknown, Data = unknown> {
  /** The whole state; replaces what was known. */
  onSnapshot?: (snapshot: Snapshot, position: TopicPosition) => void;
  onEvent?: (event: RealtimeEvent<Data>) => void;
  onError?: (error: RealtimeError) => void;
  /** Resume from here instead of asking for a snapshot. */
  since?: TopicPosition;
}

export type RealtimeStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed';

export interface RealtimeOptions {
  /** `ws://host/realtime` or `wss://host/realtime`. */
  url: string;
  /** Access token, asked at each connection; absent where the session cookie signs in. */
  token?: () => Promise<string | undefined>;
  backoff?: BackoffOptions;
  pingMs?: number;
}

interface Reply {
  re: number;
  ok?: boolean;
  epoch?: string;
  seq?: number;
  reset?: boolean;
  snapshot?: unknown;
  error?: { code: string; message: string };
}

interface Subscription {
  topic: string;
  handlers: TopicHandlers;
  position: TopicPosition | undefined;
  /** Id of the subscribe request under way. */
  asked: number | undefined;
  /** Events ahead of the position, by seq: before the answer to `asked`, or beyond a hole. */
  early: Map<number, RealtimeEvent>;
}

interface Waiter {
  resolve: (reply: Reply) => void;
  reject: (error: RealtimeError) => void;
}

/** Events kept while waiting for those before them; what does not fit comes with the replay. */
const EARLY_LIMIT = 1_000;
const DEFAULTS = { backoff: { baseMs: 500, maxMs: 20_000 }, pingMs: 25_000 };

function parse(data: unknown): Partial<Reply & RealtimeEvent> {
  if (typeof data !== 'string') return {};
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {}; // not of this protocol
  }
}

/** The native wire (PF-23): topics with snapshot, events without hole or repeat, resume after a reconnect. */
export class RealtimeClient extends Emitter<{ status: RealtimeStatus }> {
  readonly #options: RealtimeOptions & typeof DEFAULTS;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #waiters = new Map<number, Waiter>();
  #status: RealtimeStatus = 'idle';
  #socket: WebSocket | undefined;
  #lastId = 0;
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #isAnswered = true;

  constructor(options: RealtimeOptions) {
    super();
    this.#options = { ...DEFAULTS, ...options };
  }

  get status(): RealtimeStatus {
    return this.#status;
  }

  connect(): void {
    if (this.#status === 'connecting' || this.#status === 'open') return;
    clearTimeout(this.#retryTimer);
    this.#setStatus('connecting');
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened(socket).catch(() => this.#lost()); // no token: the wait decides when to ask again
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lost();
  }

  close(): void {
    this.#setStatus('closed');
    clearTimeout(this.#retryTimer);
    this.#dropSocket();
  }

  /** Follows a topic, over reconnects too. @returns a function that ends it */
  subscribe(topic: string, handlers: TopicHandlers): () => void {
    const subscription: Subscription = {
      topic,
      handlers,
      position: handlers.since,
      asked: undefined,
      early: new Map(),
    };
    this.#subscriptions.set(topic, subscription);
    if (this.#status === 'open') this.#ask(subscription);
    return () => {
      if (this.#subscriptions.get(topic) !== subscription) return;
      this.#subscriptions.delete(topic);
      if (this.#status === 'open') this.#send({ op: 'unsubscribe', id: this.#nextId(), topic });
    };
  }

  /** Position reached on a topic, to resume later. */
  position(topic: string): TopicPosition | undefined {
    return this.#subscriptions.get(topic)?.position;
  }

  /** Publishes where the topic allows it. @throws RealtimeError when refused or not connected */
  async publish(topic: string, type: string, data: unknown): Promise<void> {
    await this.#call({ op: 'publish', topic, type, data });
  }

  /** Renews the access token without a new connection. @throws RealtimeError */
  async authenticate(token: string): Promise<void> {
    await this.#call({ op: 'auth', token });
  }

  async #opened(socket: WebSocket): Promise<void> {
    const token = await this.#options.token?.();
    if (this.#socket !== socket) return;
    this.#attempt = 0;
    this.#isAnswered = true;
    this.#setStatus('open');
    if (token !== undefined) this.#send({ op: 'auth', id: this.#nextId(), token });
    for (const subscription of this.#subscriptions.values()) this.#ask(subscription);
    this.#pingTimer = setInterval(() => this.#ping(), this.#options.pingMs);
  }

  #ping(): void {
    if (this.#isAnswered) {
      this.#isAnswered = false;
      this.#send({ op: 'ping', id: this.#nextId() });
    } else {
      this.#lost();
    }
  }

  #ask(subscription: Subscription): void {
    const id = this.#nextId();
    subscription.asked = id;
    const since = subscription.position;
    this.#send({ op: 'subscribe', id, topic: subscription.topic, ...(since === undefined ? {} : { since }) });
  }

  #call(request: object): Promise<Reply> {
    if (this.#status !== 'open') return Promise.reject(new RealtimeError('not_connected', 'Not connected.'));
    const id = this.#nextId();
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#waiters.set(id, { resolve, reject });
    this.#send({ ...request, id });
    return promise;
  }

  #receive(data: unknown): void {
    this.#isAnswered = true;
    const frame = parse(data);
    if (typeof frame.re === 'number') this.#settle(frame as Reply);
    else if (typeof frame.topic === 'string' && typeof frame.seq === 'number') this.#deliver(frame as RealtimeEvent);
  }

  #settle(reply: Reply): void {
    const error = reply.error && new RealtimeError(reply.error.code, reply.error.message);
    const waiter = this.#waiters.get(reply.re);
    this.#waiters.delete(reply.re);
    if (error) waiter?.reject(error);
    else waiter?.resolve(reply);
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.asked !== reply.re) continue;
      subscription.asked = undefined;
      if (error) subscription.handlers.onError?.(error);
      else this.#positioned(subscription, reply);
    }
  }

  #positioned(subscription: Subscription, reply: Reply): void {
    const hasState = reply.snapshot !== undefined || reply.reset === true || subscription.position === undefined;
    if (hasState && reply.epoch !== undefined && reply.seq !== undefined) {
      subscription.position = { epoch: reply.epoch, seq: reply.seq };
      subscription.handlers.onSnapshot?.(reply.snapshot, subscription.position);
    }
    this.#drain(subscription);
  }

  #deliver(event: RealtimeEvent): void {
    const subscription = this.#subscriptions.get(event.topic);
    if (subscription === undefined || event.seq <= (subscription.position?.seq ?? -1)) return;
    if (subscription.early.size < EARLY_LIMIT) subscription.early.set(event.seq, event);
    this.#drain(subscription);
    const hasHole = subscription.early.size > 0 && subscription.asked === undefined;
    if (hasHole) this.#ask(subscription);
  }

  /** Hands on the early events that follow the position without a hole. */
  #drain({ position, early, handlers }: Subscription): void {
    if (position === undefined) return;
    for (const seq of early.keys()) {
      if (seq <= position.seq) early.delete(seq);
    }
    for (let event = early.get(position.seq + 1); event !== undefined; event = early.get(position.seq + 1)) {
      early.delete(event.seq);
      position.seq = event.seq;
      handlers.onEvent?.(event);
    }
  }

  #lost(): void {
    this.#dropSocket();
    if (this.#status === 'closed') return;
    const waitMs = backoffMs(this.#attempt, this.#options.backoff);
    this.#attempt += 1;
    this.#setStatus('waiting');
    this.#retryTimer = setTimeout(() => this.connect(), waitMs);
  }

  #dropSocket(): void {
    clearInterval(this.#pingTimer);
    for (const waiter of this.#waiters.values()) waiter.reject(new RealtimeError('not_connected', 'Connection lost.'));
    this.#waiters.clear();
    for (const subscription of this.#subscriptions.values()) subscription.asked = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(1000);
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #setStatus(status: RealtimeStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.emit('status', status);
  }
}
