import type { Authority, Principal } from '../accounts/types.ts';
import type { Database, Queryable } from '../database/types.ts';
import { Unavailable } from '../errors.ts';
import type { EventFeed, LoggedEvent, Position } from '../events/types.ts';
import type { TopicMatch, TopicRegistry } from './topics.ts';
import type { Channel, Frame, Seat, Subscriber } from './types.ts';

export interface OpenTopicDeps {
  database: Database;
  feed: EventFeed;
  topics: TopicRegistry;
  authority: Authority;
}

/** A subscriber's place in a topic, ready to be told: send the answer, then the replayed frames, then start the seat; all in one go. */
export interface OpenedTopic {
  seat: Seat;
  /** The events after this seq follow. */
  seq: number;
  /** From where the seat goes live, after the replayed frames. */
  liveAfterSeq: number;
  /** Frames of the events after `seq`, up to where the channel stands. */
  replay: Frame[];
  /** State as of `seq`; absent when the subscriber goes on from where it was. */
  snapshot?: { value: unknown };
  /** The subscriber asked to go on, and could not (PF-23). */
  reset: boolean;
}

export interface Ask {
  topic: string;
  principal: Principal;
  subscriber: Subscriber;
  since: Position | undefined;
}

const TRIES = 3;

/**
 * May `principal` read the topic (PF-16)? Asked at each subscribing, resumed or not.
 * @throws NotFound, Forbidden, Unauthenticated
 */
export async function authorizeTopic(deps: OpenTopicDeps, topic: string, principal: Principal): Promise<TopicMatch> {
  const match = deps.topics.match(topic);
  const { definition, params } = match;
  const resource = definition.resource ? await definition.resource(deps.database, params) : null;
  if (definition.action !== 'public') deps.authority.require(principal, definition.action, resource);
  return match;
}

/** Puts snapshots and replays in front of channels, for every wire that resumes (PF-23, PF-24). */
export class TopicOpener {
  readonly #deps: OpenTopicDeps;
  /** Snapshots being read for several who asked at once. */
  readonly #sharedReadings = new Map<string, Promise<{ seq: number; value: unknown }>>();

  constructor(deps: OpenTopicDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a seat and finds what the subscriber has to be told first. The caller has authorised it.
   * @throws Unavailable when the topic moves faster than the database answers; whatever `snapshot` of the definition throws.
   */
  async open(ask: Ask, match: TopicMatch, channel: Channel): Promise<OpenedTopic> {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const seat = await channel.hold(ask.subscriber);
      try {
        const opened = (await this.#resume(ask, channel, seat)) ?? (await this.#readState(ask, match, channel, seat));
        if (opened !== null) return opened;
      } catch (error) {
        seat.leave();
        throw error;
      }
    }
    throw new Unavailable('unavailable', 'The topic moves too fast just now.');
  }

  /** Whole recovery or none: null when any missing event cannot be told. */
  async #resume(ask: Ask, channel: Channel, seat: Seat): Promise<OpenedTopic | null> {
    const { since, topic } = ask;
    const { feed } = this.#deps;
    if (since === undefined || since.epoch !== feed.epoch) return null;
    // Ahead of this process: of another that has told it already, or of no history at all.
    if (since.seq > seat.seq && since.seq > (await feed.head(topic))) return null;
    const replay = await channel.replay(since.seq, seat.seq);
    if (replay === null) return null;
    return { seat, seq: since.seq, liveAfterSeq: Math.max(since.seq, seat.seq), replay, reset: false };
  }

  async #readState(ask: Ask, match: TopicMatch, channel: Channel, seat: Seat): Promise<OpenedTopic | null> {
    const { seq, value } = await this.#readSnapshot(ask, match);
    const replay = await channel.replay(seq, seat.seq);
    if (replay === null) return null;
    const liveAfterSeq = Math.max(seq, seat.seq);
    return { seat, seq, liveAfterSeq, replay, snapshot: { value }, reset: ask.since !== undefined };
  }

  #readSnapshot(ask: Ask, match: TopicMatch): Promise<{ seq: number; value: unknown }> {
    if (!match.definition.sharedSnapshot) return this.#readSnapshotNow(ask, match);
    let reading = this.#sharedReadings.get(ask.topic);
    if (reading === undefined) {
      reading = this.#readSnapshotNow(ask, match);
      this.#sharedReadings.set(ask.topic, reading);
      const forget = () => void this.#sharedReadings.delete(ask.topic);
      reading.then(forget, forget);
    }
    return reading;
  }

  /** State and seq from one database snapshot, so that no event lies between them (PF-23). */
  #readSnapshotNow(ask: Ask, match: TopicMatch): Promise<{ seq: number; value: unknown }> {
    const { definition, params } = match;
    return this.#deps.database.transaction(
      'topic-snapshot',
      async (tx) => {
        const seq = await readSeq(tx, ask.topic);
        return { seq, value: await definition.snapshot(tx, params, ask.principal) };
      },
      { snapshot: true },
    );
  }
}

async function readSeq(db: Queryable, topic: string): Promise<number> {
  const [row] = await db.query<{ seq: bigint }>('select seq from topics where topic = $1', [topic]);
  return Number(row?.seq ?? 0);
}

/** What everybody sees of an event on the native wire and SSE (PF-23); times by PF-75. */
export function presentEvent(match: TopicMatch, event: LoggedEvent): Record<string, unknown> {
  const { definition } = match;
  return {
    topic: event.topic,
    seq: event.seq,
    type: event.type,
    at: new Date(event.at).toISOString(),
    data: (definition.present ? definition.present(event) : event.data) ?? null,
  };
}
