import type { EventFeed, Following, LoggedEvent } from '../events/types.ts';
import type { Channel, Frame, Seat, Subscriber } from './types.ts';

/** Encodes an event for one wire; null = this wire does not tell it. May ask the database, once an event (DESIGN M4). */
export type Encode = (event: LoggedEvent) => Frame | null | Promise<Frame | null>;

export interface ChannelOptions {
  /** A slow reader gets the newest event only (PF-26). */
  conflatable?: boolean;
  /** Frames are handed over one by one, not joined: the subscriber's outlet looks at each. */
  isSeparate?: boolean;
  /** An encoding failed: the event is not told, which its readers see by the hole in `seq`. */
  onError?(error: unknown): void;
  /** Called when the last seat is empty; the channel follows its topic again when somebody comes. */
  onEmpty?(channel: Channel): void;
}

/** More missing than this is answered with a snapshot (PF-23). */
export const MAX_REPLAY_EVENTS = 1_000;
export const MAX_REPLAY_BYTES = 1024 * 1024;
/** Frames kept for a seat that is not live yet; they are shared, so the limit is on the list. */
const MAX_KEPT = 4_096;
const PIECE_BYTES = 64 * 1024;

/** One stretch of following the topic, from the first subscriber to the last. */
class Run {
  following!: Promise<Following>;
  /** Seq delivered last. */
  seq = 0;
  /** While events wait: for the position, or for an encoding. */
  isWaiting = true;
  arrived: LoggedEvent[] = [];
}

interface Told {
  seq: number;
  frame: Frame | null;
}

/** Follows `topic` while it has subscribers and gives each of them the same bytes (PF-25). */
export function createChannel(feed: EventFeed, topic: string, encode: Encode, options: ChannelOptions = {}): Channel {
  return new TopicChannel(feed, topic, encode, options);
}

class TopicChannel implements Channel {
  readonly topic: string;
  readonly #feed: EventFeed;
  readonly #encode: Encode;
  readonly #options: ChannelOptions;
  readonly #live = new Set<Subscriber>();
  /** Seats that are held, or live but told of a later seq than the channel has come to. */
  readonly #places = new Map<Subscriber, Place>();
  readonly #replays = new Map<number, Promise<LoggedEvent[]>>();
  #run: Run | undefined;

  constructor(feed: EventFeed, topic: string, encode: Encode, options: ChannelOptions) {
    this.#feed = feed;
    this.topic = topic;
    this.#encode = encode;
    this.#options = options;
  }

  get size(): number {
    return this.#live.size + this.#places.size;
  }

