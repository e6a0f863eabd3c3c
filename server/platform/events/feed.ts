import type { Queryable } from '../database/types.ts';
import type { Clock, Logger } from '../ports.ts';
import { readEvents, readHeads } from './log.ts';
import type { Bus, EventFeed, Following, LoggedEvent } from './types.ts';

/** How often heads are compared: every 1 s without a healthy bus, every 5 s else (DESIGN M7). */
const CHECK_WITHOUT_BUS_MS = 1_000;
const CHECK_WITH_BUS_MS = 5_000;
/** Commits of one process may be answered out of order: a gap gets this long to close by itself before the log is read. */
const GAP_PATIENCE_MS = 20;
const CATCH_UP_CHUNK = 500;
/** Events of a topic kept ahead of their turn; further ones are read from the log instead. */
export const MAX_EARLY_EVENTS = 4_096;

type Listener = (events: readonly LoggedEvent[]) => void;

interface TopicState {
  topic: string;
  /** Seq delivered last; undefined while the first head is read. */
  head: number | undefined;
  ready: Promise<void>;
  listeners: Set<Listener>;
  /** Events that came ahead of their turn, at most `MAX_EARLY_EVENTS`. */
  early: Map<number, LoggedEvent>;
  /** More came than are kept: the log has them. */
  overflowed: boolean;
  gapTimer: NodeJS.Timeout | undefined;
  catchingUp: Promise<void> | undefined;
}

/** Follows topics in this process: in order, without hole or repeat, whoever wrote the event and whatever the bus lost (PF-21, DESIGN M7). */
export class TopicFeed implements EventFeed {
  readonly epoch: string;
  readonly #database: Queryable;
  readonly #bus: Bus;
  readonly #log: Logger;
  readonly #topics = new Map<string, TopicState>();
  readonly #committedListeners = new Set<Listener>();
  #checkTimer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #stopped = false;

