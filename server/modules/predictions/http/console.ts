import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Database } from '../../../platform/database/types.ts';
import { invalidParameter } from '../rules/errors.ts';
import type { Fields } from '../rules/field-spec.ts';
import { isOnActivePath } from '../rules/game.ts';
import { readParams } from '../rules/params.ts';
import { RESPONSES, SHAPES } from '../rules/responses.ts';
import type { FeedPush } from '../service/feed-push.ts';
import type { GameReads } from '../service/game-reads.ts';
import type { GameService } from '../service/games.ts';
import { TAGS } from '../service/invalidation.ts';
import type { LoginService } from '../service/logins.ts';
import type { ParkedPools } from '../service/parked-pools.ts';
import type { PoolReads } from '../service/pool-reads.ts';
import type { FeedItem, FeedOutcome } from '../service/registration.ts';
import type { RejectedItems } from '../service/rejected-items.ts';
import type { ResultService } from '../service/results.ts';
import { readGame, readSource } from '../service/store.ts';
import { accountBehind, addRoute, originOf } from './route.ts';
import { objectOf, type Params, shape } from './schemas.ts';

export interface ConsoleRoutes {
  database: Database;
  games: GameReads;
  details: GameService;
  pools: PoolReads;
  results: ResultService;
  logins: LoginService;
  feed: FeedPush;
  parkedPools: ParkedPools;
  rejectedItems: RejectedItems;
}

const MAX_AGE_MS = 1_000;
/** A decided pool never changes (PL13). */
const RESULT_MAX_AGE_MS = 60_000;

const gameTag = (request: FastifyRequest) => [TAGS.game((request.params as { gameId: string }).gameId)];

/** Our own routes beside the documented ones, for the console and the Event server. */
export function addConsoleRoutes(app: FastifyInstance, parts: ConsoleRoutes): void {
  addReads(app, parts);
  addResult(app, parts);
  addSessionKey(app, parts);
  addEventPush(app, parts);
  addRepairs(app, parts);
}

function addReads(app: FastifyInstance, parts: ConsoleRoutes): void {
  const listed = objectOf({ ...SHAPES.GameCard, source_id: 'id', source_name: 's', score: 'any' });
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/games'],
    action: 'public',
    summary: 'Every game that is not closed, with its source and score.',
    params: {},
    answer: Type.Object({ sources: Type.Array(shape('Source')), games: Type.Array(listed) }),
    config: { hot: { tags: () => [TAGS.games], maxAgeMs: MAX_AGE_MS } },
    handle: ({ request }) => parts.games.overview(request.principal),
  });
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/games/:gameId'],
    action: 'public',
    summary: 'A game and its unresolved pools.',
    params: {},
    answer: Type.Object({ game: objectOf(RESPONSES.game_details.fields), pools: Type.Array(shape('Pool')) }),
    config: { hot: { tags: gameTag, maxAgeMs: MAX_AGE_MS } },
    async handle({ path, request }) {
      const game = await readGame(parts.database, path.gameId!);
      const stage = isOnActivePath(game) ? ('active' as const) : ('upcoming' as const);
      const asked = { sourceId: null, gameId: game.gameId, stage, list: 'open' as const, userId: null };
      const { pools } = game.state === 'closed' ? { pools: [] } : await parts.pools.ofGame(request.principal, asked);
      return { game: await parts.details.details(request.principal, game.gameId), pools };
    },
  });
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/sources/:sourceId'],
    action: 'public',
    summary: 'A source by its id.',
    params: {},
    answer: shape('Source'),
    config: {
      hot: {
        tags: (request) => [TAGS.gamesOf((request.params as { sourceId: string }).sourceId)],
        maxAgeMs: MAX_AGE_MS,
      },
    },
    async handle({ path }) {
      const { sourceId, name, description } = await readSource(parts.database, path.sourceId!);
      return { id: sourceId, name, description };
    },
  });
}

function addResult(app: FastifyInstance, parts: ConsoleRoutes): void {
  const page = objectOf({
    ...RESPONSES.bet_pool_resolved.fields,
    winners: '{s: m}',
    losers: '{s: m}',
    next: 's?',
  });
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/pools/:poolId/result'],
    action: 'public',
    summary: 'The whole result of a decided pool, 1,000 bettors a page (BO1).',
    params: { cursor: { kind: 'id', extension: true } },
    answer: page,
    config: { hot: { tags: () => [], maxAgeMs: RESULT_MAX_AGE_MS } },
    handle: ({ input, path }) => parts.results.page(path.poolId!, input.cursor),
  });
}

