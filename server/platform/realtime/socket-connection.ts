import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Principal } from '../accounts/types.ts';
import type { Logger } from '../ports.ts';
import { CLOSE_CODES } from './codes.ts';
import type { Connected, Connections } from './connections.ts';
import type { Flusher } from './flusher.ts';
import { SocketOutlet } from './outlet.ts';
import { TokenBucket } from './rate.ts';
import type { RealtimeSettings } from './settings.ts';
import type { SocketStats, WireOptions, WireSocket } from './types.ts';

/** What all connections of one wire share. */
export interface ConnectionContext {
  wire: WireOptions;
  settings: RealtimeSettings;
  connections: Connections;
  flusher: Flusher;
  log: Logger;
  stats: SocketStats;
  nowMs(): number;
}

/** Half ping intervals a peer may leave a ping unanswered: dropped after 45 s of 30 s pings, having missed two (PF-28, predictions WS13). */
const MISSED_VISITS = 3;
/** Refusals for the message rate that are still answered, and how fast they are forgiven. */
const REFUSALS_PER_SECOND = 10;

type TextListener = (text: string) => Promise<void> | void;

/** One websocket: delivers texts in turn, bounded in rate, size and number waiting; watches the heartbeat; closes with a flush. */
export class SocketConnection implements WireSocket, Connected {
  readonly id: string;
  readonly address: string;
  readonly request: IncomingMessage;
  readonly outlet: SocketOutlet;
  readonly #context: ConnectionContext;
  readonly #websocket: WebSocket;
  readonly #rate: TokenBucket;
  #refusals: TokenBucket | undefined;
  #principal: Principal;
  #listener: TextListener | undefined;
  #closeListeners: ((code: number) => void)[] = [];
  /** Texts waiting for their turn; null stands for one that was too large. */
  #texts: (string | null)[] = [];
  #isDelivering = false;
  /** Visits since the first unanswered ping; -1 when none is unanswered. */
  #missedVisits = -1;
  #isPingTurn = true;

