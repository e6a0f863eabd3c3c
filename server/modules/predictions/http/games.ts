import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { planEmail } from '../rules/account.ts';
import { placedAtOut } from '../rules/distribution.ts';
import { invalidParameter, missingParameter, RuleError } from '../rules/errors.ts';
import { readText } from '../rules/input.ts';
import { moneyOut } from '../rules/money.ts';
import type { BetService, PlacedBet } from '../service/bets.ts';
import type { GameReads, GameStage } from '../service/game-reads.ts';
import { TAGS } from '../service/invalidation.ts';
import type { Login, LoginService } from '../service/logins.ts';
import type { PlayerService } from '../service/players.ts';
import type { PoolPaths } from '../service/pool-paths.ts';
import type { PoolReads } from '../service/pool-reads.ts';
import type { AskedPrediction, EmailPrediction, PregameService } from '../service/pregame.ts';
import type { Credentials } from './credentials.ts';
import { accountBehind, addOwnerRoute, addRoute, originOf } from './route.ts';
import { shape } from './schemas.ts';

export interface GameRoutes {
  games: GameReads;
  pools: PoolReads;
  bets: BetService;
  paths: PoolPaths;
  players: PlayerService;
  pregame: PregameService;
  logins: LoginService;
  credentials: Credentials;
  legacySeconds: boolean;
}

/** Ready answers live no longer, should an event be heard late (PF-07). */
const MAX_AGE_MS = 1_000;
const QUARTER_HOUR_MS = 900_000;
const MOST_TARGET_CHARS = 256;

/** Routes of 3.2. */
export function addGameRoutes(app: FastifyInstance, parts: GameRoutes): void {
  addHistory(app, parts);
  addGameLists(app, parts);
  for (const stage of ['active', 'upcoming'] as const) {
    for (const list of ['open', 'running'] as const) addPoolList(app, parts, stage, list);
  }
  addBet(app, parts);
  addPreGamePrediction(app, parts);
}

/** A path under its source, and its older form without (3.2). */
const underSource = (path: string): string[] => [`/r/sources/:sourceId${path}`, `/r${path}`];

function addHistory(app: FastifyInstance, parts: GameRoutes): void {
  const PlayedGame = Type.Object({
    id: Type.String(),
    name: Type.String(),
    type: Type.String(),
    open_at: Type.Integer(),
    close_at: Type.Unsafe({ type: ['integer', 'null'] }),
  });
  addOwnerRoute(app, {
    method: 'GET',
    urls: ['/r/games/history/:userId?'],
    summary: 'Games the caller has placed a bet in, newest first.',
    params: {},
    answer: Type.Object({ game_history: Type.Array(PlayedGame) }),
    handle: ({ owner }) => parts.games.history(owner),
  });
}

function addGameLists(app: FastifyInstance, parts: GameRoutes): void {
  const Team = Type.Object({ target_id: Type.String(), symbol: Type.String(), display_name: Type.String() });
  const ActiveGame = Type.Object({
    game_id: Type.String(),
    opening_source_id: Type.String(),
    name: Type.String(),
    teams: Type.Array(Team),
    type: Type.String(),
    status: Type.String(),
    open_at: Type.Integer(),
    close_at: Type.Unsafe({ type: ['integer', 'null'] }),
    live_start_at: Type.Unsafe({ type: ['integer', 'null'] }),
  });
  const tags = (request: FastifyRequest) => {
    const { sourceId } = request.params as { sourceId?: string };
    return [sourceId === undefined ? TAGS.games : TAGS.gamesOf(sourceId)];
  };
  addRoute(app, {
    method: 'GET',
    urls: underSource('/games/active'),
    action: 'public',
    summary: 'Games that are opened and not closed.',
    params: {},
    answer: Type.Object({ games_active: Type.Array(ActiveGame) }),
    config: { hot: { tags, maxAgeMs: MAX_AGE_MS } },
    handle: ({ path, request }) => parts.games.active(request.principal, path.sourceId ?? null),
  });
  addRoute(app, {
    method: 'GET',
    urls: underSource('/games/upcoming'),
    action: 'public',
    summary: 'Games that are not opened yet.',
    params: {},
    answer: Type.Object({ upcoming_games: Type.Array(shape('UpcomingGame')) }),
    config: { hot: { tags, maxAgeMs: MAX_AGE_MS } },
    handle: ({ path, request }) => parts.games.upcoming(request.principal, path.sourceId ?? null),
  });
}

