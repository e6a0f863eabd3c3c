import type { Principal } from '../../../platform/accounts/types.ts';
import type { Tx } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import { type Broadcast, CHANGES_TOPIC, gameTopic, type ResolverEvent, resolverTopic } from '../events.ts';
import { actionIdOf, findAction } from '../rules/actions.ts';
import { missingParameter, RuleError } from '../rules/errors.ts';
import { assertBinaryResolution, duplicateKey, planHappenedAt } from '../rules/events.ts';
import { assertGameAllows } from '../rules/game.ts';
import { targetOfPool } from '../rules/pool.ts';
import { isBinary } from '../rules/pool-type.ts';
import { findEventTarget, targetIdOf } from '../rules/targets.ts';
import { requireAction, requireRole } from './access.ts';
import type { Done, ServiceDeps } from './deps.ts';
import {
  EventCounts,
  findEventsByKey,
  insertEvents,
  type NewEventRow,
  type RegisteredBody,
  registeredBody,
} from './event-rows.ts';
import { insertRejected, type RejectedItem } from './rejected-items.ts';
import {
  isUuid,
  lockGame,
  POOL_COLUMNS,
  type PoolRow,
  poolFromRow,
  readPool,
  type StoredGame,
  type StoredPool,
} from './store.ts';
import { optionalText } from './texts.ts';

/** What 395 asks for; unset is null. */
export interface AskedEvent {
  gameId: string;
  /** An action of the game, or the own action of a binary pool; may be null with `poolId`. */
  action: string | null;
  target: string;
  happenedAt: number | null;
  description: string;
  eventId: string | null;
  /** Mark of what the event will bring about, when the caller has one already (WC3). */
  cause?: string;
  poolId: string | null;
}

/** A fact from outside, mapped to the game's words (section 7). */
export interface FeedItem {
  itemId: string;
  action: string;
  target: string;
  happenedAt: number | null;
  description: string;
}

/** What became of a feed item: each is acknowledged, whichever it is (RS10, RS11). */
export type FeedOutcome =
  | { kind: 'registered' | 'duplicate'; body: RegisteredBody }
  | { kind: 'rejected'; reason: string };

/** Most feed items of one game in one transaction. */
const MOST_ITEMS = 1_000;

type Fact = Pick<AskedEvent, 'action' | 'target' | 'happenedAt' | 'description'>;
/** An event as decided by the rules, before it is counted. */
type PlannedEvent = Pick<
  NewEventRow,
  'actionId' | 'targetId' | 'targetDisplayName' | 'description' | 'happenedAt' | 'registeredAt' | 'poolId'
>;
type Registration = PlannedEvent &
  Pick<NewEventRow, 'givenId' | 'duplicateKey' | 'registeredBy'> & { cause: string | null };

