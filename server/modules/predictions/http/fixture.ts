import { resolve } from 'node:path';
import { parseSetCookie } from 'cookie';
import { pino } from 'pino';
import { ACCOUNT_ACTIONS, createAuthority } from '../../../platform/accounts/authority.ts';
import { createAccountServices } from '../../../platform/accounts/compose.ts';
import { LOGIN_FAILURE_LIMITS } from '../../../platform/accounts/failures.ts';
import { accountSurface } from '../../../platform/accounts/http.ts';
import type { Account } from '../../../platform/accounts/tables.ts';
import type { AccountPrincipal, Grant } from '../../../platform/accounts/types.ts';
import { HotCache } from '../../../platform/cache/hot.ts';
import { createSecrets } from '../../../platform/config/secrets.ts';
import { PostgresDatabase } from '../../../platform/database/database.ts';
import { TopicFeed } from '../../../platform/events/feed.ts';
import { createMemoryBus } from '../../../platform/events/memory-bus.ts';
import { IdempotencyKeys } from '../../../platform/http/idempotency.ts';
import { startTestServer, type TestServer } from '../../../platform/http/test-server.ts';
import { Timers } from '../../../platform/jobs/timers.ts';
import { Outbox } from '../../../platform/mail/outbox.ts';
import { ManualClock } from '../../../platform/testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../../platform/testing/database.ts';
import { SeededRandom } from '../../../platform/testing/random.ts';
import type { PoolEnding } from '../rules/resolution.ts';
import { addTargets } from '../rules/targets.ts';
import type { PoolType } from '../rules/types.ts';
import { PREDICTION_ACTIONS } from '../service/access.ts';
import { BetService, type NewBet } from '../service/bets.ts';
import type { PredictionsSettings, ServiceDeps } from '../service/deps.ts';
import { FeedPush } from '../service/feed-push.ts';
import { FriendService } from '../service/friends.ts';
import { GameReads } from '../service/game-reads.ts';
import { GameService } from '../service/games.ts';
import { followChanges } from '../service/invalidation.ts';
import { LeaderboardService } from '../service/leaderboards.ts';
import { LoginService } from '../service/logins.ts';
import { ParkedPools } from '../service/parked-pools.ts';
import { PlayerService } from '../service/players.ts';
import { PoolReads } from '../service/pool-reads.ts';
import { insertPools } from '../service/pool-rows.ts';
import { PregameService } from '../service/pregame.ts';
import { EventService } from '../service/registration.ts';
import { RejectedItems } from '../service/rejected-items.ts';
import { ResultService } from '../service/results.ts';
import { settleInTransaction } from '../service/settlement.ts';
import { SourceService } from '../service/sources.ts';
import { StatisticsService } from '../service/statistics.ts';
import { readGame } from '../service/store.ts';
import { createPredictionsSurface } from './compose.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../../migrations');
const PASSWORD = 'correct horse';

const SETTINGS: PredictionsSettings = {
  sessionKeyTtlMs: 86_400_000,
  reconnectWindowMs: 900_000,
  requireLogon: false,
  adminOpsNeedAdminKey: false,
  recoveryCodeTtlMs: 1_800_000,
  wsPort: 0,
  chatMaxChars: 500,
  keysPerUser: 10,
  initialGrant: 100_000n,
  currencies: ['DON', 'EUR'],
  limits: { minBet: 1n, maxBet: null },
  maxGameAdmins: 10,
  expiryGraceMs: 0,
  eventFutureSkewMs: 5_000,
  legacyPlacedAtSeconds: false,
  wsMaxMessageBytes: 65_536,
};

export type Person = { id: string; username: string; principal: AccountPrincipal };
export type Room = Awaited<ReturnType<typeof openRoom>>;

/** A database with accounts and predictions, all services on it, and their routes on a real server, for tests. */
export async function openRoom(seed: string, options: { rateLimits?: boolean } = {}) {
  const testDatabase = await createTestDatabase({ migrationsFolder: MIGRATIONS, owners: ['platform', 'predictions'] });
  try {
    return await furnishRoom(testDatabase, seed, options.rateLimits ?? false);
  } catch (error) {
    await testDatabase.drop();
    throw error;
  }
}