function addPoolList(app: FastifyInstance, parts: GameRoutes, stage: GameStage, list: 'open' | 'running'): void {
  const urls = underSource(`/games/${stage}/:gameId/pools/${list}/:userId?`);
  // The oldest form names neither source nor list.
  if (stage === 'upcoming' && list === 'open') urls.push('/r/games/upcoming/:gameId/pools');
  addRoute(app, {
    method: 'GET',
    urls,
    action: 'public',
    summary:
      list === 'open'
        ? 'Unresolved pools, those with a bet of the user left out.'
        : 'Unresolved pools with a bet of the user.',
    params: {},
    answer: Type.Object({ pools: Type.Array(shape(list === 'open' ? 'Pool' : 'PoolMine')) }),
    config: {
      hot: { tags: (request) => [TAGS.game((request.params as { gameId: string }).gameId)], maxAgeMs: MAX_AGE_MS },
    },
    handle: ({ path, request }) =>
      parts.pools.ofGame(request.principal, {
        sourceId: path.sourceId ?? null,
        gameId: path.gameId!,
        stage,
        list,
        userId: path.userId ?? null,
      }),
  });
}

const BetObject = Type.Object({
  bet_id: Type.String(),
  amount: Type.Number(),
  by_friend: Type.Boolean(),
  game_id: Type.String(),
  placed_at: Type.Integer(),
  target_id: Type.String(),
  user_id: Type.String(),
  username: Type.String(),
  pool_id: Type.String(),
});

function addBet(app: FastifyInstance, parts: GameRoutes): void {
  addRoute(app, {
    method: ['POST', 'PUT'],
    urls: underSource('/games/active/:gameId/pools/open/:poolId/predictions'),
    action: 'predictions.play',
    summary: 'Places a bet in a pool of an active game (BT1-BT7).',
    params: {
      target_id: { kind: 'text', required: true, most: MOST_TARGET_CHARS, aliases: ['target'] },
      amount: { kind: 'value', required: true },
      client_ref: { kind: 'id', extension: true },
    },
    answer: Type.Object({ status: Type.Integer(), msg: Type.Array(Type.String()), bet_obj: BetObject }),
    config: { errorForm: 'bet', idempotent: 'repeatable' },
    async handle({ input, path, request }) {
      const bettor = accountBehind(request);
      const poolId = path.poolId!;
      await parts.paths.require({ sourceId: path.sourceId ?? null, gameId: path.gameId!, poolId });
      const userId = await parts.players.enter(bettor);
      const bet = {
        userId,
        poolId,
        target: input.target_id,
        amount: input.amount,
        clientRef: input.client_ref ?? refOfKey(request),
        kind: 'live' as const,
      };
      const placed = await parts.bets.place(bet);
      return { status: 200, msg: [], bet_obj: betObject(placed, bettor.username, parts.legacySeconds) };
    },
  });
}

/** An `Idempotency-Key` does what `client_ref` does, so that a bet is placed once even when a crash has cut off its answer (PF-06, BT6). */
function refOfKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' ? `Idempotency-Key ${key}` : null;
}

/** The own bet as its bettor sees it, who is no friend of himself (FR3). */
function betObject({ bet, poolId, gameId }: PlacedBet, username: string, legacySeconds: boolean) {
  return {
    bet_id: bet.betId,
    amount: moneyOut(bet.amount),
    by_friend: false,
    game_id: gameId,
    placed_at: placedAtOut(bet.placedAt, legacySeconds),
    target_id: bet.targetId,
    user_id: bet.userId,
    username,
    pool_id: poolId,
  };
}