/** Takes facts into the log of their game (395, feeds). Settling what they decide is the Resolver's (RS2). */
export class EventService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /**
   * 395: registers an event, or the resolution of a binary pool, whose 366 goes to the caller only (EV11). A repeat gets the first answer again, marked
   * (EV12). Body of 366. @throws RuleError 6602, 6606, 6607, 6609-6613, 6616-6618, 6625
   */
  async registerEvent(principal: Principal, asked: AskedEvent): Promise<Done<RegisteredBody>> {
    const { authority, database, ports, settings } = this.#deps;
    return await database.transaction('predictions.event.register', async (tx) => {
      const game = await lockGame(tx, asked.gameId);
      await requireRole(authority, tx, principal, 'predictions.game.administer', game);
      const receivedAt = ports.clock.now();
      const pool = await findBinaryPool(tx, game, asked);
      const key = keyOf(asked, pool);
      const earlier = key === null ? undefined : (await findEventsByKey(tx, game.gameId, [key])).get(key);
      if (earlier) return { body: { ...earlier, duplicate: true }, events: [] };
      const skewMs = settings.eventFutureSkewMs;
      const planned = pool
        ? planResolution(game, pool, asked, receivedAt, skewMs)
        : planFact(game, asked, receivedAt, skewMs);
      const registeredBy = principal.kind === 'account' ? principal.accountId : null;
      const cause = asked.cause ?? ports.ids.uuid();
      const registration = { ...planned, givenId: asked.eventId, duplicateKey: key, registeredBy, cause };
      const [registered] = await this.#register(tx, game, [registration]);
      return { ...registered!, cause };
    });
  }

  /** Facts of one game from a feed, all in one transaction, each with its own outcome. @throws RuleError 6602, 6607 for too many */
  async registerFeedItems(
    principal: Principal,
    asked: { feed: string; gameId: string; items: readonly FeedItem[] },
  ): Promise<FeedOutcome[]> {
    const { authority, database, ports } = this.#deps;
    requireAction(authority, principal, 'predictions.feed.register');
    if (asked.items.length > MOST_ITEMS) throw new RuleError('invalid_parameter', { name: 'items' });
    return await database.transaction('predictions.feed.register', async (tx) => {
      const game = await lockGame(tx, asked.gameId).catch(onlyRuleError);
      const receivedAt = ports.clock.now();
      const outcomes =
        game instanceof RuleError
          ? asked.items.map((): FeedOutcome => ({ kind: 'rejected', reason: game.error }))
          : await this.#registerItems(tx, game, asked.feed, asked.items, receivedAt);
      const rejected = outcomes.flatMap((outcome, i): RejectedItem[] => {
        const item = asked.items[i]!;
        return outcome.kind === 'rejected'
          ? [{ itemId: item.itemId, reason: outcome.reason, item: { ...item, gameId: asked.gameId } }]
          : [];
      });
      await insertRejected(tx, asked.feed, rejected, receivedAt, ports.ids);
      return outcomes;
    });
  }

  /** One fact from a feed. @throws RuleError 6602 */
  async registerFeedItem(
    principal: Principal,
    asked: { feed: string; gameId: string; item: FeedItem },
  ): Promise<FeedOutcome> {
    const [outcome] = await this.registerFeedItems(principal, { ...asked, items: [asked.item] });
    return outcome!;
  }

  async #registerItems(
    tx: Tx,
    game: StoredGame,
    feed: string,
    items: readonly FeedItem[],
    receivedAt: number,
  ): Promise<FeedOutcome[]> {
    const keys = items.map((item) => feedKey(game, feed, item.itemId));
    const known = await findEventsByKey(tx, game.gameId, keys);
    const planned = new Map<string, Registration>();
    const refused = new Map<string, RuleError>();
    for (const [i, item] of items.entries()) {
      const key = keys[i]!;
      if (known.has(key) || planned.has(key)) continue;
      try {
        const fact = planFact(game, item, receivedAt, this.#deps.settings.eventFutureSkewMs);
        planned.set(key, { ...fact, givenId: null, duplicateKey: key, registeredBy: null, cause: null });
      } catch (error) {
        refused.set(key, onlyRuleError(error));
      }
    }
    const registered = await this.#register(tx, game, [...planned.values()]);
    const fresh = new Map([...planned.keys()].map((key, i) => [key, registered[i]!.body]));
    return keys.map((key): FeedOutcome => {
      const earlier = known.get(key);
      if (earlier) return { kind: 'duplicate', body: { ...earlier, duplicate: true } };
      const body = fresh.get(key);
      if (!body) return { kind: 'rejected', reason: refused.get(key)!.error };
      // A second item of the same id in this batch is a repeat of the first.
      known.set(key, body);
      return { kind: 'registered', body };
    });
  }

  /** Writes events of a locked game in order, and tells the game and the Resolver of them. */
  async #register(
    tx: Tx,
    game: StoredGame,
    registrations: readonly Registration[],
  ): Promise<{ body: RegisteredBody; events: EventRef[] }[]> {
    if (registrations.length === 0) return [];
    const counts = await EventCounts.read(tx, game.gameId);
    const rows = registrations.map((event) => ({
      ...event,
      id: this.#deps.ports.ids.uuid(),
      currentCount: counts.add(event),
    }));
    await insertEvents(tx, game.gameId, rows);
    if (rows.some((event) => event.poolId === null)) {
      // The scores in the lists have changed.
      tx.append({ topic: CHANGES_TOPIC, type: 'games', data: { game_id: game.gameId, source_id: game.sourceId } });
    }
    return rows.map((event) => {
      const body = registeredBody(game.gameId, event);
      const mark = event.cause === null ? {} : { cause: event.cause };
      const data: Broadcast = { body, ...mark };
      const actor = event.registeredBy;
      const order: ResolverEvent = { type: 'event.registered', data: { event_id: event.id, ...mark } };
      tx.append({ topic: resolverTopic(game.gameId), ...order, actor });
      if (event.poolId !== null) return { body, events: [] };
      return { body, events: [tx.append({ topic: gameTopic(game.gameId), type: 'game.event', data, actor })] };
    });
  }
}

