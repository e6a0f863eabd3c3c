import { isConnectionLost, sqlState } from '../../../platform/database/pool.ts';
import type { Tx } from '../../../platform/database/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import { type Step, StepInterrupted } from '../../../platform/events/consumers.ts';
import { type Broadcast, gameTopic, type ResolverEvent, type SettlementStep } from '../events.ts';
import { comparePools, poolsDecidedBy } from '../rules/events.ts';
import { planClose } from '../rules/game.ts';
import { poolsOfAction } from '../rules/pool.ts';
import { announcePools } from './announce.ts';
import { gameDetails } from './game-details.ts';
import { closeGameRow, markBlocked } from './game-rows.ts';
import { type PoolVerdict, type SettlementDeps, settleInTransaction } from './settlement.ts';
import {
  lockGame,
  lockPool,
  lockPools,
  POOL_COLUMNS,
  type PoolRow,
  poolFromRow,
  readGame,
  readUnresolvedPools,
  type StoredGame,
} from './store.ts';
import { carryOutSwitch } from './switches.ts';
import type { TimerKind } from './timetable.ts';

interface RegisteredEvent {
  id: string;
  log_seq: bigint;
  action_id: string;
  target_id: string;
  happened_at: bigint;
  registered_at: bigint;
  pool_id: string | null;
}

/** A pool that a step settles, and how. */
type Decided = { poolId: string; verdict: Omit<PoolVerdict, 'step' | 'game' | 'cause'> };

/**
 * Works through the events, close requests and timers of one game in order and settles what they decide: one transaction a pool, repeated
 * after a crash without doing anything twice (RS2-RS6, SC1-SC4).
 */
export class Resolver {
  readonly #deps: SettlementDeps;

  constructor(deps: SettlementDeps) {
    this.#deps = deps;
  }

  /** The durable consumer's handler. */
  async handle(step: Step): Promise<void> {
    if (step.timer) await this.#handleTimer(step, step.timer.kind as TimerKind, step.timer.data);
    else await this.#handleEvent(step, { type: step.event!.type, data: step.event!.data } as ResolverEvent);
  }

