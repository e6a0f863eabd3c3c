import type { BoardAsked } from '../service/leaderboards.ts';
import type { OperationContext, OperationTable, Reply } from './operations.ts';

/** Leaderboards in every scope (LB1-LB11). */
export const boardOperations = {
  get_leaderboard: (params, context) =>
    board(450, { gameType: params.game_type, currency: params.currency }, params, context),
  get_leaderboard_for_game: (params, context) => board(451, { gameId: params.game_id }, params, context),
  get_leaderboard_for_game_source: (params, context) => board(4516, { sourceId: params.source_id }, params, context),
  get_friends_leaderboard: (params, context) =>
    friends(452, { gameType: params.game_type, currency: params.currency }, params, context),
  get_friends_leaderboard_for_game: (params, context) => friends(453, { gameId: params.game_id }, params, context),
  get_friends_leaderboard_for_game_source: (params, context) =>
    friends(454, { sourceId: params.source_id }, params, context),
  get_user_tailored_leaderboard: (params, context) =>
    tailored(4505, { gameType: params.game_type, currency: params.currency }, params, context),
  get_user_tailored_leaderboard_for_game: (params, context) =>
    tailored(4515, { gameId: params.game_id }, params, context),
  get_user_tailored_leaderboard_for_game_source: (params, context) =>
    tailored(4517, { sourceId: params.source_id }, params, context),
} satisfies Partial<OperationTable>;

async function board(
  res: number,
  asked: BoardAsked,
  range: { start: number; end: number },
  { connection, services }: OperationContext,
): Promise<Reply> {
  const { start, end } = range;
  return {
    res,
    body: await services.leaderboards.board(asked, { start, end, counting: 'after' }, connection.accountId),
  };
}

async function friends(
  res: number,
  asked: BoardAsked,
  range: { start: number; end: number },
  { connection, services }: OperationContext,
): Promise<Reply> {
  const { start, end } = range;
  return {
    res,
    body: await services.leaderboards.friends(connection.principal, asked, { start, end, counting: 'after' }),
  };
}

interface Counts {
  top_count: number;
  surrounding_count: number;
  bottom_count: number;
}

async function tailored(
  res: number,
  asked: BoardAsked,
  counts: Counts,
  { connection, services }: OperationContext,
): Promise<Reply> {
  const around = { top: counts.top_count, surrounding: counts.surrounding_count, bottom: counts.bottom_count };
  return { res, body: await services.leaderboards.tailored(asked, around, connection.accountId) };
}