/** Decides an ordinary event (EV1, EV13, TG9). */
function planFact(game: StoredGame, fact: Fact, receivedAt: number, skewMs: number): PlannedEvent {
  assertGameAllows('register_event', game, receivedAt);
  const action = findAction(game.actions, requireAnAction(fact.action));
  const target = findEventTarget(game.targets, fact.target);
  return {
    actionId: action.actionId,
    targetId: target.targetId,
    targetDisplayName: target.displayName,
    description: optionalText(fact.description, 'description') ?? '',
    happenedAt: planHappenedAt(fact.happenedAt, receivedAt, skewMs),
    registeredAt: receivedAt,
    poolId: null,
  };
}

/** Decides the resolution of a binary pool (EV11). */
function planResolution(
  game: StoredGame,
  pool: StoredPool,
  fact: Fact,
  receivedAt: number,
  skewMs: number,
): PlannedEvent {
  assertGameAllows('resolve_binary', game, receivedAt);
  const happenedAt = planHappenedAt(fact.happenedAt, receivedAt, skewMs);
  assertBinaryResolution(pool, happenedAt);
  const targetId = targetOfPool(pool, fact.target);
  return {
    actionId: pool.actionId,
    targetId,
    targetDisplayName: pool.targets.find((target) => target.targetId === targetId)!.displayName,
    description: optionalText(fact.description, 'description') ?? '',
    happenedAt,
    registeredAt: receivedAt,
    poolId: pool.poolId,
  };
}

/**
 * The pool that 395 names by its id or its own action; null for an ordinary event. A recreated pool shares its forerunner's action: the unresolved one
 * is meant (PL11).
 */
async function findBinaryPool(tx: Tx, game: StoredGame, asked: AskedEvent): Promise<StoredPool | null> {
  if (asked.poolId !== null) {
    const pool = await readPool(tx, asked.poolId);
    if (pool.gameId !== game.gameId) throw new RuleError('unknown_pool', { pool_id: asked.poolId });
    return pool;
  }
  const actionId = actionIdOf(requireAnAction(asked.action), 'action_id');
  if (!isUuid(actionId) || game.actions.some((action) => action.actionId === actionId)) return null;
  const [row] = await tx.query<PoolRow>(
    `select ${POOL_COLUMNS} from predictions_pools where game_id = $1 and action_id = $2 order by state = 'open' desc, log_seq desc limit 1`,
    [game.gameId, actionId],
  );
  return row ? poolFromRow(row) : null;
}

/** What makes a repeat of this 395 a duplicate (EV12). */
function keyOf(asked: AskedEvent, pool: StoredPool | null): string | null {
  const isOfPool = pool !== null && isBinary(pool.type);
  return duplicateKey({
    eventId: asked.eventId,
    feedItem: null,
    actionId: pool ? pool.actionId : actionIdOf(requireAnAction(asked.action), 'action_id'),
    targetId: isOfPool ? targetOfPool(pool, asked.target) : targetIdOf(asked.target, 'target_id'),
    explicitHappenedAt: asked.happenedAt,
  });
}

function feedKey(game: StoredGame, feed: string, itemId: string): string {
  const feedItem = { source: game.sourceId, feed, itemId };
  return duplicateKey({ eventId: null, feedItem, actionId: '', targetId: '', explicitHappenedAt: null })!;
}

function requireAnAction(action: string | null): string {
  if (action === null) throw missingParameter('action_id');
  return action;
}

function onlyRuleError(error: unknown): RuleError {
  if (error instanceof RuleError) return error;
  throw error;
}
