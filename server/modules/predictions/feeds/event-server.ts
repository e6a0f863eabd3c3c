import type { SystemPrincipal } from '../../../platform/accounts/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import type { Ports } from '../../../platform/ports.ts';
import type { EventService, FeedOutcome } from '../service/registration.ts';
import { type FeedBatch, type FeedReader, waitUntil } from './feed.ts';

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;
const EVENT_SERVER: SystemPrincipal = { kind: 'system', name: 'predictions.event-server' };

/** What became of a feed's items. */
export interface FeedTally {
  registered: number;
  duplicate: number;
  rejected: number;
}

/** A committed batch, item by item. */
export type OnBatch = (batch: FeedBatch, outcomes: readonly FeedOutcome[]) => void;

/** Takes facts from feeds into the log of their games (section 7). Nothing is acknowledged before it is committed, nothing is lost by a failing database. */
export class EventServer {
  readonly #events: Pick<EventService, 'registerFeedItems'>;
  readonly #ports: Pick<Ports, 'clock' | 'log'>;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: { events: Pick<EventService, 'registerFeedItems'>; ports: Pick<Ports, 'clock' | 'log'> }) {
    this.#events = options.events;
    this.#ports = options.ports;
  }

  /** Reads a feed to its end, or until `signal`. @throws what is neither a feed's nor an outage's fault. */
  async read(reader: FeedReader, signal: AbortSignal, onBatch?: OnBatch): Promise<FeedTally> {
    const tally: FeedTally = { registered: 0, duplicate: 0, rejected: 0 };
    for await (const batch of reader.batches(signal)) {
      const outcomes = await this.#register(batch, signal);
      if (outcomes === undefined) break;
      for (const outcome of outcomes) tally[outcome.kind] += 1;
      this.#reportRejected(batch, outcomes);
      onBatch?.(batch, outcomes);
    }
    return tally;
  }

  /** Reads feeds in the background until `stop`. */
  start(readers: readonly FeedReader[]): void {
    for (const reader of readers) {
      const reading = this.read(reader, this.#stop.signal)
        .catch((error: unknown) => this.#ports.log.error({ err: error, feed: reader.name }, 'a feed stopped'))
        .finally(() => this.#running.delete(reading));
      this.#running.add(reading);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** Tries until the batch is committed; undefined when stopped before, unacknowledged. */
  async #register(batch: FeedBatch, signal: AbortSignal): Promise<FeedOutcome[] | undefined> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        return await this.#events.registerFeedItems(EVENT_SERVER, batch);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        this.#ports.log.warn({ err: error, feed: batch.feed }, 'a feed waits: its items could not be registered');
      }
      await waitUntil(this.#ports.clock, this.#ports.clock.now() + waitMs, signal);
      if (signal.aborted) return undefined;
    }
  }

  #reportRejected(batch: FeedBatch, outcomes: readonly FeedOutcome[]): void {
    const rejected = batch.items.filter((_item, i) => outcomes[i]!.kind === 'rejected');
    if (rejected.length === 0) return;
    const { feed, gameId } = batch;
    this.#ports.log.warn(
      { feed, gameId, items: rejected.slice(0, 5).map((item) => item.itemId), rejected: rejected.length },
      'feed items were rejected',
    );
  }
}
