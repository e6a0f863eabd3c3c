import type { Queryable } from '../../../platform/database/types.ts';
import type { LoggedEvent } from '../../../platform/events/types.ts';
import type { Channels } from '../../../platform/realtime/channels.ts';
import type { Channel, Frame, Seat, Subscriber } from '../../../platform/realtime/types.ts';
import type { BetsPlaced, Broadcast, PoolDecided } from '../events.ts';
import { type ResultBody, withOwnEntry } from '../rules/result.ts';
import type { BalanceTeller } from './balances.ts';
import type { OpcodeConnection } from './connection.ts';
import { eventFrame } from './frames.ts';
import { readOwnSettlements } from './own-entry.ts';

/** Frames kept for the answers of operations that are broadcasts at the same time. */
const FRAMES_KEPT = 64;
/** How long the caller of an operation hears what follows from it without having joined (WC3). */
const INTEREST_MS = 60_000;

export interface RoomDeps {
  database: Queryable;
  channels: Channels;
  balances: BalanceTeller;
  nowMs(): number;
  onClosed(room: Room): void;
}

/**
 * One topic as the opcode wire tells it: members share each frame (PF-25); balances follow a settlement before anything later (EV8); a caller who
 * has not joined hears what his operation causes (WC3).
 */
export class Room {
  readonly topic: string;
  readonly members = new Set<OpcodeConnection>();
  /** Seq of the newest event whose frame is made; its delivery follows in the same turn. */
  encodedSeq = 0;
  /** Seq of the 341, once the game is closed (GM12). */
  closedSeq: number | undefined;
  readonly #deps: RoomDeps;
  readonly #channel: Channel;
  /** Where the newest seat began: a restored room may not have told anything here yet. */
  #seatedSeq = 0;
  readonly #joining = new Set<OpcodeConnection>();
  readonly #frames = new Map<number, Frame>();
  readonly #interests = new Map<OpcodeConnection, Map<string, number>>();
  /** Keeps the topic followed while only interested callers are here. */
  readonly #anchor: Subscriber;
  #anchorSeat: Promise<Seat> | undefined;
  #balancesOnTheWay: Promise<void> | undefined;

