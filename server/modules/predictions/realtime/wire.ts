import type { IncomingMessage } from 'node:http';
import type { Sessions } from '../../../platform/accounts/sessions.ts';
import type { EventFeed, Following, LoggedEvent } from '../../../platform/events/types.ts';
import { Channels } from '../../../platform/realtime/channels.ts';
import { createSocketServer, type SocketServerDeps } from '../../../platform/realtime/sockets.ts';
import type { SocketServer, WireSocket } from '../../../platform/realtime/types.ts';
import { CHANGES_TOPIC, gameTopic, playerTopic, type SettlementStep, sourceTopic } from '../events.ts';
import { opOf, readRequest, ridOf } from '../rules/envelope.ts';
import { RuleError } from '../rules/errors.ts';
import type { AttendanceService, Restored } from '../service/attendance.ts';
import type { ServiceDeps } from '../service/deps.ts';
import { isUuid } from '../service/store.ts';
import { BalanceTeller } from './balances.ts';
import { OpcodeConnection } from './connection.ts';
import { errorFrame, messageFrame, toRuleError } from './frames.ts';
import { authenticate, readHandshake } from './gate.ts';
import type { Operations } from './operations.ts';
import { Room } from './rooms.ts';

const BAD_FRAMES_BEFORE_CLOSE = 10;
/** Ops that do not log a connection on by themselves (WS9). */
const SILENT_OPS = new Set([1, 2, 100]);
/** How often told balances are compared with the true ones, by whether the bus brings hints (DESIGN M7). */
const RECHECK_MS = { withoutBus: 1_000, withBus: 5_000 };

export interface OpcodeWireOptions {
  services: ServiceDeps;
  sessions: Sessions;
  attendance: AttendanceService;
  /** Makes sure the account has its player row and balances (PF-70). */
  enterPlayer(connection: OpcodeConnection): Promise<void>;
  /** Sources whose audience an account belongs to as their admin. */
  sourcesOf(connection: OpcodeConnection): Promise<string[]>;
  feed: EventFeed & { onHint(fn: (events: readonly LoggedEvent[]) => void): () => void; checkHeads(): Promise<void> };
  sockets: SocketServerDeps;
  isBusHealthy(): boolean;
}