function addPreGamePrediction(app: FastifyInstance, parts: GameRoutes): void {
  addRoute(app, {
    method: ['POST', 'PUT'],
    urls: underSource('/games/upcoming/:gameId/pools/:poolId/predictions'),
    action: 'public',
    summary: 'Predicts before a game begins, also by an e-mail address alone (PG1-PG4).',
    params: {
      email: { kind: 'text', most: 254 },
      user_backed: { kind: 'value' },
      target_id: { kind: 'text', most: MOST_TARGET_CHARS, aliases: ['target'] },
      amount: { kind: 'value' },
    },
    answer: Type.Object({
      status: Type.Integer(),
      msg: Type.Array(Type.String()),
      username: Type.String(),
      user_id: Type.String(),
      user_session_key: Type.Unsafe({ type: ['string', 'null'] }),
      needs_auth: Type.Boolean(),
      pending: Type.Boolean(),
    }),
    config: { tries: { max: 20, windowMs: QUARTER_HOUR_MS, subject: emailTried } },
    async handle({ input, path, request, reply }) {
      const prediction = {
        sourceId: path.sourceId ?? null,
        gameId: path.gameId!,
        poolId: path.poolId!,
        ...stakeOf(input, request.body),
      };
      const { principal } = request;
      if (principal.kind === 'account') {
        await parts.pregame.predict(principal, prediction, input.email);
        return predictionAnswer({ username: principal.username, user_id: principal.accountId });
      }
      if (input.email === null)
        throw new RuleError('not_logged_on', {}, { text: 'Log in, or give an e-mail address.' });
      return await predictByEmail(parts, prediction, planEmail(input.email), request, reply);
    },
  });
}

async function predictByEmail(
  parts: GameRoutes,
  prediction: AskedPrediction,
  email: string,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const done: EmailPrediction<Login> = await parts.pregame.predictByEmail(prediction, email, (tx, account) =>
    parts.logins.open(tx, account, originOf(request)),
  );
  if (done.opened !== null) parts.credentials.signIn(request, reply, done.opened);
  return predictionAnswer({
    username: done.account?.username ?? '',
    user_id: done.account?.id ?? '',
    user_session_key: done.opened?.userKey ?? null,
    needs_auth: done.outcome !== 'new_account',
    pending: done.outcome === 'pending',
  });
}

function predictionAnswer(known: {
  username: string;
  user_id: string;
  user_session_key?: string | null;
  needs_auth?: boolean;
  pending?: boolean;
}) {
  return { status: 200, msg: [], user_session_key: null, needs_auth: false, pending: false, ...known };
}

/** The one target and its amount: `user_backed` as an object, as JSON text or as form fields `user_backed[target]`, else `target_id` and `amount`. */
function stakeOf(
  input: { user_backed: unknown; target_id: string | null; amount: unknown },
  body: unknown,
): { target: string; amount: unknown } {
  const backed = Object.entries(input.user_backed === null ? formEntries(body) : readMap(input.user_backed));
  if (backed.length > 1) throw invalidParameter('user_backed', 'Back exactly one target.');
  const [target, amount] = backed[0] ?? [input.target_id, input.amount];
  if (target === null) throw missingParameter('user_backed');
  if (amount === null) throw missingParameter('amount');
  return { target: readText(target, 'user_backed', MOST_TARGET_CHARS)!, amount };
}

function readMap(value: unknown): Record<string, unknown> {
  const map = typeof value === 'string' ? parseJson(value) : value;
  if (typeof map !== 'object' || map === null || Array.isArray(map) || Object.keys(map).length === 0) {
    throw invalidParameter('user_backed');
  }
  return { ...map };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidParameter('user_backed');
  }
}

function formEntries(body: unknown): Record<string, unknown> {
  const fields = Object.entries(typeof body === 'object' && body !== null ? body : {});
  return Object.fromEntries(
    fields.flatMap(([field, amount]): [string, unknown][] => {
      const target = /^user_backed\[(.+)\]$/.exec(field)?.[1];
      return target === undefined ? [] : [[target, amount]];
    }),
  );
}

/** Whom an e-mail prediction is about; nobody guesses who is logged in. */
function emailTried(request: FastifyRequest): string | null {
  if (request.principal.kind === 'account') return null;
  const email: unknown = [request.query, request.body]
    .map((part) => (part as Readonly<Record<string, unknown>> | null | undefined)?.email)
    .find((value) => typeof value === 'string');
  return typeof email === 'string' ? email.trim().toLowerCase() : null;
}
