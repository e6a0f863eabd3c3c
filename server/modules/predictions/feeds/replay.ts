import type { Clock } from '../../../platform/ports.ts';
import { type FeedBatch, type FeedReader, itemOf, MOST_ITEMS, waitUntil } from './feed.ts';
import { type Match, timedFacts } from './match.ts';

const MINUTE_MS = 60_000;

export interface ReplayOptions {
  feed: string;
  gameId: string;
  clock: Clock;
  /** When the match kicks off, epoch ms; in the past for a replay that goes on. */
  startAt: number;
  /** Minutes of play in a minute. */
  speed: number;
}

/** When something that happened after `elapsedMinutes` of play is due in a replay, epoch ms. */
export function replayedAt(options: Pick<ReplayOptions, 'startAt' | 'speed'>, elapsedMinutes: number): number {
  return options.startAt + Math.round((elapsedMinutes * MINUTE_MS) / options.speed);
}

/** Plays a timeline against the clock. What is due already comes at once, so a replay that is begun again catches up by itself. */
export function replay(match: Match, options: ReplayOptions): FeedReader {
  return { name: options.feed, batches: (signal) => play(match, options, signal) };
}

async function* play(match: Match, options: ReplayOptions, signal: AbortSignal): AsyncGenerator<FeedBatch> {
  const { feed, gameId, clock } = options;
  const items = timedFacts(match).map(({ fact, elapsedMinutes }) => {
    const dueAt = replayedAt(options, elapsedMinutes);
    return { dueAt, item: itemOf(match, fact, dueAt) };
  });
  for (let next = 0; next < items.length; ) {
    await waitUntil(clock, items[next]!.dueAt, signal);
    if (signal.aborted) return;
    const now = clock.now();
    const due = items.slice(next, next + MOST_ITEMS).filter((one) => one.dueAt <= now);
    next += due.length;
    if (due.length > 0) yield { feed, gameId, items: due.map((one) => one.item) };
  }
}