  constructor(
    context: ConnectionContext,
    options: {
      id: string;
      address: string;
      request: IncomingMessage;
      websocket: WebSocket;
      socket: Duplex;
      principal: Principal;
    },
  ) {
    this.id = options.id;
    this.address = options.address;
    this.request = options.request;
    this.#context = context;
    this.#websocket = options.websocket;
    this.#principal = options.principal;
    const { settings, flusher } = context;
    this.#rate = new TokenBucket(settings.messagesPerSecond, settings.messagesBurst, context.nowMs());
    this.outlet = new SocketOutlet({
      sink: options.socket,
      flusher,
      slowReaderBytes: settings.slowReaderBytes,
      slowReaderGraceMs: settings.slowReaderGraceMs,
      onOverrun: () => this.#cutSlowReader(),
    });
    this.#websocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    this.#websocket.on('ping', () => void this.#isWithinRate(false));
    this.#websocket.on('pong', () => {
      this.#missedVisits = -1;
    });
    this.#websocket.on('error', (error) => context.log.debug({ err: error, wire: this.wire }, 'websocket failed'));
  }

  get wire(): string {
    return this.#context.wire.name;
  }

  get principal(): Principal {
    return this.#principal;
  }

  set principal(principal: Principal) {
    this.#become(principal);
  }

  assign(principal: Principal): void {
    this.#principal = principal;
  }

  get isOpen(): boolean {
    return this.#websocket.readyState === this.#websocket.OPEN;
  }

  identify(find: () => Promise<Principal>): Promise<boolean> {
    return this.#context.connections.findPrincipal(find, (principal, hasEnded) => {
      if (hasEnded) this.endAccess();
      return this.#become(principal);
    });
  }

  onText(fn: TextListener): void {
    this.#listener = fn;
    this.#deliver();
  }

  onClose(fn: (code: number) => void): void {
    this.#closeListeners.push(fn);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#texts = [];
    this.outlet.end();
    this.#websocket.close(code, reason);
    // Reading goes on, or the peer's answer to the close frame would never be seen.
    if (this.#websocket.isPaused) this.#websocket.resume();
  }

  endAccess(): void {
    this.close(this.#context.wire.accessEndedCode ?? CLOSE_CODES.accessEnded.code, CLOSE_CODES.accessEnded.name);
  }

  /** The server's half of the heartbeat; called twice in a ping interval. */
  visit(): void {
    if (!this.isOpen || this.#websocket.isPaused) return;
    if (this.#missedVisits >= 0 && ++this.#missedVisits >= MISSED_VISITS) {
      this.#context.stats.deadPeers++;
      this.terminate();
      return;
    }
    if (this.#isPingTurn) {
      this.#websocket.ping();
      if (this.#missedVisits < 0) this.#missedVisits = 0;
    }
    this.#isPingTurn = !this.#isPingTurn;
  }

  terminate(): void {
    this.outlet.discard();
    this.#websocket.terminate();
  }

  /** The socket is gone. */
  closed(code: number): void {
    this.outlet.discard();
    this.#texts = [];
    for (const listener of this.#closeListeners) listener(code);
    this.#closeListeners = [];
  }

  /** Returns false, with the connection closed, when it may not. A closed connection is in no register and must not come back into one. */
  #become(principal: Principal): boolean {
    const { connections, wire } = this.#context;
    if (!this.isOpen) return false;
    if (connections.identify(this, principal, wire.maxPerAccount)) return true;
    this.close(CLOSE_CODES.tooManyConnections.code, CLOSE_CODES.tooManyConnections.name);
    return false;
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.isOpen) return;
    const { stats, settings } = this.#context;
    stats.received++;
    stats.receivedBytes += data.length;
    if (isBinary) {
      this.close(CLOSE_CODES.binaryRefused.code, CLOSE_CODES.binaryRefused.name);
      return;
    }
    if (!this.#isWithinRate(true)) return;
    if (data.length > settings.maxTextBytes) stats.dropped++;
    this.#texts.push(data.length > settings.maxTextBytes ? null : data.toString('utf8'));
    if (this.#texts.length >= settings.maxWaitingMessages) this.#websocket.pause();
    if (!this.#isDelivering) this.#deliver();
  }

  #isWithinRate(tells: boolean): boolean {
    const { stats, settings, wire, nowMs } = this.#context;
    const now = nowMs();
    const retryAfterMs = this.#rate.take(now);
    if (retryAfterMs === 0) return true;
    stats.dropped++;
    this.#refusals ??= new TokenBucket(REFUSALS_PER_SECOND, settings.messagesBurst, now);
    if (this.#refusals.take(now) > 0) {
      this.close(CLOSE_CODES.tooManyMessages.code, CLOSE_CODES.tooManyMessages.name);
    } else if (tells) {
      wire.onTooMany?.(this, retryAfterMs);
    }
    return false;
  }

  #deliver(): void {
    if (this.#listener === undefined) return;
    this.#isDelivering = true;
    while (this.#texts.length > 0 && this.isOpen) {
      const pending = this.#deliverOne(this.#texts.shift()!);
      if (pending !== undefined) {
        pending.then(() => this.#deliver());
        return;
      }
    }
    this.#isDelivering = false;
  }

  /** Hands over one text; returns a promise, which never rejects, when the wire takes its time. */
  #deliverOne(text: string | null): Promise<void> | undefined {
    if (this.#websocket.isPaused && this.#texts.length < this.#context.settings.maxWaitingMessages / 2) {
      this.#websocket.resume();
    }
    try {
      if (text === null) this.#context.wire.onTooLarge(this);
      else return this.#listener!(text)?.catch((error: unknown) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
    }
    return undefined;
  }

  #failed(error: unknown): void {
    this.#context.log.error({ err: error, wire: this.wire }, 'a wire failed on a message');
    this.close(CLOSE_CODES.failed.code, CLOSE_CODES.failed.name);
  }

  #cutSlowReader(): void {
    this.#context.stats.slowReaders++;
    this.#texts = [];
    this.#websocket.close(this.#context.wire.slowReaderCode, CLOSE_CODES.slowReader.name);
    if (this.#websocket.isPaused) this.#websocket.resume();
  }
}
