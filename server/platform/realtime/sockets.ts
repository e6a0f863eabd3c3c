import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../accounts/types.ts';
import { answerRaw } from '../http/upgrades.ts';
import type { Ports } from '../ports.ts';
import { CLOSE_CODES } from './codes.ts';
import type { Connections } from './connections.ts';
import type { Flusher } from './flusher.ts';
import type { RealtimeSettings } from './settings.ts';
import { type ConnectionContext, SocketConnection } from './socket-connection.ts';
import type { SocketServer, SocketStats, WireOptions } from './types.ts';

export interface SocketServerDeps {
  settings: RealtimeSettings;
  connections: Connections;
  flusher: Flusher;
  ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
  /** Address of the client, by the rule of trusted proxies. */
  addressOf(request: IncomingMessage): string;
}

/** Connections are visited in turn, not all at once: 10,000 pings in one tick would hold everything else up. */
const HEARTBEAT_SLOTS = 15;

/** Accepts websockets for one wire, with the platform's limits, heartbeat and closing (PF-26, PF-28, PF-76). */
export function createSocketServer(wire: WireOptions, deps: SocketServerDeps): SocketServer {
  return new WireSocketServer(wire, deps);
}

class WireSocketServer implements SocketServer {
  readonly stats: SocketStats = {
    opened: 0,
    closed: 0,
    refused: 0,
    received: 0,
    receivedBytes: 0,
    dropped: 0,
    slowReaders: 0,
    deadPeers: 0,
  };
  readonly #deps: SocketServerDeps;
  readonly #context: ConnectionContext;
  readonly #server: WebSocketServer;
  readonly #slots: Set<SocketConnection>[] = Array.from({ length: HEARTBEAT_SLOTS }, () => new Set());
  readonly #heartbeat: NodeJS.Timeout;
  #nextSlot = 0;
  #visitedSlot = 0;
  #isClosing = false;
  #onEmpty: (() => void) | undefined;

  constructor(wire: WireOptions, deps: SocketServerDeps) {
    const { settings, connections, flusher, ports } = deps;
    this.#deps = deps;
    this.#context = {
      wire,
      settings,
      connections,
      flusher,
      log: ports.log,
      stats: this.stats,
      nowMs: () => ports.clock.now(),
    };
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: settings.maxMessageBytes,
      maxFragments: settings.maxFragments,
      maxBufferedChunks: settings.maxBufferedChunks,
      closeTimeout: settings.closeTimeoutMs,
    };
    this.#server = new WebSocketServer(options);
    // A handshake that is none; else the library would answer in a form of its own.
    this.#server.on('wsClientError', (error, socket) => answerRaw(socket, 400, error.message));
    const visitEveryMs = (wire.pingIntervalMs ?? settings.pingIntervalMs) / 2 / HEARTBEAT_SLOTS;
    this.#heartbeat = setInterval(() => this.#visitSlot(), visitEveryMs).unref();
  }

  get size(): number {
    return this.stats.opened - this.stats.closed;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, principal?: Principal): void {
    const address = this.#deps.addressOf(request);
    if (this.#isClosing) {
      answerRaw(socket, 503, 'The server is stopping.', { 'Retry-After': '1' });
      return;
    }
    if (principal?.kind !== 'account' && !this.#deps.connections.hasRoom(address)) {
      this.stats.refused++;
      answerRaw(socket, 429, 'Too many connections from this address.', { 'Retry-After': '30' });
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (websocket) =>
      this.#accept(websocket, socket, request, address, principal),
    );
  }

  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#heartbeat);
    if (this.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const { code, name } = CLOSE_CODES.restarting;
    for (const slot of this.#slots) for (const connection of slot) connection.close(code, name);
    const cutTimer = setTimeout(() => {
      for (const slot of this.#slots) for (const connection of slot) connection.terminate();
    }, limitMs);
    await emptied;
    clearTimeout(cutTimer);
  }

  #accept(
    websocket: WebSocket,
    socket: Duplex,
    request: IncomingMessage,
    address: string,
    principal: Principal | undefined,
  ): void {
    const { connections, ports } = this.#deps;
    const connection = new SocketConnection(this.#context, {
      id: ports.ids.uuid(),
      address,
      request,
      websocket,
      socket,
      principal: { kind: 'anonymous', address },
    });
    this.stats.opened++;
    connections.add(connection);
    const slot = this.#slots[this.#nextSlot]!;
    this.#nextSlot = (this.#nextSlot + 1) % HEARTBEAT_SLOTS;
    slot.add(connection);
    websocket.on('close', (code) => {
      slot.delete(connection);
      connections.remove(connection);
      this.stats.closed++;
      connection.closed(code);
      if (this.size === 0) this.#onEmpty?.();
    });
    if (principal !== undefined) connection.principal = principal;
    if (connection.isOpen) this.#context.wire.accept(connection);
  }

  #visitSlot(): void {
    for (const connection of this.#slots[this.#visitedSlot]!) connection.visit();
    this.#visitedSlot = (this.#visitedSlot + 1) % HEARTBEAT_SLOTS;
  }
}
