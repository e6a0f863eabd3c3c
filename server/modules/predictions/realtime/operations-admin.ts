import { gameTopic } from '../events.ts';
import type { OPS } from '../rules/ops.ts';
import type { ParamValues } from '../rules/params.ts';
import type { AskedGame } from '../service/games.ts';
import { readGame } from '../service/store.ts';
import type { OperationTable, Reply } from './operations.ts';

/** Ops of developers, source admins and game admins (4.2: D, S, G). */
export const adminOperations = {
  async open_game_source({ source_name: name, description }, { connection, services, wire }) {
    const done = await services.sources.open(connection.principal, { name, description });
    await wire.hearSource(connection, done.body.source_id);
    return { res: 335, ...done };
  },
  async close_game_source({ source_id: sourceId, force }, { connection, services }) {
    return { res: 336, ...(await services.closing.closeSource(connection.principal, sourceId, force)) };
  },
  async list_game_sources_i_am_admin_of(_params, { connection, services }) {
    return { res: 621, body: await services.sources.listAdministered(connection.principal) };
  },
  async create_and_open_game(params, { connection, services }) {
    return { res: 340, ...(await services.games.createAndOpen(connection.principal, askedGame(params))) };
  },
  async create_game(params, { connection, services }) {
    return { res: 3401, ...(await services.games.create(connection.principal, askedGame(params))) };
  },
  async open_game({ game_id: gameId, actions, targets }, { connection, services }) {
    return { res: 3402, ...(await services.games.open(connection.principal, gameId, { actions, targets })) };
  },
  async become_an_admin_for_game({ game_id: gameId }, { connection, services }) {
    const asked = await services.games.becomeAdmin(connection.principal, gameId);
    return { res: asked.kind === 'success' ? 640 : 645, body: asked.body };
  },
  async appoint_admin_for_game_by_username({ game_id: gameId, username }, { connection, services }) {
    return { res: 617, ...(await services.games.appointAdmin(connection.principal, gameId, username)) };
  },
  async update_game_details({ game_id: gameId, actions, targets, image_url: imageUrl }, { connection, services }) {
    const update = await services.games.update(connection.principal, gameId, { actions, targets, imageUrl });
    return update.kind === 'details'
      ? { res: 342, body: update.body }
      : { res: 343, body: update.body, events: update.events };
  },
  async close_game({ game_id: gameId, force }, { connection, services }) {
    return { res: 341, ...(await services.closing.closeGame(connection.principal, gameId, force)) };
  },
  async list_games_i_am_admin_of(_params, { connection, services }) {
    return { res: 620, body: await services.gameReads.listAdministered(connection.principal) };
  },
  async create_and_open_betting_pool(params, { connection, services }) {
    const done = await services.pools.create(connection.principal, {
      gameId: params.game_id,
      description: params.description,
      type: params.type as 1 | 2 | 3 | 4,
      action: params.action_id,
      targets: params.targets,
      finishAt: params.finish_at,
      stopAcceptingBetsAt: params.stop_accepting_bets_at,
      recreateOnEnd: params.recreate_on_end,
      isBlocked: params.is_blocked,
      isHot: params.is_hot,
    });
    return { res: 350, ...done };
  },
  async register_game_event(params, { connection, services, wire, cause }) {
    // What the event decides comes later, from the Resolver: the caller hears of it even without having joined (WC3).
    const { gameId } = await readGame(services.deps.database, params.game_id);
    const room = wire.room(gameTopic(gameId));
    if (!room.members.has(connection)) await room.interest(connection, cause);
    const done = await services.events.registerEvent(connection.principal, {
      gameId,
      action: params.action_id,
      target: params.target_id,
      happenedAt: params.happened_at,
      description: params.description,
      eventId: params.event_id,
      poolId: params.pool_id,
      cause,
    });
    return { res: 366, ...done };
  },
  async block_betting_in_betting_pool({ pool_id: poolId, block_at: at }, { connection, services }) {
    return { res: 368, ...(await services.pools.block(connection.principal, poolId, at)) };
  },
  async allow_betting_in_betting_pool({ pool_id: poolId, allow_at: at }, { connection, services }) {
    return { res: 369, ...(await services.pools.allow(connection.principal, poolId, at)) };
  },
  async block_betting_for_game_and_action(
    { game_id: gameId, action_id: action, block_at: at },
    { connection, services },
  ) {
    return { res: 370, ...(await services.pools.blockAction(connection.principal, gameId, action, at)) };
  },
  async allow_betting_for_game_and_action(
    { game_id: gameId, action_id: action, allow_at: at },
    { connection, services },
  ) {
    return { res: 371, ...(await services.pools.allowAction(connection.principal, gameId, action, at)) };
  },
  async suggest_hot_betting_pool({ pool_id: poolId, likely_to_happen_at: likelyAt, hot }, { connection, services }) {
    return { res: 367, ...(await services.pools.suggestHot(connection.principal, poolId, { likelyAt, hot })) };
  },
  async suggest_hot_betting_pool_for_action_and_target(params, { connection, services }) {
    const { bodies, events } = await services.pools.suggestHotForActionAndTarget(connection.principal, params.game_id, {
      action: params.action_id,
      target: params.target_id,
      likelyAt: params.likely_to_happen_at,
    });
    return bodies.map((body): Reply => {
      const own = events.filter(
        (event) => (event.data as { body: { pool_id: unknown } }).body.pool_id === body.pool_id,
      );
      return { res: 367, body, events: own };
    });
  },
} satisfies Partial<OperationTable>;

function askedGame(params: ParamValues<(typeof OPS)['create_game']['params']>): AskedGame {
  return {
    sourceId: params.source_id,
    name: params.game_name,
    type: params.type,
    actions: params.actions,
    targets: params.targets,
    openAt: params.open_at,
    closeAt: params.close_at,
    liveStartAt: params.live_start_at,
    liveFinishAt: params.live_finish_at,
    currency: params.currency,
    hashtag: params.hashtag,
    imageUrl: params.image_url,
  };
}