  constructor(options: { epoch: string; database: Queryable; bus: Bus; clock: Clock; log: Logger }) {
    this.epoch = options.epoch;
    this.#database = options.database;
    this.#bus = options.bus;
    this.#log = options.log;
    options.bus.subscribe((message) => {
      if (message.kind !== 'events') return;
      this.#offerAll(message.events);
      for (const listener of this.#committedListeners) listener(message.events);
    });
    options.bus.onReconnect(() => void this.checkHeads());
    this.#scheduleCheck();
  }

  async follow(topic: string, fn: Listener): Promise<Following> {
    const state = this.#topics.get(topic) ?? this.#open(topic);
    await state.ready;
    // Another follower may have left and closed the topic meanwhile.
    if (this.#topics.get(topic) !== state) return await this.follow(topic, fn);
    // Added in the tick in which the head is read: nothing comes between.
    state.listeners.add(fn);
    const following = state;
    return {
      seq: state.head!,
      stop: () => {
        following.listeners.delete(fn);
        if (following.listeners.size > 0) return;
        clearTimeout(following.gapTimer);
        if (this.#topics.get(topic) === following) this.#topics.delete(topic);
      },
    };
  }

  read(topic: string, since: number, limit: number): Promise<LoggedEvent[]> {
    return readEvents(this.#database, topic, since, limit);
  }

  async head(topic: string): Promise<number> {
    return (await readHeads(this.#database, [topic])).get(topic) ?? 0;
  }

  /** Hears of every event this process commits or the bus brings, in no promised order: for wake-ups, not for delivery. */
  onHint(fn: Listener): () => void {
    this.#committedListeners.add(fn);
    return () => this.#committedListeners.delete(fn);
  }

  /** Takes the events of a transaction of this process, just committed. */
  committed(events: readonly LoggedEvent[]): void {
    this.#bus.publish({ kind: 'events', events: [...events] });
    this.#offerAll(events);
    for (const listener of this.#committedListeners) listener(events);
  }

  /** Compares the heads of all followed topics with the log and fetches what is missing (DESIGN M7). */
  checkHeads(): Promise<void> {
    this.#checking ??= this.#checkNow().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#checkTimer);
    for (const state of this.#topics.values()) clearTimeout(state.gapTimer);
    this.#topics.clear();
  }

  get followedTopics(): number {
    return this.#topics.size;
  }

  #open(topic: string): TopicState {
    const state: TopicState = {
      topic,
      head: undefined,
      ready: Promise.resolve(),
      listeners: new Set(),
      early: new Map(),
      overflowed: false,
      gapTimer: undefined,
      catchingUp: undefined,
    };
    this.#topics.set(topic, state);
    state.ready = this.head(topic).then((head) => {
      state.head = head;
      for (const seq of state.early.keys()) if (seq <= head) state.early.delete(seq);
      this.#advance(state, []);
    });
    state.ready.catch(() => this.#topics.delete(topic));
    return state;
  }

  #offerAll(events: readonly LoggedEvent[]): void {
    let start = 0;
    // Runs of one topic are handed over together.
    for (let i = 1; i <= events.length; i++) {
      if (i < events.length && events[i]!.topic === events[start]!.topic) continue;
      const state = this.#topics.get(events[start]!.topic);
      if (state) this.#advance(state, events.slice(start, i));
      start = i;
    }
  }

  #advance(state: TopicState, events: readonly LoggedEvent[]): void {
    const batch: LoggedEvent[] = [];
    const take = (event: LoggedEvent) => {
      state.early.delete(event.seq);
      state.head = event.seq;
      batch.push(event);
    };
    for (const event of events) {
      if (state.head !== undefined && event.seq === state.head + 1) take(event);
      else if (event.seq > (state.head ?? 0)) this.#keepEarly(state, event);
    }
    if (state.head === undefined) return;
    for (let next = state.early.get(state.head + 1); next; next = state.early.get(state.head + 1)) take(next);
    if (batch.length > 0) for (const listener of state.listeners) listener(batch);
    if (state.early.size === 0 && !state.overflowed) {
      clearTimeout(state.gapTimer);
      state.gapTimer = undefined;
    } else {
      state.gapTimer ??= setTimeout(() => {
        state.gapTimer = undefined;
        if (state.early.size > 0 || state.overflowed) void this.#catchUp(state);
      }, GAP_PATIENCE_MS).unref();
    }
  }

  #keepEarly(state: TopicState, event: LoggedEvent): void {
    if (state.early.size < MAX_EARLY_EVENTS) state.early.set(event.seq, event);
    else state.overflowed = true;
  }

  #catchUp(state: TopicState): Promise<void> {
    state.catchingUp ??= this.#readMissing(state)
      .catch((error: unknown) =>
        this.#log.warn(
          { err: error, topic: state.topic },
          'could not read missing events; the next check of heads tries again',
        ),
      )
      .finally(() => {
        state.catchingUp = undefined;
      });
    return state.catchingUp;
  }

  async #readMissing(state: TopicState): Promise<void> {
    state.overflowed = false;
    for (;;) {
      const from = state.head ?? 0;
      const events = await readEvents(this.#database, state.topic, from, CATCH_UP_CHUNK);
      const first = events[0];
      // History that retention has dropped cannot be delivered: go on with what there is.
      if (first && state.head === from && first.seq > from + 1) state.head = first.seq - 1;
      this.#advance(state, events);
      if (events.length < CATCH_UP_CHUNK) return;
    }
  }

  async #checkNow(): Promise<void> {
    const topics = [...this.#topics.values()].filter((state) => state.head !== undefined);
    if (topics.length === 0) return;
    try {
      const heads = await readHeads(
        this.#database,
        topics.map((state) => state.topic),
      );
      await Promise.all(
        topics.map((state) => ((heads.get(state.topic) ?? 0) > state.head! ? this.#catchUp(state) : undefined)),
      );
    } catch (error) {
      this.#log.warn({ err: error }, 'heads of topics could not be compared');
    }
  }

  /** Looks at the bus every second, so that one that dies is made up for within a second and not after what was left of five. */
  #scheduleCheck(sinceCheckMs = 0): void {
    if (this.#stopped) return;
    this.#checkTimer = setTimeout(() => {
      const elapsedMs = sinceCheckMs + CHECK_WITHOUT_BUS_MS;
      if (this.#bus.healthy() && elapsedMs < CHECK_WITH_BUS_MS) this.#scheduleCheck(elapsedMs);
      else void this.checkHeads().finally(() => this.#scheduleCheck());
    }, CHECK_WITHOUT_BUS_MS).unref();
  }
}
