import type { Following, LoggedEvent } from '../../../platform/events/types.ts';
import type { Logger } from '../../../platform/ports.ts';
import { type BetsPlaced, type Broadcast, CHANGES_TOPIC } from '../events.ts';

/** Ready answers of public reads by what makes them stale (PF-07). */
export const TAGS = {
  /** Every list of games. */
  games: 'predictions:games',
  gamesOf: (sourceId: string) => `predictions:games:${sourceId.toLowerCase()}`,
  /** One game with its pools. */
  game: (gameId: string) => `predictions:game:${gameId.toLowerCase()}`,
  /** Boards of all games, of a type, of a source. */
  boards: 'predictions:boards',
  boardOf: (gameId: string) => `predictions:board:${gameId.toLowerCase()}`,
} as const;

/** The part of the event feed that invalidation needs. */
export interface InvalidationFeed {
  follow(topic: string, fn: (events: readonly LoggedEvent[]) => void): Promise<Following>;
  /** Every event that this process commits or the bus brings. */
  onHint(fn: (events: readonly LoggedEvent[]) => void): () => void;
}

const GAME_TOPICS = 'predictions/game/';
const CHATTER: ReadonlySet<string> = new Set(['player.joined', 'player.left', 'chat.message']);

/** Tags of the answers that an event has made stale. */
export function staleTags(event: Pick<LoggedEvent, 'topic' | 'type' | 'data'>): string[] {
  if (event.topic === CHANGES_TOPIC) return tagsOfChange(event.type, event.data as ChangeData);
  if (!event.topic.startsWith(GAME_TOPICS) || CHATTER.has(event.type)) return [];
  const tags = [TAGS.game(event.topic.slice(GAME_TOPICS.length))];
  // A label that changes with time shows in the lists too (GM3).
  return event.type === 'game.updated' ? [...tags, ...listTags((event.data as Broadcast).body.source_id)] : tags;
}

interface ChangeData {
  game_id?: string;
  source_id?: string;
}

function tagsOfChange(type: string, data: ChangeData): string[] {
  const game = data.game_id === undefined ? [] : [TAGS.game(data.game_id)];
  if (type !== 'settled') return [...game, ...listTags(data.source_id)];
  return [...game, TAGS.boards, ...(data.game_id === undefined ? [] : [TAGS.boardOf(data.game_id)])];
}

function listTags(sourceId: unknown): string[] {
  return typeof sourceId === 'string' ? [TAGS.games, TAGS.gamesOf(sourceId)] : [TAGS.games];
}

/** Players remembered for this, over all games. */
const MOST_BETTORS = 100_000;

/** Whom this process has seen bet in which game: only a player's first bet brings him onto a board (LB3), the others change none. */
class SeenBettors {
  readonly #games = new Map<string, Set<string>>();
  #size = 0;

  /** Tags of the boards that the bets may have made longer. */
  staleBoards({ topic, type, data }: Pick<LoggedEvent, 'topic' | 'type' | 'data'>): string[] {
    if (type !== 'bets.placed' || !topic.startsWith(GAME_TOPICS)) return [];
    const gameId = topic.slice(GAME_TOPICS.length);
    const seen = this.#games.get(gameId) ?? new Set<string>();
    this.#games.set(gameId, seen);
    const before = seen.size;
    for (const bettor of (data as BetsPlaced).bettors) seen.add(bettor);
    this.#size += seen.size - before;
    const hasNewcomer = seen.size > before;
    if (this.#size > MOST_BETTORS) this.#forget();
    return hasNewcomer ? [TAGS.boards, TAGS.boardOf(gameId)] : [];
  }

  /** The game seen first makes room; whoever bets there next counts as new once more, which costs one reading of a board. */
  #forget(): void {
    const [oldest] = this.#games;
    if (!oldest) return;
    this.#games.delete(oldest[0]);
    this.#size -= oldest[1].size;
  }
}

/**
 * Drops ready answers when events change what they show: at once in the process that commits and in those the bus reaches. Changes of lists and boards
 * are followed besides, so that a message the bus lost is made up for; pools of a game then live no longer than their `maxAgeMs`.
 */
export async function followChanges(
  feed: InvalidationFeed,
  cache: { invalidate(tags: readonly string[]): void },
  log: Logger,
): Promise<Following> {
  const seen = new SeenBettors();
  const hear = (events: readonly LoggedEvent[]): void => {
    try {
      const tags = new Set(events.flatMap((event) => [...staleTags(event), ...seen.staleBoards(event)]));
      if (tags.size > 0) cache.invalidate([...tags]);
    } catch (error) {
      log.error({ err: error }, 'an event could not make ready answers stale; they live until their age limit');
    }
  };
  const stopHints = feed.onHint(hear);
  const following = await feed.follow(CHANGES_TOPIC, hear);
  return {
    seq: following.seq,
    stop: () => {
      stopHints();
      following.stop();
    },
  };
}