  constructor(topic: string, deps: RoomDeps) {
    this.topic = topic;
    this.#deps = deps;
    this.#anchor = {
      outlet: {
        send: () => undefined,
        sendNewest: () => undefined,
        sendUncounted: () => undefined,
        pendingBytes: 0,
        drained: () => Promise.resolve(),
      },
    };
    this.#channel = deps.channels.of(topic, (event) => this.#encode(event), { isSeparate: true });
  }

  /** Takes a seat before the database is asked, so that nothing falls between; `start` makes the connection a member. */
  async join(connection: OpcodeConnection): Promise<{ start(afterSeq?: number): number; leave(): void }> {
    this.#joining.add(connection);
    try {
      const seat = await this.#channel.hold(connection);
      this.#seatedSeq = Math.max(this.#seatedSeq, seat.seq);
      return {
        start: (afterSeq) => {
          this.#joining.delete(connection);
          const from = Math.max(afterSeq ?? 0, seat.seq);
          if (seat.start(from)) this.members.add(connection);
          // Too much came while the database was asked: the client is better off connecting anew than with a hole.
          else connection.socket.close(1013, 'fell behind while joining');
          return from;
        },
        leave: () => {
          this.#joining.delete(connection);
          seat.leave();
          this.#closeIfEmpty();
        },
      };
    } catch (error) {
      this.#joining.delete(connection);
      this.#closeIfEmpty();
      throw error;
    }
  }

  leave(connection: OpcodeConnection): void {
    this.members.delete(connection);
    this.#interests.delete(connection);
    this.#channel.remove(connection);
    this.#closeIfEmpty();
  }

  /** Whether the connection hears what `cause` brings about, as a member or by interest. */
  hears(connection: OpcodeConnection, cause?: string): boolean {
    return (
      this.members.has(connection) || (cause !== undefined && (this.#interests.get(connection)?.has(cause) ?? false))
    );
  }

  /** How far the topic has come for those who are in it (WC11). */
  get reachedSeq(): number {
    return Math.max(this.encodedSeq, this.#seatedSeq);
  }

  /** The shared frame of a recent event. */
  frameOf(seq: number): Frame | undefined {
    return this.#frames.get(seq);
  }

  /** The connection is gone: nothing it caused concerns it any more. */
  forget(connection: OpcodeConnection): void {
    if (this.#interests.delete(connection)) this.#closeIfEmpty();
  }

  /** From now on `connection` hears events of this cause, although it is no member. */
  async interest(connection: OpcodeConnection, cause: string): Promise<void> {
    const causes = this.#interests.get(connection) ?? new Map<string, number>();
    causes.set(cause, this.#deps.nowMs() + INTEREST_MS);
    this.#interests.set(connection, causes);
    this.#anchorSeat ??= this.#channel.hold(this.#anchor).then((seat) => {
      seat.start(seat.seq);
      return seat;
    });
    await this.#anchorSeat;
    setTimeout(() => this.#dropOldInterests(), INTEREST_MS + 1_000).unref();
  }

  #dropOldInterests(): void {
    const now = this.#deps.nowMs();
    for (const [connection, causes] of this.#interests) {
      for (const [cause, until] of causes) if (until < now) causes.delete(cause);
      if (causes.size === 0) this.#interests.delete(connection);
    }
    this.#closeIfEmpty();
  }

  #encode(event: LoggedEvent): Frame | null | Promise<Frame | null> {
    if (!this.#balancesOnTheWay) return this.#encodeNow(event);
    // What the last step did to balances is told before anything later (815 before 352, EV8).
    return this.#balancesOnTheWay.then(() => this.#encodeNow(event));
  }

  #encodeNow(event: LoggedEvent): Frame | null | Promise<Frame | null> {
    this.encodedSeq = event.seq;
    const data = event.data as Broadcast;
    const frame = eventFrame(event);
    this.#keep(event.seq, frame);
    this.#tellBalances(event, data);
    if (event.type === 'game.closed') {
      this.closedSeq = event.seq;
      setImmediate(() => this.#empty());
    }
    if ((event.data as PoolDecided).body && (data.body as Partial<ResultBody>).truncated) {
      return this.#tellTruncated(event, data.body as unknown as ResultBody, frame!);
    }
    this.#tellInterested(data.cause, frame);
    return frame;
  }

  #keep(seq: number, frame: Frame | null): void {
    if (frame === null) return;
    this.#frames.set(seq, frame);
    if (this.#frames.size > FRAMES_KEPT) this.#frames.delete(this.#frames.keys().next().value!);
  }

  #tellBalances(event: LoggedEvent, data: Broadcast): void {
    const settled = data.step?.settled;
    if (event.type === 'bets.placed') this.#deps.balances.tellSoon(this.topic, (event.data as BetsPlaced).bettors);
    if (!settled) return;
    const telling = this.#deps.balances.tellSettled(this.topic, settled).finally(() => {
      if (this.#balancesOnTheWay === telling) this.#balancesOnTheWay = undefined;
    });
    this.#balancesOnTheWay = telling;
  }

  #tellInterested(cause: string | undefined, frame: Frame | null): void {
    if (this.#interests.size === 0 || cause === undefined || frame === null) return;
    for (const connection of this.#interestedIn(cause)) connection.send(frame);
  }

  #interestedIn(cause: string): OpcodeConnection[] {
    return [...this.#interests]
      .filter(([connection, causes]) => causes.has(cause) && !this.members.has(connection))
      .map(([connection]) => connection);
  }

  /** A result too long to show whole: each member who is left out of it gets his own entry added (BO1). */
  async #tellTruncated(event: LoggedEvent, body: ResultBody, frame: Frame): Promise<null> {
    const cause = (event.data as Broadcast).cause;
    const receivers = new Set([
      ...this.members,
      ...this.#joining,
      ...(cause === undefined ? [] : this.#interestedIn(cause)),
    ]);
    const own = await readOwnSettlements(this.#deps.database, body, [
      ...new Set([...receivers].map((connection) => connection.accountId)),
    ]);
    for (const connection of receivers) {
      const entry = own.get(connection.accountId);
      const personal = entry ? withOwnEntry(body, entry) : body;
      connection.send(personal === body ? frame : eventFrame(event, personal)!);
    }
    return null;
  }

  /** All subscriptions end after 341 (GM12). */
  #empty(): void {
    const gameId = this.topic.slice(this.topic.lastIndexOf('/') + 1);
    for (const connection of [...this.members]) {
      connection.rooms.delete(gameId);
      this.leave(connection);
    }
  }

  #closeIfEmpty(): void {
    if (this.members.size + this.#joining.size > 0) return;
    if (this.#interests.size > 0) return;
    if (this.#anchorSeat) {
      this.#anchorSeat.then(
        (seat) => seat.leave(),
        () => undefined, // it was never taken
      );
      this.#channel.remove(this.#anchor);
      this.#anchorSeat = undefined;
    }
    this.#deps.onClosed(this);
  }
}
