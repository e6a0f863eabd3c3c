import type { Principal } from '../../../platform/accounts/types.ts';
import type { Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import { type Broadcast, gameTopic } from '../events.ts';
import { actionIdOf, findAction } from '../rules/actions.ts';
import { type BlockSwitch, type HotPlan, planHot } from '../rules/block.ts';
import { RuleError } from '../rules/errors.ts';
import { comparePools } from '../rules/events.ts';
import { assertGameAllows, assertSourceAllows, type GameAct } from '../rules/game.ts';
import { type AskedPool, planPool, poolsOfAction, poolsOnPath, targetOfPool } from '../rules/pool.ts';
import { findTarget } from '../rules/targets.ts';
import { requireRole } from './access.ts';
import { newPoolBody } from './announce.ts';
import type { Done, ServiceDeps } from './deps.ts';
import { insertPools } from './pool-rows.ts';
import {
  lockGame,
  lockPools,
  readPool,
  readSource,
  readUnresolvedPools,
  type StoredGame,
  type StoredPool,
} from './store.ts';
import {
  actionKey,
  actionSwitchBody,
  announceActionSwitch,
  carryOutSwitch,
  type LockedPools,
  poolSwitchBody,
  readDueSwitches,
  switchPool,
} from './switches.ts';
import { gameTimer } from './timetable.ts';

type NewPoolDone = Done<{ game_id: string; pool_id: string; description: string; type: number }>;

/** Answer of 3961: one 367 per pool. */
export interface DoneEach {
  bodies: readonly Record<string, unknown>[];
  events: readonly EventRef[];
}

/** What admins do with pools: create, block, allow, mark as hot (385, 396-398, 3961, 3975, 3985). */
export class PoolService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** 385: opens a pool. Body of 350, 352 to the game. @throws RuleError 6602, 6606, 6607, 6609, 6611, 6612, 6614, 6617-6619 */
  async create(principal: Principal, asked: AskedPool): Promise<NewPoolDone> {
    const { authority, database, ports, timers, settings } = this.#deps;
    return await database.transaction('predictions.pool.create', async (tx) => {
      const game = await lockGame(tx, asked.gameId);
      await requireRole(authority, tx, principal, 'predictions.game.administer', game);
      const now = ports.clock.now();
      assertGameAllows('create_pool', game, now);
      assertSourceAllows('create', (await readSource(tx, game.sourceId)).state);
      const plan = planPool({ ...asked, gameId: game.gameId }, game, now, () => ports.ids.uuid());
      const poolId = ports.ids.uuid();
      await insertPools(tx, timers, [{ ...plan, poolId }], {
        isAnnounced: true,
        expiryGraceMs: settings.expiryGraceMs,
      });
      const data: Broadcast = { body: newPoolBody(await readPool(tx, poolId), game.liveStartAt) };
      const event = append(tx, principal, game, 'pool.created', data);
      const body = { game_id: game.gameId, pool_id: poolId, description: plan.description, type: plan.type };
      return { body, events: [event] };
    });
  }

  /** 397: no more bets in a pool, now or from `blockAt` on. Body of 368. @throws RuleError 6602, 6610, 6616, 6618 */
  block(principal: Principal, poolId: string, blockAt: number | null): Promise<Done> {
    return this.#switchPool(principal, poolId, 'block', blockAt);
  }

  /** 398: bets again, now or from `allowAt` on. Body of 369. @throws as `block` */
  allow(principal: Principal, poolId: string, allowAt: number | null): Promise<Done> {
    return this.#switchPool(principal, poolId, 'allow', allowAt);
  }

  /** 3975: the same for every pool of an action (PL8). Body of 370. @throws RuleError 6602, 6607, 6609, 6612, 6618 */
  blockAction(principal: Principal, gameId: string, action: string, blockAt: number | null): Promise<Done> {
    return this.#switchAction(principal, gameId, action, 'block', blockAt);
  }

  /** 3985. Body of 371. @throws as `blockAction` */
  allowAction(principal: Principal, gameId: string, action: string, allowAt: number | null): Promise<Done> {
    return this.#switchAction(principal, gameId, action, 'allow', allowAt);
  }

  /** 396: marks a pool as likely to be decided soon, or takes the mark away. Body of 367. @throws RuleError 6602, 6610, 6616, 6618 */
  async suggestHot(
    principal: Principal,
    givenPoolId: string,
    asked: { likelyAt: number | null; hot: boolean },
  ): Promise<Done> {
    return await this.#deps.database.transaction('predictions.pool.hot', async (tx) => {
      const { game, poolId } = await this.#lockGameOfPool(tx, principal, givenPoolId, 'mark_hot');
      const pools = await lockPools(tx, [poolId]);
      const now = this.#deps.ports.clock.now();
      const plan = planHot(pools.get(poolId)!, asked.hot, asked.likelyAt, now);
      const event = await this.#markHot(tx, principal, game, poolId, plan);
      return { body: hotBody(poolId, plan), events: event ? [event] : [] };
    });
  }

  /** 3961: the same for all pools that an event on this action and target would touch (PL10). @throws RuleError 6602, 6609-6612, 6618 */
  async suggestHotForActionAndTarget(
    principal: Principal,
    gameId: string,
    asked: { action: string; target: string; likelyAt: number | null },
  ): Promise<DoneEach> {
    const { authority, database, ports } = this.#deps;
    return await database.transaction('predictions.action.hot', async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.game.administer', game);
      assertGameAllows('mark_hot', game, ports.clock.now());
      const action = await findPoolAction(tx, game, asked.action);
      const unresolved = await readUnresolvedPools(tx, game.gameId);
      const target = action.isOfGame
        ? findTarget(game.targets, asked.target).targetId
        : targetOfAction(unresolved, action.actionId, asked.target);
      const meant = poolsOnPath(unresolved, action.actionId, target);
      const locked = await lockPools(
        tx,
        meant.map((pool) => pool.poolId),
      );
      const pools = poolsOnPath([...locked.values()].sort(comparePools), action.actionId, target);
      const now = ports.clock.now();
      const bodies: Record<string, unknown>[] = [];
      const events: EventRef[] = [];
      for (const pool of pools) {
        const plan = planHot(pool, true, asked.likelyAt, now);
        const event = await this.#markHot(tx, principal, game, pool.poolId, plan);
        if (event) events.push(event);
        bodies.push(hotBody(pool.poolId, plan));
      }
      return { bodies, events };
    });
  }

  async #switchPool(
    principal: Principal,
    givenPoolId: string,
    kind: BlockSwitch,
    askedAt: number | null,
  ): Promise<Done> {
    const { database, ports, timers } = this.#deps;
    return await database.transaction(`predictions.pool.${kind}`, async (tx) => {
      const { game, poolId } = await this.#lockGameOfPool(tx, principal, givenPoolId, kind);
      const pools = await this.#lockUpToDate(tx, game, [poolId]);
      const { plan, event } = await switchPool(tx, pools, poolId, { kind, askedAt, now: ports.clock.now() });
      const timer = gameTimer(`predictions.pool.${kind}`, game.gameId, poolId, plan.at);
      if (plan.isScheduled) await timers.set(tx, [timer]);
      else await timers.cancel(tx, [timer]);
      return { body: poolSwitchBody(kind, poolId, plan.at, plan.isScheduled), events: event ? [event] : [] };
    });
  }

  async #switchAction(
    principal: Principal,
    gameId: string,
    label: string,
    kind: BlockSwitch,
    askedAt: number | null,
  ): Promise<Done> {
    const { authority, database, ports, timers } = this.#deps;
    return await database.transaction(`predictions.action.${kind}`, async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.game.administer', game);
      assertGameAllows(kind, game, ports.clock.now());
      const { actionId } = await findPoolAction(tx, game, label);
      const action = { gameId: game.gameId, actionId };
      const meant = poolsOfAction(await readUnresolvedPools(tx, game.gameId), actionId);
      const pools = await this.#lockUpToDate(
        tx,
        game,
        meant.map((pool) => pool.poolId),
      );
      const now = ports.clock.now();
      const key = actionKey(game.gameId, actionId);
      if (askedAt !== null && askedAt > now) {
        const data = { action_id: actionId };
        await timers.set(tx, [gameTimer(`predictions.action.${kind}`, game.gameId, key, askedAt, data)]);
        return { body: actionSwitchBody(kind, action, askedAt, true), events: [] };
      }
      const events = [announceActionSwitch(tx, kind, action, now)];
      const switched = poolsOfAction([...pools.values()], actionId).sort(comparePools);
      for (const { poolId } of switched) {
        const { event } = await switchPool(tx, pools, poolId, { kind, askedAt: null, now });
        if (event) events.push(event);
      }
      await timers.cancel(tx, [
        { kind: `predictions.action.${kind}`, key },
        ...switched.map(({ poolId }) => ({ kind: `predictions.pool.${kind}`, key: poolId })),
      ]);
      return { body: actionSwitchBody(kind, action, now), events };
    });
  }

  /** Game of a pool, locked, for its admin. @throws RuleError 6602, 6610, 6618 */
  async #lockGameOfPool(
    tx: Tx,
    principal: Principal,
    givenPoolId: string,
    act: GameAct,
  ): Promise<{ game: StoredGame; poolId: string }> {
    const { poolId, gameId } = await readPool(tx, givenPoolId);
    const game = await lockGame(tx, gameId);
    await requireRole(this.#deps.authority, tx, principal, 'predictions.game.administer', game);
    assertGameAllows(act, game, this.#deps.ports.clock.now());
    return { game, poolId };
  }

  /** Locks pools after carrying out what was scheduled for an earlier time and did not run yet, so that the newest order has the last word. */
  async #lockUpToDate(tx: Tx, game: StoredGame, poolIds: readonly string[]): Promise<LockedPools> {
    const due = await readDueSwitches(tx, game.gameId, this.#deps.ports.clock.now());
    if (due.length === 0) return await lockPools(tx, poolIds);
    const unresolved = await readUnresolvedPools(tx, game.gameId);
    const pools = await lockPools(tx, [...new Set([...poolIds, ...unresolved.map((pool) => pool.poolId)])]);
    for (const timer of due) await carryOutSwitch(tx, game, timer, pools);
    await this.#deps.timers.cancel(tx, due);
    return pools;
  }

  async #markHot(
    tx: Tx,
    principal: Principal,
    game: StoredGame,
    poolId: string,
    plan: HotPlan,
  ): Promise<EventRef | null> {
    const timer = gameTimer('predictions.pool.hot', game.gameId, poolId, plan.at, { hot: plan.isHot });
    if (plan.isScheduled) {
      await this.#deps.timers.set(tx, [timer]);
      return null;
    }
    await this.#deps.timers.cancel(tx, [timer]);
    await tx.query('update predictions_pools set is_hot = $2 where id = $1', [poolId, plan.isHot]);
    return append(tx, principal, game, 'pool.hot', { body: hotBody(poolId, plan) });
  }
}

