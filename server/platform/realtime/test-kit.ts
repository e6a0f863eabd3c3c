import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { type ClientOptions, WebSocket } from 'ws';
import type { AccountPrincipal } from '../accounts/types.ts';
import type { EventFeed, Following, LoggedEvent } from '../events/types.ts';
import {
  attachUpgrades,
  createUpgradeDispatcher,
  type ExactUpgradeRoute,
  isWebsocketUpgrade,
} from '../http/upgrades.ts';
import { systemPorts } from '../system-ports.ts';
import { Connections } from './connections.ts';
import { Flusher } from './flusher.ts';
import { DEFAULT_REALTIME_SETTINGS, type RealtimeSettings } from './settings.ts';
import { createSocketServer, type SocketServerDeps } from './sockets.ts';
import type { SocketServer, WireOptions, WireSocket } from './types.ts';

export const silentPorts = systemPorts(pino({ level: 'silent' }));

/** Resolves when `check` is true; looked at again after every turn of the event loop. */
export async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}

/** An event log in an array: what the platform's feed promises, without its database. */
export class ArrayFeed implements EventFeed {
  readonly epoch = 'epoch-1';
  readonly #logs = new Map<string, LoggedEvent[]>();
  readonly #followers = new Map<string, Set<(events: readonly LoggedEvent[]) => void>>();
  /** Events up to this seq are no longer in the log. */
  forgottenUpTo = 0;

  append(topic: string, ...datas: unknown[]): void {
    const log = this.#logs.get(topic) ?? [];
    this.#logs.set(topic, log);
    const events = datas.map((data, index) => ({
      topic,
      seq: log.length + index + 1,
      type: 'changed',
      at: 1_700_000_000_000,
      actor: null,
      data,
    }));
    log.push(...events);
    for (const fn of this.#followers.get(topic) ?? []) fn(events);
  }

  async follow(topic: string, fn: (events: readonly LoggedEvent[]) => void): Promise<Following> {
    await turn();
    const followers = this.#followers.get(topic) ?? new Set();
    this.#followers.set(topic, followers);
    followers.add(fn);
    return { seq: this.#logs.get(topic)?.length ?? 0, stop: () => followers.delete(fn) };
  }

  async read(topic: string, since: number, limit: number): Promise<LoggedEvent[]> {
    await turn();
    return (this.#logs.get(topic) ?? []).filter(({ seq }) => seq > Math.max(since, this.forgottenUpTo)).slice(0, limit);
  }

  async head(topic: string): Promise<number> {
    await turn();
    return this.#logs.get(topic)?.length ?? 0;
  }

  followers(topic: string): number {
    return this.#followers.get(topic)?.size ?? 0;
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function account(accountId: string, sessionId: string | null = null): AccountPrincipal {
  return {
    kind: 'account',
    accountId,
    number: 1,
    username: 'somebody',
    grants: new Set(),
    sessionId,
    via: 'gr_session',
    address: '127.0.0.1',
  };
}

/** An HTTP server that upgrades by the platform's dispatcher, on a free port. */
export async function listen(routes: readonly ExactUpgradeRoute[]): Promise<{ server: Server; port: number }> {
  const server = createServer({ shouldUpgradeCallback: isWebsocketUpgrade }, (_request, response) => {
    response.end('plain');
  });
  attachUpgrades(server, createUpgradeDispatcher(routes, { log: silentPorts.log }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

export interface TestWire {
  url: string;
  sockets: SocketServer;
  connections: Connections;
  accepted: WireSocket[];
  deps: SocketServerDeps;
  stop(): Promise<void>;
}

/** A wire of its own server; `wire` and `settings` replace the defaults. */
export async function startWire(
  wire: Partial<WireOptions> = {},
  settings: Partial<RealtimeSettings> = {},
  ports: SocketServerDeps['ports'] = silentPorts,
): Promise<TestWire> {
  const all = { ...DEFAULT_REALTIME_SETTINGS, closeTimeoutMs: 500, ...settings };
  const connections = new Connections(all);
  const accepted: WireSocket[] = [];
  const deps: SocketServerDeps = {
    settings: all,
    connections,
    flusher: new Flusher(all),
    ports,
    addressOf: (request) => request.socket.remoteAddress ?? '',
  };
  const sockets = createSocketServer(
    {
      name: 'test',
      slowReaderCode: 1013,
      onTooLarge: () => undefined,
      ...wire,
      accept: (socket) => {
        accepted.push(socket);
        wire.accept?.(socket);
      },
    },
    deps,
  );
  const { server, port } = await listen([
    {
      name: 'test',
      path: '/test',
      matches: () => true,
      upgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head),
    },
  ]);
  return {
    url: `ws://127.0.0.1:${port}/test`,
    sockets,
    connections,
    accepted,
    deps,
    async stop() {
      await sockets.close(200);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A websocket client that keeps what it hears. */
export class TestClient {
  readonly socket: WebSocket;
  readonly texts: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  closeCode = 0;
  #taken = 0;

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data) => this.texts.push(String(data)));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.closeCode = code;
        resolve({ code, reason: String(reason) });
      });
    });
  }

  static async open(url: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = new TestClient(url, options);
    await once(client.socket, 'open');
    return client;
  }

  /** The next text, as JSON, in order of arrival. */
  async next(): Promise<Record<string, unknown>> {
    await until(() => this.texts.length > this.#taken || this.closeCode !== 0);
    const text = this.texts[this.#taken++];
    if (text === undefined) throw new Error(`closed with ${this.closeCode} while waiting for a message`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Sends an operation and takes the next message as its answer. */
  async ask(message: object): Promise<Record<string, unknown>> {
    this.socket.send(JSON.stringify(message));
    return await this.next();
  }

  get waiting(): number {
    return this.texts.length - this.#taken;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