function addSessionKey(app: FastifyInstance, parts: ConsoleRoutes): void {
  const Roles = Type.Object({
    developer: Type.Boolean(),
    sources: Type.Array(Type.String()),
    games: Type.Array(Type.String()),
  });
  addRoute(app, {
    method: 'POST',
    urls: ['/predictions/api/session-key'],
    action: 'predictions.play',
    summary: 'A key of the opcode websocket for whoever is signed in (AU4, PF-63).',
    params: {},
    answer: Type.Object({
      user_id: Type.String(),
      user_session_key: Type.String(),
      roles: Roles,
      challenge_id: Type.String(),
    }),
    config: { idempotent: false },
    handle: ({ request }) => parts.logins.keyFor(accountBehind(request), originOf(request)),
  });
}

/** What admins look at when something went wrong (RS11, RS13). */
function addRepairs(app: FastifyInstance, parts: ConsoleRoutes): void {
  const listed = (fields: Fields) => Type.Array(objectOf(fields));
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/rejected-items'],
    action: 'predictions.source.open',
    summary: 'Feed items that name nothing we know, newest first (RS11).',
    params: {},
    answer: Type.Object({
      items: listed({ id: 'id', feed: 's', item_id: 's', reason: 's', item: 'any', rejected_at: 'ms' }),
    }),
    handle: async ({ request }) => ({ items: await parts.rejectedItems.list(request.principal) }),
  });
  addRoute(app, {
    method: 'GET',
    urls: ['/predictions/api/parked-pools'],
    action: 'predictions.source.open',
    summary: 'Pools whose settlement failed, newest first (RS13).',
    params: {},
    answer: Type.Object({
      pools: listed({ pool_id: 'id', game_id: 'id', description: 's', parked_at: 'ms', reason: 's' }),
    }),
    handle: async ({ request }) => ({ pools: await parts.parkedPools.list(request.principal) }),
  });
  addRoute(app, {
    method: 'POST',
    urls: ['/predictions/api/parked-pools/:poolId/retry'],
    action: 'predictions.play',
    summary: 'Settles a parked pool again, once its cause is repaired (RS13).',
    params: {},
    answer: Type.Object({ pool_id: Type.String() }),
    handle: ({ path, request }) => parts.parkedPools.retry(request.principal, path.poolId!),
  });
}

const itemParams = {
  item_id: { kind: 'id', required: true },
  action_id: { kind: 'text', required: true, most: 256, aliases: ['action'] },
  target_id: { kind: 'text', required: true, most: 256, aliases: ['target'] },
  happened_at: { kind: 'time', absentMeans: 'receipt time' },
  description: { kind: 'text', most: 512 },
} as const satisfies Params;

function addEventPush(app: FastifyInstance, parts: ConsoleRoutes): void {
  const Outcome = Type.Object({
    item_id: Type.String(),
    outcome: Type.String(),
    reason: Type.Optional(Type.String()),
    event: Type.Optional(objectOf(RESPONSES.new_game_event.fields)),
  });
  addRoute(app, {
    method: 'POST',
    urls: ['/predictions/api/games/:gameId/events'],
    action: 'predictions.play',
    summary: 'Facts of a feed for one game, each acknowledged with its outcome (RS10, RS11).',
    params: { feed: { kind: 'id', required: true }, items: { kind: 'value', required: true } },
    answer: Type.Object({ outcomes: Type.Array(Outcome) }),
    async handle({ input, path, request }) {
      const items = readItems(input.items);
      const asked = { feed: input.feed, gameId: path.gameId!, items };
      const outcomes = await parts.feed.push(accountBehind(request), asked);
      return { outcomes: outcomes.map((outcome, i) => ({ item_id: items[i]!.itemId, ...outcomeShape(outcome) })) };
    },
  });
}

/** @throws RuleError 6606, 6607 */
function readItems(value: unknown): FeedItem[] {
  if (!Array.isArray(value)) throw invalidParameter('items');
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw invalidParameter('items');
    const fact = readParams(itemParams, { ...item });
    return {
      itemId: fact.item_id,
      action: fact.action_id,
      target: fact.target_id,
      happenedAt: fact.happened_at,
      description: fact.description ?? '',
    };
  });
}

function outcomeShape(outcome: FeedOutcome) {
  return outcome.kind === 'rejected'
    ? { outcome: outcome.kind, reason: outcome.reason }
    : { outcome: outcome.kind, event: outcome.body };
}