function hotBody(poolId: string, plan: HotPlan): Record<string, unknown> {
  return {
    pool_id: poolId,
    hot_since: plan.at,
    is_hot: plan.isHot,
    ...(plan.isScheduled ? { scheduled: true } : {}),
  };
}

/** An action of the game, or the own action of one of its binary pools (PL8). @throws RuleError 6607, 6612 */
async function findPoolAction(
  tx: Tx,
  game: StoredGame,
  label: string,
): Promise<{ actionId: string; isOfGame: boolean }> {
  const actionId = actionIdOf(label, 'action_id');
  if (game.actions.some((action) => action.actionId === actionId)) {
    return { actionId: findAction(game.actions, label).actionId, isOfGame: true };
  }
  const [pool] = await tx.query(
    'select 1 as one from predictions_pools where game_id = $1 and action_id = $2 limit 1',
    [game.gameId, actionId],
  );
  if (!pool) throw new RuleError('unknown_action', { action_id: actionId });
  return { actionId, isOfGame: false };
}

/** The target that a text names in the pools of a binary pool's own action (PL2). @throws RuleError 6610, 6611 */
function targetOfAction(pools: readonly StoredPool[], actionId: string, text: string): string {
  const [pool] = poolsOfAction(pools, actionId);
  if (!pool) throw new RuleError('unknown_pool');
  return targetOfPool(pool, text);
}

function append(
  tx: Tx,
  principal: Principal,
  game: StoredGame,
  type: 'pool.created' | 'pool.hot',
  data: Broadcast,
): EventRef {
  const actor = principal.kind === 'account' ? principal.accountId : null;
  return tx.append({ topic: gameTopic(game.gameId), type, data, actor });
}