async function furnishRoom(testDatabase: TestDatabase, seed: string, rateLimits: boolean) {
  const clock = new ManualClock();
  const random = new SeededRandom(seed);
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const ports = { clock, random, ids: random, log };
  const secrets = createSecrets('a secret of tests, long enough to be one');
  const late: { feed?: TopicFeed } = {};
  const database = new PostgresDatabase({
    ports,
    pool: testDatabase.pool,
    onEvents: (events) => late.feed?.committed(events),
    onDeadlock: (name) => {
      throw new Error(`deadlock in ${name}`);
    },
  });
  const feed = new TopicFeed({ epoch: 'test', database, bus: createMemoryBus(), clock, log });
  late.feed = feed;
  const outbox = new Outbox({ database, ports, secrets, delivery: { deliver: async () => undefined } });
  const passwords = { parameters: { memoryKiB: 64, passes: 1, lanes: 1 } };
  const publicUrl = 'http://greenroom.test';
  const accounts = createAccountServices({ database, ports, secrets, mailer: outbox, publicUrl, passwords });
  await accounts.access.start(feed);
  const authority = createAuthority();
  const timers = new Timers({ ports, database, owner: random.uuid() });
  const deps: ServiceDeps = { database, ports, timers, authority, settings: SETTINGS };
  const services = createServices(deps, accounts, outbox, publicUrl);
  const hot = new HotCache({ maxBytes: 1e7, clock });
  const following = await followChanges(feed, hot, log);
  const platform = {
    ...{ database, ports, secrets, accounts },
    settings: { PUBLIC_URL: publicUrl, CORS_ORIGINS: [], TRUSTED_PROXIES: [] },
  };
  const server = await startTestServer({
    ...{ ports, hot, authority },
    actions: { ...ACCOUNT_ACTIONS, ...PREDICTION_ACTIONS },
    authenticate: (request) => accounts.authenticator.authenticate(request),
    checkCsrf: (request, principal) => accounts.authenticator.checkCsrf(request, principal),
    idempotency: new IdempotencyKeys({ database, secrets, ports }),
    settings: { RATE_LIMITS: rateLimits },
    surfaces: [
      createPredictionsSurface(platform, services, { settings: SETTINGS, providers: null }),
      accountSurface({ database, clock, ...accounts, isHttps: () => false, limits: LOGIN_FAILURE_LIMITS }),
    ],
  });
  const world = new World(deps, services, accounts);
  return {
    ...{ clock, database, accounts, deps, services, server, world, hot },
    browser: () => new Browser(server),
    /** The last letter written to an address. */
    async letterTo(address: string) {
      const [row] = await database.query<{ id: string }>(
        'select id from mails where recipient = $1 order by created_at desc, id limit 1',
        [address],
      );
      return await outbox.read(database, row!.id);
    },
    async close() {
      following.stop();
      await server.close();
      accounts.access.stop();
      feed.stop();
      await testDatabase.drop();
    },
  };
}

type AccountServices = ReturnType<typeof createAccountServices>;
type Services = ReturnType<typeof createServices>;

function createServices(deps: ServiceDeps, accounts: AccountServices, mailer: Outbox, publicUrl: string) {
  const { database, ports, settings } = deps;
  const bets = new BetService({ database, ports, limits: settings.limits, legacySeconds: false });
  const players = new PlayerService(deps);
  const friends = new FriendService(deps);
  const gameReads = new GameReads(deps);
  const pregame = new PregameService(deps, { accounts: accounts.accounts, players, friends, bets, mailer, publicUrl });
  accounts.accounts.onRegistered((tx, account, arrival) => pregame.arrived(tx, account, arrival));
  accounts.signIn.onSignedIn((tx, account, arrival) => pregame.arrived(tx, account, arrival));
  return {
    ...{ bets, players, friends, gameReads, pregame },
    games: new GameService(deps),
    poolReads: new PoolReads(deps, gameReads),
    leaderboards: new LeaderboardService(deps, friends),
    statistics: new StatisticsService(deps),
    logins: new LoginService(deps, { sessions: accounts.sessions, players }),
    parkedPools: new ParkedPools(deps),
    rejectedItems: new RejectedItems(deps),
    results: new ResultService(deps),
    feed: new FeedPush(deps, new EventService(deps)),
  };
}

/** People, games, bets and settlements, made by the services. */
class World {
  readonly #deps: ServiceDeps;
  readonly #services: Services;
  readonly #accounts: AccountServices;
  #names = 0;

  constructor(deps: ServiceDeps, services: Services, accounts: AccountServices) {
    this.#deps = deps;
    this.#services = services;
    this.#accounts = accounts;
  }

