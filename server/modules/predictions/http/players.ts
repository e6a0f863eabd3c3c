import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { FriendService } from '../service/friends.ts';
import { TAGS } from '../service/invalidation.ts';
import type { BoardAsked, LeaderboardService } from '../service/leaderboards.ts';
import type { StatisticsService } from '../service/statistics.ts';
import { addOwnerRoute, addRoute, type Call } from './route.ts';
import { mapOf, type Params, shape } from './schemas.ts';

export interface PlayerRoutes {
  statistics: StatisticsService;
  friends: FriendService;
  leaderboards: LeaderboardService;
}

/** Boards show settlements and first bets at once by invalidation (LB3, LB11); this is for events heard late. */
const MAX_AGE_MS = 1_000;
const ALL_GAMES = 'INSTAMRKT';

const currency = { kind: 'id' } as const;
const counts = {
  top_count: { kind: 'integer', default: 3, most: 100 },
  bottom_count: { kind: 'integer', default: 3, most: 100 },
  surrounding_count: { kind: 'integer', default: 1, most: 100, aliases: ['surroundings_count'] },
} as const satisfies Params;

/** Routes of 3.3. */
export function addPlayerRoutes(app: FastifyInstance, parts: PlayerRoutes): void {
  addStatistics(app, parts);
  addFriends(app, parts);
  addGlobalBoard(app, parts, ['/r/leaderboard/global/:userId?'], allGames, () => TAGS.boards);
  addGlobalBoard(app, parts, ['/r/leaderboard/global/source/:sourceId/:userId?'], ofSource, () => TAGS.boards);
  // The earlier docs name a game's board by two ids.
  const gamePaths = ['/r/leaderboard/global/game/:gameId/:userId?', '/r/leaderboard/global/:gameId/:userId'];
  addGlobalBoard(app, parts, gamePaths, ofGame, (request) =>
    TAGS.boardOf((request.params as { gameId: string }).gameId),
  );
  addPersonalBoard(app, parts, ['/r/leaderboard/personal/:userId?'], allGames);
  addPersonalBoard(app, parts, ['/r/leaderboard/personal/source/:sourceId/:userId?'], ofSource);
  addPersonalBoard(
    app,
    parts,
    ['/r/leaderboard/personal/game/:gameId/:userId?', '/r/leaderboard/personal/:gameId/:userId'],
    ofGame,
  );
}

function addStatistics(app: FastifyInstance, parts: PlayerRoutes): void {
  const Statistics = Type.Object({
    total_bets_won: Type.Integer(),
    total_bets_lost: Type.Integer(),
    average_number_of_bets_per_game: Type.Number(),
    average_points_won_per_game: Type.Number(),
    average_reaction_time: Type.Integer(),
  });
  addOwnerRoute(app, {
    method: 'GET',
    urls: ['/r/statistics/:userId?'],
    summary: 'The own figures (ST1-ST5).',
    params: {},
    answer: Type.Object({ statistics: Statistics }),
    handle: async ({ owner }) => ({ statistics: await parts.statistics.of(owner.accountId) }),
  });
}

function addFriends(app: FastifyInstance, parts: PlayerRoutes): void {
  addOwnerRoute(app, {
    method: 'GET',
    urls: ['/r/friends/:userId?'],
    summary: 'The own friends: user id to username, 1,000 at a time.',
    params: { cursor: { kind: 'id', extension: true } },
    answer: Type.Object({
      friends: mapOf(Type.String()),
      truncated: Type.Optional(Type.Boolean()),
      next: Type.Optional(Type.String()),
    }),
    handle: ({ input, owner }) => parts.friends.list(owner.accountId, input.cursor),
  });
}

type Path = Call<Params>['path'];
type Scope = (path: Path, currency: string | null) => BoardAsked;

const allGames: Scope = (_path, asked) => ({ gameType: ALL_GAMES, currency: asked });
const ofSource: Scope = (path, asked) => ({ sourceId: path.sourceId!, currency: asked });
const ofGame: Scope = (path) => ({ gameId: path.gameId! });

function addGlobalBoard(
  app: FastifyInstance,
  parts: PlayerRoutes,
  urls: readonly string[],
  scope: Scope,
  tag: (request: FastifyRequest) => string,
): void {
  addRoute(app, {
    method: 'GET',
    urls,
    action: 'public',
    summary: 'The board around a player: top, surroundings, bottom (LB8, LB9).',
    params: { ...counts, currency },
    answer: Type.Object({ leaderboard: Type.Array(shape('Row')), break_after_rank: Type.Array(Type.Integer()) }),
    config: { hot: { tags: (request) => [tag(request)], maxAgeMs: MAX_AGE_MS } },
    async handle({ input, path }) {
      const wanted = { top: input.top_count, bottom: input.bottom_count, surrounding: input.surrounding_count };
      const reader = path.userId?.toLowerCase() ?? null;
      const body = await parts.leaderboards.tailored(scope(path, input.currency), wanted, reader);
      return { leaderboard: body.leaderboard, break_after_rank: body.break_after_rank };
    },
  });
}

function addPersonalBoard(app: FastifyInstance, parts: PlayerRoutes, urls: readonly string[], scope: Scope): void {
  addOwnerRoute(app, {
    method: 'GET',
    urls,
    summary: 'The caller and his friends, ranked among themselves (LB7, LB10).',
    params: {
      start: { kind: 'integer', default: 1 },
      end: { kind: 'integer', default: 10_000_000 },
      currency,
    },
    answer: Type.Object({
      leaderboard: Type.Array(shape('Row')),
      truncated: Type.Optional(Type.Boolean()),
      rows_total: Type.Optional(Type.Integer()),
    }),
    async handle({ input, path, owner }) {
      const range = { start: input.start, end: input.end, counting: 'from' as const };
      const { leaderboard, truncated, rows_total } = await parts.leaderboards.friends(
        owner,
        scope(path, input.currency),
        range,
      );
      return { leaderboard, ...(truncated ? { truncated, rows_total } : {}) };
    },
  });
}
