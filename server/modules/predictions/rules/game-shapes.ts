import { actionShapes } from './actions.ts';
import { type GameStatus, gameStatus } from './game.ts';
import type { GameStateRow } from './game-state.ts';
import { levelOf, symbolOf, targetTree } from './targets.ts';
import { type ActionEntry, type Game, NONE, type TargetEntry } from './types.ts';

/** All of a game that its messages show. */
export type GameRecord = Game & {
  readonly sourceId: string;
  readonly name: string;
  /** The word the creator gave, and the uuid that stands for it (I3). */
  readonly typeName: string;
  readonly typeId: string;
  readonly actions: readonly ActionEntry[];
  readonly targets: readonly TargetEntry[];
  readonly liveFinishAt: number | null;
  readonly closeAt: number | null;
  readonly hashtag: string;
  readonly imageUrl: string | null;
};

/** A registered event as shown in `past_events`. */
export type PastEvent = {
  readonly eventId: string;
  readonly actionId: string;
  readonly targetId: string;
  readonly happenedAt: number;
  readonly logSeq: number;
};

/** Body of 340, 3401, 3402; `typeAsGiven` is the word or uuid of the request (I3). */
export function createdGameShape(game: GameRecord, typeAsGiven: string) {
  return {
    source_id: game.sourceId,
    game_id: game.gameId,
    game_name: game.name,
    type: typeAsGiven,
    actions: actionShapes(game.actions),
    targets: targetTree(game.targets),
    open_at: game.openAt,
    live_start_at: game.liveStartAt,
    live_finish_at: game.liveFinishAt,
    close_at: game.closeAt,
    hashtag: game.hashtag,
    image_url: game.imageUrl,
    currency: game.currency,
  };
}

/** Body of 342 (I2, I3). */
export function gameDetailsShape(
  game: GameRecord,
  state: readonly GameStateRow[],
  events: readonly PastEvent[],
  now: number,
) {
  return {
    game_id: game.gameId,
    source_id: game.sourceId,
    name: game.name,
    game_name: game.name,
    status: gameStatus(game, now),
    type: game.typeId,
    type_name: game.typeName,
    actions: actionShapes(game.actions),
    targets: targetTree(game.targets),
    game_state: [...state],
    past_events: pastEventShapes(events),
    open_at: game.openAt,
    live_start_at: game.liveStartAt,
    live_finish_at: game.liveFinishAt,
    close_at: game.closeAt,
    currency: game.currency,
    hashtag: game.hashtag,
    image_url: game.imageUrl,
  };
}

/** One game of 345 (4.3 GameCard). */
export function gameCardShape(game: GameRecord, now: number) {
  const scheduledAt = game.liveStartAt ?? game.openAt;
  return {
    game_id: game.gameId,
    status: gameStatus(game, now),
    name: game.name,
    type: game.typeId,
    type_name: game.typeName,
    open_at: game.openAt,
    schedulted_at: scheduledAt,
    scheduled_at: scheduledAt,
    live_start_at: game.liveStartAt,
    close_at: game.closeAt,
    targets: targetTree(game.targets),
    actions: actionShapes(game.actions),
  };
}

/** One game of 3461 and of the REST list of upcoming games. */
export function upcomingGameShape(game: GameRecord) {
  return {
    id: game.gameId,
    source_id: game.sourceId,
    game_name: game.name,
    currency: game.currency,
    game_type_id: game.typeId,
    live_start_at: game.liveStartAt,
    hashtag: game.hashtag,
  };
}

/** One game of the REST list of active games (3.2); `teams` are the level-1 targets without `none` (I64). */
export function activeGameShape(game: GameRecord, now: number) {
  const status: GameStatus = gameStatus(game, now);
  return {
    game_id: game.gameId,
    opening_source_id: game.sourceId,
    name: game.name,
    teams: teamShapes(game.targets),
    type: game.typeId,
    status,
    open_at: game.openAt,
    close_at: game.closeAt,
    live_start_at: game.liveStartAt,
  };
}

/** Order of upcoming games: by `live_start_at`, unset last, then id (4.3). */
export function compareUpcoming(
  a: Pick<Game, 'liveStartAt' | 'gameId'>,
  b: Pick<Game, 'liveStartAt' | 'gameId'>,
): number {
  if (a.liveStartAt !== b.liveStartAt) {
    if (a.liveStartAt === null) return 1;
    if (b.liveStartAt === null) return -1;
    return a.liveStartAt - b.liveStartAt;
  }
  return a.gameId < b.gameId ? -1 : Number(a.gameId > b.gameId);
}

function teamShapes(targets: readonly TargetEntry[]) {
  return targets
    .filter(({ targetId }) => targetId !== NONE && levelOf(targetId) === 1)
    .map(({ targetId, displayName }) => ({
      target_id: targetId,
      symbol: symbolOf(targetId),
      display_name: displayName,
    }));
}

/** Newest first, ties by later registration (I4). */
function pastEventShapes(events: readonly PastEvent[]) {
  return events
    .toSorted((a, b) => b.happenedAt - a.happenedAt || b.logSeq - a.logSeq)
    .map(({ eventId, happenedAt, targetId, actionId }) => ({
      event_id: eventId,
      happened_at: happenedAt,
      target_id: targetId,
      action_id: actionId,
    }));
}