/** The documented JSON websocket: ops in, response codes out (contract 2.3, 4). */
export class OpcodeWire {
  readonly server: SocketServer;
  readonly balances: BalanceTeller;
  readonly #options: OpcodeWireOptions;
  readonly #connections = new Map<string, Set<OpcodeConnection>>();
  readonly #bySocket = new Map<string, OpcodeConnection>();
  readonly #rooms = new Map<string, Room>();
  readonly #channels: Channels;
  #operations!: Operations;
  #following: Following | undefined;
  #stopHints: (() => void) | undefined;
  #recheck: NodeJS.Timeout | undefined;
  #isStopped = false;
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: OpcodeWireOptions) {
    this.#options = options;
    this.#channels = new Channels(options.feed);
    const { database, ports } = options.services;
    this.balances = new BalanceTeller({
      database,
      log: ports.log,
      nowMs: () => ports.clock.now(),
      connections: this.#connections,
    });
    this.server = createSocketServer(
      {
        name: 'opcode',
        slowReaderCode: 1013,
        accessEndedCode: 4403,
        onTooLarge: (socket) =>
          this.#refuseFrame(
            socket,
            new RuleError('malformed_message', undefined, { text: 'The message is too large.' }),
            null,
          ),
        onTooMany: (socket, retryAfterMs) =>
          this.#refuse(socket, new RuleError('rate_limited', { retry_after_ms: retryAfterMs }), null),
        accept: (socket) => this.#accept(socket),
      },
      options.sockets,
    );
  }

  /** Begins to tell balances of settlements in games that connected players have not joined. */
  async start(operations: Operations): Promise<void> {
    this.#operations = operations;
    this.#following = await this.#options.feed.follow(CHANGES_TOPIC, (events) => {
      for (const event of events) this.#settledElsewhere(event);
    });
    this.#stopHints = this.#options.feed.onHint((events) => {
      for (const event of events)
        if (event.type === 'bets.placed' && !this.#rooms.has(event.topic)) this.balances.hint(event);
    });
    this.#scheduleRecheck();
  }

  async stop(limitMs: number): Promise<void> {
    clearTimeout(this.#recheck);
    this.#isStopped = true;
    this.#stopHints?.();
    this.#following?.stop();
    await this.server.close(limitMs);
    await Promise.allSettled(this.#leaving);
  }

  #scheduleRecheck(): void {
    if (this.#isStopped) return;
    const { feed, isBusHealthy, services } = this.#options;
    const recheck = async () => {
      try {
        if (this.#connections.size > 0) await this.balances.recheck(() => feed.checkHeads());
      } catch (error) {
        services.ports.log.debug({ err: error }, 'balances could not be compared');
      }
      this.#scheduleRecheck();
    };
    const afterMs = isBusHealthy() ? RECHECK_MS.withBus : RECHECK_MS.withoutBus;
    this.#recheck = setTimeout(() => void recheck(), afterMs).unref();
  }

  /** The room of a topic, if somebody here is in it. */
  findRoom(topic: string): Room | undefined {
    return this.#rooms.get(topic);
  }

  room(topic: string): Room {
    let room = this.#rooms.get(topic);
    if (!room) {
      const { database, ports } = this.#options.services;
      room = new Room(topic, {
        database,
        channels: this.#channels,
        balances: this.balances,
        nowMs: () => ports.clock.now(),
        onClosed: (closed) => {
          if (this.#rooms.get(topic) === closed) this.#rooms.delete(topic);
        },
      });
      this.#rooms.set(topic, room);
    }
    return room;
  }

  /** Makes a connection part of the audience of a source [R, 1.3]. */
  async hearSource(connection: OpcodeConnection, sourceId: string): Promise<void> {
    await this.#hear(connection, sourceTopic(sourceId));
  }

  upgrade(request: IncomingMessage, socket: Parameters<SocketServer['handleUpgrade']>[1], head: Buffer): void {
    this.server.handleUpgrade(request, socket, head);
  }

  #accept(socket: WireSocket): void {
    // Frames that come before the check is done wait in the socket's own queue.
    const admitted = this.#admit(socket).catch((error: unknown) => {
      this.#options.services.ports.log.warn({ err: error }, 'a connection could not be admitted');
      socket.close(1011, 'try again');
      return undefined;
    });
    socket.onText(async (text) => {
      const connection = await admitted;
      if (connection) await this.#receive(connection, text);
    });
    socket.onClose(() => {
      const leaving = admitted.then((connection) => connection && this.#closed(connection));
      this.#leaving.add(leaving);
      void leaving.finally(() => this.#leaving.delete(leaving));
    });
  }

  async #admit(socket: WireSocket): Promise<OpcodeConnection | undefined> {
    const handshake = readHandshake(socket.request.url ?? '/');
    if (!handshake) return this.#refuseLogon(socket, 'The connection URL needs id, n and h.');
    const found: { isAdminKey?: boolean } = {};
    const isAdmitted = await socket.identify(async () => {
      const authenticated = await authenticate(this.#options.sessions, handshake, socket.address);
      found.isAdminKey = authenticated?.isAdminKey;
      return authenticated?.principal ?? { kind: 'anonymous', address: socket.address };
    });
    if (!isAdmitted) return undefined;
    const { principal } = socket;
    if (principal.kind !== 'account') return this.#refuseLogon(socket, 'The digest does not fit any live session key.');
    const connection = new OpcodeConnection(socket, principal, handshake.nonce);
    connection.hasAdminKey = found.isAdminKey ?? false;
    await this.#options.enterPlayer(connection);
    const restored = await this.#options.attendance.enter(connection.id, principal.accountId, handshake.nonce);
    if (!restored) return this.#refuseLogon(socket, 'This connection URL was used before. Connect with a new nonce.');
    await this.#enter(connection, restored, handshake.sourceId);
    return connection;
  }

  async #enter(connection: OpcodeConnection, restored: Restored, sourceId: string | null): Promise<void> {
    const connections = this.#connections.get(connection.accountId) ?? new Set();
    this.#connections.set(connection.accountId, connections.add(connection));
    this.#bySocket.set(connection.socket.id, connection);
    await this.balances.prime(connection);
    const games: string[] = [];
    connection.hold();
    for (const gameId of restored.games) {
      const room = this.room(gameTopic(gameId));
      const seat = await room.join(connection);
      seat.start();
      connection.rooms.set(gameId, room);
      games.push(gameId);
    }
    const sources = [...restored.sources, ...(await this.#options.sourcesOf(connection))];
    if (sourceId !== null && isUuid(sourceId)) sources.push(sourceId);
    await Promise.all([
      this.#hear(connection, playerTopic(connection.accountId)),
      ...sources.map((id) => this.hearSource(connection, id)),
    ]);
    if (restored.logonId !== null) {
      connection.logonId = restored.logonId;
      connection.answer(messageFrame(100, { session_key: restored.logonId, restored: true, games }, this.#now()));
    }
    connection.release();
  }

  async #hear(connection: OpcodeConnection, topic: string): Promise<void> {
    if (connection.audiences.has(topic)) return;
    const room = this.room(topic);
    connection.audiences.set(topic, room);
    (await room.join(connection)).start();
  }

  async #receive(connection: OpcodeConnection, text: string): Promise<void> {
    let frame: unknown;
    connection.hold();
    try {
      frame = parseFrame(text);
      const request = readRequest(frame);
      connection.badFrames = 0;
      if (!SILENT_OPS.has(request.op)) await this.#logOnSilently(connection);
      await this.#operations.run(connection, request);
    } catch (error) {
      const ruleError = toRuleError(error);
      if (ruleError.error === 'internal_error')
        this.#options.services.ports.log.error({ err: error, connection: connection.id }, 'an operation failed');
      if (ruleError.error === 'malformed_message') this.#refuseFrame(connection.socket, ruleError, frame, connection);
      else {
        connection.badFrames = 0;
        this.#refuse(connection.socket, ruleError, frame);
      }
    } finally {
      connection.release();
    }
  }

  async #logOnSilently(connection: OpcodeConnection): Promise<void> {
    if (connection.logonId !== null) return;
    if (this.#options.services.settings.requireLogon) throw new RuleError('not_logged_on');
    await this.logOn(connection);
  }

  /** Logs a connection on; the returned id is told as `session_key` (WS8). */
  async logOn(connection: OpcodeConnection): Promise<string> {
    const logonId = this.#options.services.ports.ids.uuid();
    connection.logonId = logonId;
    await this.#options.attendance.loggedOn(connection.id, logonId);
    return logonId;
  }

  /** Bad frames are told; ten in a row end the connection (WS12). */
  #refuseFrame(socket: WireSocket, error: RuleError, frame: unknown, connection = this.#bySocket.get(socket.id)): void {
    this.#refuse(socket, error, frame);
    if (connection && ++connection.badFrames >= BAD_FRAMES_BEFORE_CLOSE)
      socket.close(1008, 'too many malformed messages');
  }

  #refuse(socket: WireSocket, error: RuleError, frame: unknown): void {
    socket.outlet.send(errorFrame(error, this.#now(), { op: opOf(frame), rid: ridOf(frame) }));
  }

  /** A browser would not show the reason of a refused upgrade: the refusal is a message (WS7). */
  #refuseLogon(socket: WireSocket, text: string): undefined {
    socket.outlet.send(messageFrame(110, { text }, this.#now()));
    socket.close(4401, 'logon failed');
    return undefined;
  }

  async #closed(connection: OpcodeConnection): Promise<void> {
    const connections = this.#connections.get(connection.accountId);
    connections?.delete(connection);
    if (connections?.size === 0) this.#connections.delete(connection.accountId);
    this.#bySocket.delete(connection.socket.id);
    for (const room of [...connection.rooms.values(), ...connection.audiences.values()]) room.leave(connection);
    for (const room of this.#rooms.values()) room.forget(connection);
    try {
      await this.#options.attendance.drop(connection.id, connection.accountId);
    } catch (error) {
      this.#options.services.ports.log.warn(
        { err: error, connection: connection.id },
        'a dropped connection was not written down; the sweep finds it',
      );
    }
  }

  /** Settlements reach connected players who have not joined the game too (BT9). */
  #settledElsewhere(event: LoggedEvent): void {
    if (event.type !== 'settled' || this.#connections.size === 0) return;
    const { game_id: gameId, step } = event.data as { game_id: string; step: SettlementStep };
    if (!step.settled) return;
    const topic = gameTopic(gameId);
    const room = this.#rooms.get(topic);
    void this.balances.tellSettled(topic, step.settled, (connection) => room?.members.has(connection) ?? false);
  }

  #now(): number {
    return this.#options.services.ports.clock.now();
  }
}

/** Parses a text frame, refusing what no database could keep (PF-04). @throws RuleError 6605 */
function parseFrame(text: string): unknown {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new RuleError('malformed_message');
  }
  if (!isPlain(frame, 0)) throw new RuleError('malformed_message');
  return frame;
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\u0000');
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= 32) return false;
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && isPlain(key, depth + 1) && isPlain(item, depth + 1),
  );
}
