import { placedAtOut } from '../rules/distribution.ts';
import { RuleError } from '../rules/errors.ts';
import { moneyOut } from '../rules/money.ts';
import type { OperationTable } from './operations.ts';

/** Ops of players: games, pools, bets, balances, friends' predictions, chat (4.2: U). */
export const playOperations = {
  async get_game_details({ game_id: gameId }, { connection, services }) {
    return { res: 342, body: await services.games.details(connection.principal, gameId) };
  },
  async list_games_for_source({ source_id: sourceId }, { connection, services, wire }) {
    const body = await services.gameReads.listOfSource(connection.principal, sourceId);
    await wire.hearSource(connection, sourceId);
    return { res: 345, body };
  },
  async list_upcoming_games_for_source({ source_id: sourceId }, { connection, services, wire }) {
    const body = await services.gameReads.upcomingOfSource(connection.principal, sourceId);
    await wire.hearSource(connection, sourceId);
    return { res: 3461, body };
  },
  async list_all_betting_pools_for_game({ game_id: gameId }, { connection, services }) {
    return { res: 3535, body: await services.poolReads.allUnresolved(connection.principal, gameId) };
  },
  async list_my_open_betting_pools_for_game({ game_id: gameId }, { connection, services }) {
    return { res: 353, body: await services.poolReads.myOpen(connection.principal, gameId) };
  },
  async list_my_running_pools_for_game({ game_id: gameId }, { connection, services }) {
    return { res: 354, body: await services.poolReads.myRunning(connection.principal, gameId) };
  },
  async list_my_resolved_pools_for_game({ game_id: gameId }, { connection, services }) {
    return { res: 355, body: await services.poolReads.myResolved(connection.principal, gameId) };
  },
  async get_betting_pool_bets_distribution({ pool_id: poolId }, { connection, services }) {
    return { res: 360, body: await services.poolReads.distribution(connection.principal, poolId) };
  },
  async place_bet_in_betting_pool(
    { pool_id: poolId, target, amount, client_ref: clientRef },
    { connection, services },
  ) {
    const userId = await services.players.enter(connection.principal);
    const placed = await services.bets.place({ userId, poolId, target, amount, clientRef, kind: 'live' });
    const { bet } = placed;
    const body = {
      pool_id: placed.poolId,
      bet_id: bet.betId,
      target: bet.targetId,
      amount: moneyOut(bet.amount),
      placed_at: placedAtOut(bet.placedAt, services.deps.settings.legacyPlacedAtSeconds),
    };
    return { res: 356, body, events: placed.update ? [placed.update.event] : [] };
  },
  async get_my_current_balance({ currency }, { connection, services }) {
    return { res: 800, body: await services.players.currentBalance(connection.principal, currency) };
  },
  async get_my_available_balance({ currency }, { connection, services }) {
    return { res: 810, body: await services.players.availableBalance(connection.principal, currency) };
  },
  async get_my_exposure({ currency }, { connection, services }) {
    return { res: 840, body: await services.players.exposure(connection.principal, currency) };
  },
  async get_my_friends_predictions_for_pool({ pool_id: poolId }, { connection, services }) {
    return { res: 460, body: await services.friends.betsInPool(connection.principal, poolId) };
  },
  async get_my_friends_predictions_for_game({ game_id: gameId }, { connection, services }) {
    return { res: 461, body: await services.friends.betsInGame(connection.principal, gameId) };
  },
  async text_message({ text, targets }, { connection, services }) {
    const games =
      targets.length === 0 ? [...connection.rooms.keys()] : [...new Set(targets.map((target) => target.toLowerCase()))];
    const stranger = games.find((gameId) => !connection.rooms.has(gameId));
    if (stranger !== undefined || games.length === 0)
      throw new RuleError('not_subscribed', stranger === undefined ? undefined : { game_id: stranger });
    const { events } = await services.chat.send(connection.principal, games, text);
    return events.map((event) => ({ res: 901, body: {}, events: [event] }));
  },
} satisfies Partial<OperationTable>;
