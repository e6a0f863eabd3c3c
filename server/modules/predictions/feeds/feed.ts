import type { Clock } from '../../../platform/ports.ts';
import type { FeedItem } from '../service/registration.ts';
import { descriptionOf, type Fact, type Match, targetOf } from './match.ts';

/** Items of one game, in the game's words, to be registered together. */
export interface FeedBatch {
  /** Name of the feed: together with an item's id it says which items are the same (RS1). */
  feed: string;
  gameId: string;
  items: readonly FeedItem[];
}

/**
 * A feed of facts from outside. The Event server asks for the next batch only when the one before is committed: that is the acknowledgement (RS2, RS10).
 * A reader that is started again gives the items that were not acknowledged again, and may repeat others.
 */
export interface FeedReader {
  readonly name: string;
  /** Ends when the feed has ended or `signal` is aborted. */
  batches(signal: AbortSignal): AsyncIterable<FeedBatch>;
}

/** Most items given at once; the Event server's transaction is as large. */
export const MOST_ITEMS = 1_000;

/** The item of a fact: names as the feed has them, which the game's rules turn into ids (TG11). */
export function itemOf(match: Pick<Match, 'key'>, fact: Fact, happenedAt: number | null): FeedItem {
  return {
    itemId: itemIdOf(match, fact),
    action: fact.action,
    target: targetOf(fact),
    happenedAt,
    description: descriptionOf(fact),
  };
}

/** Stays the same however often the match is read. */
export function itemIdOf(match: Pick<Match, 'key'>, fact: Pick<Fact, 'id'>): string {
  return `${match.key}/${fact.id}`;
}

/** Resolves when the clock has reached `atMs`, or at once when `signal` is aborted. */
export function waitUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.at(atMs, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
