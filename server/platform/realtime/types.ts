import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Principal } from '../accounts/types.ts';
import type { Queryable } from '../database/types.ts';
import type { LoggedEvent } from '../events/types.ts';

/** A finished websocket text frame (header and payload), encoded once and shared by every receiver (PF-25). */
export type Frame = Buffer;

/** The sending side of one connection: coalesced writes and the slow-reader policy (PF-26). */
export interface Outlet {
  /** Queues a frame; written with its neighbours in one write per flush. */
  send(frame: Frame): void;
  /** As `send`, but while the reader is behind only the newest frame of `key` is kept (conflatable topics). */
  sendNewest(key: string, frame: Frame): void;
  /** As `send`, for snapshots and replays: they do not count for the slow-reader limit (PF-76). Wait for `drained()` first. */
  sendUncounted(frame: Frame): void;
  /** Bytes accepted and not yet taken by the kernel. */
  readonly pendingBytes: number;
  /** Resolves when little enough is pending to go on with a snapshot or replay, and when the connection is closed. */
  drained(): Promise<void>;
}

/** Whoever receives the frames of a channel: a websocket of any wire, or an event stream. */
export interface Subscriber {
  readonly outlet: Outlet;
}

/** One accepted websocket, whatever wire it speaks: limits, heartbeat and closing are the platform's (PF-28, PF-76). */
export interface WireSocket extends Subscriber {
  readonly id: string;
  readonly address: string;
  readonly outlet: Outlet;
  readonly request: IncomingMessage;
  /**
   * Set by the wire once it knows; used for limits per account and for cutting connections when access ends (PF-72). A wire that has to ask
   * the database first uses `identify`, so that access which ends meanwhile is not missed.
   */
  principal: Principal;
  /**
   * Finds out who this is and sets `principal`. Resolves to false, with the connection closed, when that access ended while `find` was at work
   * or the account has too many connections. Errors of `find` pass through.
   */
  identify(find: () => Promise<Principal>): Promise<boolean>;
  /** Text frames in arrival order; one at a time: the next is delivered when the returned promise settles. */
  onText(fn: (text: string) => Promise<void> | void): void;
  onClose(fn: (code: number) => void): void;
  /** Flushes what is queued, then closes. */
  close(code: number, reason: string): void;
  readonly isOpen: boolean;
}

export interface WireOptions {
  /** `native`, `opcode`, ...: label of metrics. */
  name: string;
  /** Close code for a reader that cannot keep up (predictions WS12: 1013). */
  slowReaderCode: number;
  /** Close code when access ends (PF-72); default 4403. */
  accessEndedCode?: number;
  /** Connections of one account on this wire (PF-76); default: only the platform's limit. */
  maxPerAccount?: number;
  /** Answer to a text frame above 64 KiB and up to 128 KiB (PF-76); the connection stays. Called in the frame's turn. */
  onTooLarge(socket: WireSocket): void;
  /** Binary frame: null = close 1003. */
  onBinary?: null;
  pingIntervalMs?: number;
  /** Frames a second one connection may send before it is told or cut; default 100 with a burst of 200. The frame is dropped. */
  onTooMany?(socket: WireSocket, retryAfterMs: number): void;
  accept(socket: WireSocket): void;
}

/** A place in a channel that is taken but not yet live: the events after `seq` are kept for it. */
export interface Seat {
  /** The seq delivered last when the seat was taken. */
  readonly seq: number;
  /**
   * Goes live: from now on the subscriber receives every event after `afterSeq` (at least `seq`), once. Returns false when too many events came
   * while the seat was held; it is given up then and must be taken anew.
   */
  start(afterSeq: number): boolean;
  /** Gives the seat up. */
  leave(): void;
}

/** Shares one encoding of a topic among many connections (PF-25): follows the topic while it has subscribers. */
export interface Channel {
  readonly topic: string;
  readonly size: number;
  /**
   * Takes a seat. Everything from `hold` to `start` may wait for the database; between `start` and the answer that tells the subscriber its seq
   * nothing may, so send the answer first, then start.
   */
  hold(subscriber: Subscriber): Promise<Seat>;
  remove(subscriber: Subscriber): void;
  /** The frames of the events after `afterSeq` up to `uptoSeq`; null when the log no longer has them all or they are too many (PF-23). */
  replay(afterSeq: number, uptoSeq: number): Promise<Frame[] | null>;
}

/** A topic pattern of a module, as the native wire and SSE serve it (PF-23, PF-24). */
export interface TopicDefinition {
  /** `predictions/game/:id`: a segment that begins with `:` is a parameter. */
  pattern: string;
  /** Action asked of `can` before subscribing (PF-16); `public` = anybody. */
  action: string;
  /** What `can` is asked about; throws NotFound when the topic's object does not exist. Default null. */
  resource?(db: Queryable, params: Readonly<Record<string, string>>): Promise<unknown>;
  /** State for a reader who starts here or has been away too long, read in the same database snapshot as its seq. */
  snapshot(db: Queryable, params: Readonly<Record<string, string>>, principal: Principal): Promise<unknown>;
  /** The snapshot does not depend on who asks: those who ask at the same time share one reading. */
  sharedSnapshot?: boolean;
  /** Only the newest state matters: a slow reader gets the last event only. */
  conflatable?: boolean;
  /** Who is there may be asked (PF-27): numbers only, or the accounts too. Default: nothing is told. */
  presence?: 'count' | 'accounts';
  /** What everybody may see of an event; default its `data`. Null hides the event's data (the seq is still told). Encoded once. */
  present?(event: LoggedEvent): unknown;
  /** Lets clients publish (PF-23 `publish`): validates, authorises by `publishAction`, calls a service. */
  publish?: {
    action: string;
    handle(
      principal: Principal,
      params: Readonly<Record<string, string>>,
      data: unknown,
      type: string | null,
    ): Promise<unknown>;
  };
}

/** Accepts upgraded sockets for a wire. */
export interface SocketServer {
  /** `principal`: who it is, when the wire asked before the upgrade. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, principal?: Principal): void;
  /** Open sockets of this wire. */
  readonly size: number;
  /** Counters for metrics (PF-52). */
  readonly stats: Readonly<SocketStats>;
  /** Says going away (1012), flushes, waits with a limit, cuts (PF exit rule, DESIGN M11). */
  close(limitMs: number): Promise<void>;
}

export interface SocketStats {
  opened: number;
  closed: number;
  refused: number;
  received: number;
  receivedBytes: number;
  /** Messages dropped for their rate or size. */
  dropped: number;
  slowReaders: number;
  deadPeers: number;
}