  async #handleEvent(step: Step, event: ResolverEvent): Promise<void> {
    const gameId = gameIdOf(step);
    if (event.type === 'close.requested') {
      await this.#close(step, gameId, event.data);
      return;
    }
    const { game, decided, before } = await step.transaction('predictions.resolver.read', (tx) =>
      this.#decidedBy(tx, gameId, event.data.event_id),
    );
    await this.#settleAll(step, game, decided, { cause: event.data.cause, before });
    await step.complete('predictions.resolver.event-done', (tx) => announcePools(tx, game, event.data.cause));
  }

  async #handleTimer(step: Step, kind: TimerKind, data: unknown): Promise<void> {
    const gameId = gameIdOf(step);
    // Nobody registers an event while the game's row is locked; those of later on come after this timer anyway (SC2).
    const game = await step.transaction('predictions.resolver.order', async (tx) => {
      const locked = await lockGame(tx, gameId);
      await step.giveWayToEarlierEvents(tx);
      return locked;
    });
    const { key, dueAt } = step.timer!;
    switch (kind) {
      case 'predictions.game.close':
        await this.#close(step, gameId, { force: false });
        return;
      case 'predictions.pool.expire': {
        const verdict = { ending: { kind: 'expiry' as const, dueAt }, decidedBy: null };
        await this.#settleAll(step, game, [{ poolId: key, verdict }]);
        await step.complete('predictions.resolver.expired', (tx) => announcePools(tx, game));
        return;
      }
      case 'predictions.game.label':
        await step.complete('predictions.resolver.label', async (tx) => {
          tx.append({
            topic: gameTopic(gameId),
            type: 'game.updated',
            data: { body: await gameDetails(tx, gameId, Math.max(tx.now, dueAt)) } satisfies Broadcast,
          });
        });
        return;
      case 'predictions.pool.hot':
        await step.complete('predictions.resolver.hot', (tx) =>
          applyHot(tx, key, (data as { hot: boolean }).hot, dueAt),
        );
        return;
      case 'predictions.pool.block':
      case 'predictions.pool.allow':
        await step.complete(`predictions.resolver.${kind}`, async (tx) => {
          await carryOutSwitch(tx, game, { kind, key, dueAt, data }, await lockPools(tx, [key]));
        });
        return;
      case 'predictions.action.block':
      case 'predictions.action.allow':
        await step.complete(`predictions.resolver.${kind}`, async (tx) => {
          const { action_id: actionId } = data as { action_id: string };
          const pools = poolsOfAction(await readUnresolvedPools(tx, gameId), actionId);
          await carryOutSwitch(
            tx,
            game,
            { kind, key, dueAt, data },
            await lockPools(
              tx,
              pools.map((pool) => pool.poolId),
            ),
          );
        });
    }
  }

  /** The pools an event decides, from stored data only, so that a repeat finds the same ones less those settled (RS5). */
  async #decidedBy(
    tx: Tx,
    gameId: string,
    eventId: string,
  ): Promise<{ game: StoredGame; decided: Decided[]; before: string[] }> {
    const game = await readGame(tx, gameId);
    const [event] = await tx.query<RegisteredEvent>(
      'select id, log_seq, action_id, target_id, happened_at, registered_at, pool_id from predictions_events where id = $1',
      [eventId],
    );
    if (!event) throw new Error(`event ${eventId} is in the log but not in its table`);
    const happenedAt = Number(event.happened_at);
    const verdict = (winningTarget: string) => ({
      ending: { kind: 'event' as const, winningTarget, happenedAt },
      decidedBy: event.id,
    });
    if (event.pool_id !== null)
      return { game, decided: [{ poolId: event.pool_id, verdict: verdict(event.target_id) }], before: [] };
    const rows = await tx.query<PoolRow>(
      `select ${POOL_COLUMNS} from predictions_pools where game_id = $1 and state = 'open' and action_id = $2 and parked_at is null`,
      [gameId, event.action_id],
    );
    const registered = {
      actionId: event.action_id,
      targetId: event.target_id,
      happenedAt,
      registeredAt: Number(event.registered_at),
      logSeq: Number(event.log_seq),
    };
    const decided = poolsDecidedBy(registered, rows.map(poolFromRow), this.#deps.expiryGraceMs);
    const settledBefore = await tx.query<{ id: string }>(
      'select id from predictions_pools where game_id = $1 and decided_by = $2',
      [gameId, event.id],
    );
    return {
      game,
      decided: decided.map(({ pool, winningTarget }) => ({ poolId: pool.poolId, verdict: verdict(winningTarget) })),
      before: settledBefore.map((row) => row.id),
    };
  }

  /**
   * Settles pools one transaction each; a failing one is parked and does not stop the others (RS13). `before` are those that the same step settled
   * before a crash: their players' balances are told with the rest.
   */
  async #settleAll(
    step: Step,
    game: StoredGame,
    decided: readonly Decided[],
    { cause, before = [] }: { cause?: string; before?: string[] } = {},
  ): Promise<void> {
    const stepId = step.event
      ? `${step.topic}/${step.event.seq}`
      : `${step.timer!.kind}/${step.timer!.key}/${step.timer!.dueAt}`;
    const poolIds = [...before, ...decided.map((one) => one.poolId)];
    for (const [i, { poolId, verdict }] of decided.entries()) {
      const isLast = i === decided.length - 1;
      const mark: SettlementStep = { id: stepId, ...(isLast ? { settled: poolIds } : {}) };
      try {
        await step.transaction('predictions.settle', (tx) =>
          settleInTransaction(this.#deps, tx, poolId, { ...verdict, game, step: mark, cause }),
        );
      } catch (error) {
        if (!isFaultOfPool(error)) throw error;
        this.#deps.ports.log.fatal(
          { err: error, pool: poolId, game: game.gameId },
          'a pool could not be settled: it is parked, an admin must look',
        );
        await step.transaction('predictions.park', (tx) =>
          parkPool(
            tx,
            { at: this.#deps.ports.clock.now(), gameId: game.gameId, poolId, error, decidedBy: verdict.decidedBy },
            isLast ? mark : undefined,
          ),
        );
      }
    }
  }

  /** GM7-GM11, by request or by the `close_at` timer. Repeating it finishes what is left. */
  async #close(
    step: Step,
    gameId: string,
    request: { force: boolean; cause?: string; isUnopened?: boolean },
  ): Promise<void> {
    const plan = await step.transaction('predictions.close.begin', async (tx) => {
      const game = await lockGame(tx, gameId);
      if (game.state === 'closed') return undefined;
      const unresolved = await readUnresolvedPools(tx, gameId);
      const close = planClose(request.isUnopened ? 'created' : game.state, unresolved, request.force);
      if (game.state === 'opened')
        await tx.query(`update predictions_games set state = 'closing' where id = $1`, [gameId]);
      return {
        game: { ...game, state: 'closing' as const },
        close,
        before: await readEndedSince(tx, gameId, startOf(step)),
      };
    });
    if (plan) {
      const verdicts = [
        ...plan.close.toNone.map((pool) => ({ pool, kind: 'close' as const })),
        ...plan.close.toVoid.map((pool) => ({ pool, kind: 'void' as const })),
      ].sort((a, b) => comparePools(a.pool, b.pool));
      const decided = verdicts.map(({ pool, kind }) => ({
        poolId: pool.poolId,
        verdict: { ending: { kind }, decidedBy: null },
      }));
      await this.#settleAll(step, plan.game, decided, { cause: request.cause, before: plan.before });
    }
    await step.complete('predictions.close.end', async (tx) => {
      const game = await lockGame(tx, gameId);
      if (game.state === 'closed') return;
      const left = await readUnresolvedPools(tx, gameId);
      const at = this.#deps.ports.clock.now();
      if (left.length === 0) return await closeGameRow(tx, game, { at, cause: request.cause, firing: step.timer });
      const { toBlock } = planClose(game.state, left, false);
      const locked = await lockPools(
        tx,
        toBlock.map((pool) => pool.poolId),
      );
      await markBlocked(tx, [...locked.values()].sort(comparePools), at, request.cause);
    });
  }
}