  /** Registered through predictions, so with a grant of 1000.00. */
  async player(username = `player${++this.#names}`, grants: readonly Grant[] = []): Promise<Person> {
    const { account } = await this.#accounts.accounts.register(
      { username, email: `${username}@example.org`, password: PASSWORD, arrival: { through: 'predictions' } },
      async () => undefined,
    );
    if (grants.length > 0) await this.#accounts.accounts.setGrants(account.id, grants, null);
    return personOf({ ...account, grants: new Set(grants) });
  }

  async source(admin: Person): Promise<string> {
    const principal = { ...admin.principal, grants: new Set<Grant>(['predictions.developer']) };
    return (await new SourceService(this.#deps).open(principal, { name: 'Liga', description: null })).body.source_id;
  }

  /** A game of chile and peru: opened and live, or `created`, or opened with its live start an hour ahead. */
  async game(admin: Person, sourceId: string, stage: 'live' | 'pre_game' | 'created' = 'live', type = 'football') {
    const now = this.#deps.ports.clock.now();
    const asked = {
      ...{ sourceId, type, name: 'Chile - Peru', currency: 'DON', hashtag: null, imageUrl: null },
      ...{ actions: ['goal'], targets: ['chile:11', 'chile:7', 'peru:4'] },
      ...{ openAt: null, closeAt: null, liveFinishAt: null, liveStartAt: stage === 'pre_game' ? now + 3_600_000 : now },
    };
    const { games } = this.#services;
    const { body } = await (stage === 'created'
      ? games.create(admin.principal, asked)
      : games.createAndOpen(admin.principal, asked));
    return String(body.game_id);
  }

  /** A pool of chile and peru on goals, of type 1. */
  async pool(gameId: string, changes: { isBlocked?: boolean; targets?: readonly string[] } = {}): Promise<string> {
    const { clock, ids } = this.#deps.ports;
    const poolId = ids.uuid();
    const pool = {
      ...{ poolId, gameId, description: 'Who scores next?', type: 1 as PoolType, actionId: 'goal', targetLevel: 1 },
      ...{ targets: addTargets([], changes.targets ?? ['Chile', 'Peru']), recreateOnEnd: false, recreatedFrom: null },
      ...{ state: 'open' as const, startAt: clock.now(), finishAt: null, stopAcceptingBetsAt: null, isHot: false },
      ...{
        isBlocked: changes.isBlocked ?? false,
        blockedAt: null,
        allowedAt: null,
        pendingBlockAt: null,
        pendingAllowAt: null,
      },
    };
    await this.#deps.database.transaction('test.pool', (tx) =>
      insertPools(tx, this.#deps.timers, [pool], { isAnnounced: true, expiryGraceMs: 0 }),
    );
    return poolId;
  }

  bet(person: Pick<Person, 'id'>, poolId: string, target: string, amount: number) {
    const bet: NewBet = { userId: person.id, poolId, target, amount, clientRef: null, kind: 'live' };
    return this.#services.bets.place(bet);
  }

  /** Resolves a pool; bets placed at `lateFrom` or later are late. */
  async settle(poolId: string, winningTarget: string | null, lateFrom: number | null = null): Promise<void> {
    const { database, ports, timers } = this.#deps;
    await database.transaction('test.settle', async (tx) => {
      const [row] = await tx.query<{ game_id: string }>('select game_id from predictions_pools where id = $1', [
        poolId,
      ]);
      const game = await readGame(tx, row!.game_id);
      const happenedAt = lateFrom ?? Number.MAX_SAFE_INTEGER;
      const ending: PoolEnding =
        winningTarget === null ? { kind: 'void' } : { kind: 'event', winningTarget, happenedAt };
      const verdict = { ending, decidedBy: null, game, step: { id: poolId } };
      await settleInTransaction({ ports, timers, expiryGraceMs: 0 }, tx, poolId, verdict);
    });
  }
}

function personOf(account: Pick<Account, 'id' | 'number' | 'username' | 'grants'>): Person {
  const { id, number, username, grants } = account;
  const principal: AccountPrincipal = {
    ...{ kind: 'account', accountId: id, number, username, grants },
    ...{ sessionId: null, via: 'im_user', address: '127.0.0.1' },
  };
  return { id, username, principal };
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Keeps cookies as a browser does. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #server: TestServer;

  constructor(server: TestServer) {
    this.#server = server;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  /** Sends `_xsrf` along, as the documented clients do. */
  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, { 'x-xsrftoken': this.cookies.get('_xsrf') ?? '', ...headers });
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const isForm = body instanceof URLSearchParams;
    const response = await this.#server.fetch(path, {
      method,
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    this.#keep(response.headers.getSetCookie());
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Answer['body']),
    };
  }

  async login(username: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return await this.post('/r/login/', { username, password: PASSWORD, ...more });
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const { name, value, maxAge } = parseSetCookie(line);
      if (maxAge === 0 || value === undefined) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}