  async hold(subscriber: Subscriber): Promise<Seat> {
    this.remove(subscriber, true);
    const place = new Place(this, subscriber);
    // Taken before the wait, so that the topic is not given up meanwhile.
    this.#places.set(subscriber, place);
    this.#run ??= this.#follow();
    const run = this.#run;
    try {
      await run.following;
    } catch (error) {
      if (this.#run === run) this.#run = undefined;
      this.vacate(place);
      throw error;
    }
    place.open(run.seq);
    return place;
  }

  remove(subscriber: Subscriber, isReturning = false): void {
    const isGone = this.#live.delete(subscriber);
    const wasHeld = this.#places.delete(subscriber);
    if ((isGone || wasHeld) && !isReturning) this.#stopIfEmpty();
  }

  async replay(afterSeq: number, uptoSeq: number): Promise<Frame[] | null> {
    const count = uptoSeq - afterSeq;
    if (count <= 0) return [];
    if (count > MAX_REPLAY_EVENTS) return null;
    let events = (await this.#readShared(afterSeq)).slice(0, count);
    // The shared reading may have begun before the last of these were there.
    if (events.length < count) events = await this.#feed.read(this.topic, afterSeq, count);
    if (events.length < count || events[0]!.seq !== afterSeq + 1) return null;
    const frames: Frame[] = [];
    let bytes = 0;
    for (const event of events) {
      const frame = await this.#encodeSafely(event);
      if (frame === null) continue;
      bytes += frame.length;
      if (bytes > MAX_REPLAY_BYTES) return null;
      frames.push(frame);
    }
    return frames;
  }

  /** A seat goes live; called by the seat. */
  seatLive(place: Place, afterSeq: number): void {
    if (afterSeq > (this.#run?.seq ?? 0)) return;
    this.#places.delete(place.subscriber);
    this.#live.add(place.subscriber);
  }

  /** Gives up a seat, unless its subscriber has taken another one since. */
  vacate(place: Place): void {
    if (this.#places.get(place.subscriber) !== place) return;
    this.#places.delete(place.subscriber);
    this.#stopIfEmpty();
  }

  isSeated(place: Place): boolean {
    return this.#places.get(place.subscriber) === place;
  }

  #follow(): Run {
    const run = new Run();
    run.following = this.#feed
      .follow(this.topic, (events) => {
        if (run.isWaiting) run.arrived.push(...events);
        else if (this.#run === run) this.#tell(run, events);
      })
      .then((following) => {
        run.seq = following.seq;
        this.#goOn(run, []);
        return following;
      });
    return run;
  }

  #stopIfEmpty(): void {
    const run = this.#run;
    if (this.size > 0) return;
    this.#run = undefined;
    run?.following.then(
      (following) => following.stop(),
      () => undefined, // whoever waited for it has been told
    );
    this.#options.onEmpty?.(this);
  }

  #readShared(afterSeq: number): Promise<LoggedEvent[]> {
    let reading = this.#replays.get(afterSeq);
    if (reading === undefined) {
      reading = this.#feed.read(this.topic, afterSeq, MAX_REPLAY_EVENTS);
      this.#replays.set(afterSeq, reading);
      const forget = () => void this.#replays.delete(afterSeq);
      reading.then(forget, forget);
    }
    return reading;
  }

  /** Ends a wait: tells `first`, then what arrived meanwhile. */
  #goOn(run: Run, first: LoggedEvent[]): void {
    const { arrived } = run;
    run.arrived = [];
    run.isWaiting = false;
    if (this.#run === run) this.#tell(run, first.concat(arrived));
  }

  /** Encodes and delivers; an encoding that takes its time holds up what follows. */
  #tell(run: Run, events: readonly LoggedEvent[]): void {
    const batch: Told[] = [];
    for (let i = 0; i < events.length; i++) {
      const { seq } = events[i]!;
      if (seq <= run.seq) continue;
      const frame = this.#encodeSafely(events[i]!);
      if (frame instanceof Promise) {
        this.#deliver(run, batch);
        run.isWaiting = true;
        const rest = events.slice(i + 1);
        void frame.then((waited) => {
          if (this.#run === run) this.#deliver(run, [{ seq, frame: waited }]);
          this.#goOn(run, rest);
        });
        return;
      }
      batch.push({ seq, frame });
    }
    this.#deliver(run, batch);
  }

  #encodeSafely(event: LoggedEvent): Frame | null | Promise<Frame | null> {
    const failed = (error: unknown) => {
      this.#options.onError?.(error);
      return null;
    };
    try {
      const frame = this.#encode(event);
      return frame instanceof Promise ? frame.catch(failed) : frame;
    } catch (error) {
      return failed(error);
    }
  }

  #deliver(run: Run, batch: readonly Told[]): void {
    if (batch.length === 0) return;
    run.seq = batch[batch.length - 1]!.seq;
    const frames: Frame[] = [];
    for (const { frame } of batch) if (frame !== null) frames.push(frame);
    if (frames.length > 0 && this.#live.size > 0) this.#sendLive(frames);
    for (const place of this.#places.values()) {
      for (const told of batch) place.take(told.seq, told.frame);
      if (place.isLive) this.seatLive(place, place.afterSeq);
    }
  }

  #sendLive(frames: readonly Frame[]): void {
    if (this.#options.conflatable) {
      const newest = frames[frames.length - 1]!;
      for (const subscriber of this.#live) subscriber.outlet.sendNewest(this.topic, newest);
      return;
    }
    const pieces = this.#options.isSeparate ? frames : joinPieces(frames);
    for (const piece of pieces) for (const subscriber of this.#live) subscriber.outlet.send(piece);
  }
}

/** A seat as the channel keeps it until it needs no care of its own any more. */
class Place implements Seat {
  readonly subscriber: Subscriber;
  readonly #channel: TopicChannel;
  #kept: Told[] | null = [];
  seq = 0;
  afterSeq = 0;
  isLive = false;

  constructor(channel: TopicChannel, subscriber: Subscriber) {
    this.#channel = channel;
    this.subscriber = subscriber;
  }

  /** The channel is positioned; what it delivers from here on is kept. */
  open(seq: number): void {
    this.seq = seq;
    this.#kept = [];
  }

  start(afterSeq: number): boolean {
    if (!this.#channel.isSeated(this)) return false;
    const kept = this.#kept;
    if (kept === null) {
      this.leave();
      return false;
    }
    this.#kept = null;
    this.afterSeq = afterSeq;
    this.isLive = true;
    for (const told of kept) this.take(told.seq, told.frame);
    this.#channel.seatLive(this, afterSeq);
    return true;
  }

  leave(): void {
    this.#channel.vacate(this);
  }

  take(seq: number, frame: Frame | null): void {
    if (this.isLive) {
      if (frame !== null && seq > this.afterSeq) this.subscriber.outlet.send(frame);
      return;
    }
    if (this.#kept === null) return;
    if (this.#kept.length < MAX_KEPT) this.#kept.push({ seq, frame });
    else this.#kept = null;
  }
}

function joinPieces(frames: readonly Frame[]): Frame[] {
  if (frames.length === 1) return [frames[0]!];
  const pieces: Frame[] = [];
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < frames.length; i++) {
    if (i > from && bytes + frames[i]!.length > PIECE_BYTES) {
      pieces.push(Buffer.concat(frames.slice(from, i)));
      from = i;
      bytes = 0;
    }
    bytes += frames[i]!.length;
  }
  pieces.push(Buffer.concat(frames.slice(from)));
  return pieces;
}