/** When a step was asked for, or due. */
function startOf(step: Step): number {
  return step.event?.at ?? step.timer!.dueAt;
}

/** Pools of a game that ended since then without an event: what a repeated close has settled before its crash, so that their balances are told too. */
async function readEndedSince(tx: Tx, gameId: string, since: number): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from predictions_pools where game_id = $1 and state <> 'open' and decided_by is null and resolved_at >= $2`,
    [gameId, since],
  );
  return rows.map((row) => row.id);
}

function gameIdOf(step: Step): string {
  return step.topic.slice(step.topic.lastIndexOf('/') + 1);
}

/** SQLSTATE classes that speak of the server and not of what it was asked: rollbacks, resources, locks, operator, system, internal. */
const OUTAGE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58', 'XX']);

/** A bug or bad data of one pool, as opposed to an outage or a lease that another process has taken. */
function isFaultOfPool(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof Unavailable || error instanceof StepInterrupted) return false;
  return !isConnectionLost(error) && !OUTAGE_CLASSES.has(sqlState(error)?.slice(0, 2) ?? '');
}

/** Remembers what was to decide the pool, so that it can be tried again (RS13). */
async function parkPool(
  tx: Tx,
  {
    at,
    gameId,
    poolId,
    error,
    decidedBy,
  }: { at: number; gameId: string; poolId: string; error: unknown; decidedBy: string | null },
  endedStep: SettlementStep | undefined,
): Promise<void> {
  await tx.query('update predictions_pools set parked_at = $2, parked_reason = $3, decided_by = $4 where id = $1', [
    poolId,
    at,
    String(error).slice(0, 500),
    decidedBy,
  ]);
  // The other pools' balances are told with the step's last message: without it, this one ends the step.
  if (endedStep)
    tx.append({
      topic: gameTopic(gameId),
      type: 'game.updated',
      data: { body: await gameDetails(tx, gameId, at), step: endedStep } satisfies Broadcast,
    });
}

async function applyHot(tx: Tx, poolId: string, hot: boolean, at: number): Promise<void> {
  const pool = await lockPool(tx, poolId);
  if (pool.state !== 'open') return;
  await tx.query('update predictions_pools set is_hot = $2 where id = $1', [poolId, hot]);
  tx.append({
    topic: gameTopic(pool.gameId),
    type: 'pool.hot',
    data: { body: { pool_id: poolId, hot_since: at, is_hot: hot } } satisfies Broadcast,
  });
}
