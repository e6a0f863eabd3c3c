import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ACCOUNT_ACTIONS, createAuthority } from './accounts/authority.ts';
import { type AccountServices, createAccountServices } from './accounts/compose.ts';
import type { Authority } from './accounts/types.ts';
import { HotCache } from './cache/hot.ts';
import { InstallationClock } from './clock.ts';
import { asset } from './config/asset.ts';
import type { PlatformSettings } from './config/platform-settings.ts';
import { resolveSecretKey } from './config/secret-key.ts';
import { createSecrets, type Secrets } from './config/secrets.ts';
import { type Migration, pendingMigrations, readMigrations } from './database/migrate.ts';
import type { OpenDatabase } from './database/open.ts';
import type { Database, DatabaseFaults } from './database/types.ts';
import { openCurrent } from './database/upgrade.ts';
import { TopicFeed } from './events/feed.ts';
import { createMemoryBus } from './events/memory-bus.ts';
import { createRedisBus } from './events/redis-bus.ts';
import type { Bus } from './events/types.ts';
import { createAddresses } from './http/address.ts';
import { readInstallation } from './installation.ts';
import { endLeasesOfTheDead } from './jobs/leases.ts';
import { Timers } from './jobs/timers.ts';
import { MailFiles } from './mail/files.ts';
import { Outbox } from './mail/outbox.ts';
import { Metrics } from './observability/metrics.ts';
import type { Ports } from './ports.ts';
import { Connections } from './realtime/connections.ts';
import { Flusher } from './realtime/flusher.ts';
import { createPresence, type Presence } from './realtime/presence.ts';
import { DEFAULT_REALTIME_SETTINGS, type RealtimeSettings } from './realtime/settings.ts';
import type { SocketServerDeps } from './realtime/sockets.ts';
import { TopicRegistry } from './realtime/topics.ts';

const REDIS_ANSWER_LIMIT_MS = 500;

export interface PlatformOptions {
  settings: PlatformSettings;
  version: string;
  ports: Ports;
  /** Folders below `migrations` to apply: `platform` and the modules. */
  migrationOwners: readonly string[];
  /** A command beside a running server, on its embedded database. */
  attached?: boolean;
  overrides?: { faults?: DatabaseFaults; metricsOfProcess?: boolean };
}

/** The ports and services every module is given, built once (DESIGN 2). */
export interface Platform {
  readonly settings: PlatformSettings;
  readonly version: string;
  readonly ports: Ports;
  /** This process, among those that share the installation. */
  readonly processId: string;
  readonly opened: OpenDatabase;
  readonly database: Database;
  readonly migrations: readonly Migration[];
  readonly isNewInstallation: boolean;
  readonly bus: Bus;
  readonly redis: Redis | null;
  readonly feed: TopicFeed;
  readonly timers: Timers;
  readonly secrets: Secrets;
  readonly authority: Authority;
  readonly accounts: AccountServices;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly hot: HotCache;
  readonly topics: TopicRegistry;
  readonly presence: Presence;
  readonly sockets: SocketServerDeps;
  readonly realtime: RealtimeSettings;
  /** May be called again. */
  close(): Promise<void>;
}

/** Opens the database, brings its schema up to date and builds what the modules stand on. Nothing listens or runs in the background yet. */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const { settings, ports, version } = options;
  const secrets = createSecrets(resolveSecretKey(settings), settings.SECRET_KEY_PREVIOUS);
  const late: { feed?: TopicFeed } = {};
  const migrations = readMigrations(asset('server/migrations'), options.migrationOwners);
  const opened = await openCurrent({
    ...{ settings, ports, version, migrations, attached: options.attached ?? false },
    onEvents: (events) => late.feed?.committed(events),
    faults: options.overrides?.faults,
  });
  try {
    const { database } = opened;
    if (opened.embedded !== null) await endLeasesOfTheDead(database);
    if (ports.clock instanceof InstallationClock) await ports.clock.follow(database);
    const installation = await readInstallation(database, ports);
    const processId = ports.ids.uuid();
    const redis = settings.REDIS_URL === null ? null : connectRedis(settings.REDIS_URL, ports);
    const bus = await openBus(options, `greenroom:${installation.epoch}`, processId);
    const feed = new TopicFeed({ epoch: installation.epoch, database, bus, clock: ports.clock, log: ports.log });
    late.feed = feed;
    const authority = createAuthority();
    authority.define(ACCOUNT_ACTIONS);
    const outbox = createOutbox(options, database, secrets);
    const accounts = createAccountServices({
      database,
      ports,
      secrets,
      mailer: outbox,
      publicUrl: settings.PUBLIC_URL,
    });
    const metrics = new Metrics({ process: options.overrides?.metricsOfProcess ?? true });
    const sockets = createSockets(options, accounts);
    return {
      ...{ settings, version, ports, processId, opened, database, migrations, bus, redis, feed },
      ...{ secrets, authority, accounts, outbox, metrics, sockets, realtime: sockets.settings },
      isNewInstallation: installation.isNew,
      timers: new Timers({ ports, database, owner: processId }),
      hot: new HotCache({ maxBytes: settings.HOT_CACHE_BYTES, clock: ports.clock }),
      topics: new TopicRegistry(),
      presence: createPresence({ database, ports, processId }),
      async close() {
        feed.stop();
        await bus.close();
        redis?.disconnect();
        if (ports.clock instanceof InstallationClock) ports.clock.stop();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What processes tell each other by: Redis where there is one (PF-21). */
async function openBus({ settings, ports }: PlatformOptions, channel: string, processId: string): Promise<Bus> {
  if (settings.REDIS_URL === null) return createMemoryBus();
  return await createRedisBus({ url: settings.REDIS_URL, channel, processId, log: ports.log });
}

/** What every websocket wire shares; connections are cut when the access behind them ends (PF-72). */
function createSockets({ settings, ports }: PlatformOptions, accounts: AccountServices): SocketServerDeps {
  const realtime = DEFAULT_REALTIME_SETTINGS;
  const connections = new Connections(realtime);
  accounts.access.onEnded((ended) => void connections.accessEnded(ended));
  const addresses = createAddresses(settings.TRUSTED_PROXIES);
  return {
    settings: realtime,
    ...{ connections, ports },
    flusher: new Flusher({ busyFlushMs: realtime.busyFlushMs }),
    addressOf: (request) => addresses.of(request),
  };
}

/** For rate limits: whoever asks it has another way when it is away or slow, so that nobody waits for it. */
function connectRedis(url: string, { log }: Pick<Ports, 'log'>): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: REDIS_ANSWER_LIMIT_MS,
  });
  redis.on('error', (error: Error) => log.debug({ err: error.message }, 'redis'));
  return redis;
}

/** Which migrations wait, for readiness; none after a start that succeeded. */
export async function listPendingMigrations(platform: Pick<Platform, 'database' | 'migrations'>): Promise<Migration[]> {
  return await pendingMigrations(platform.database, platform.migrations);
}

function createOutbox(options: PlatformOptions, database: Database, secrets: Secrets): Outbox {
  const { settings, ports } = options;
  const from = settings.MAIL_FROM ?? `Greenroom <greenroom@${new URL(settings.PUBLIC_URL).hostname}>`;
  return new Outbox({
    database,
    ports,
    secrets,
    delivery: new MailFiles({ folder: join(settings.DATA_DIR, 'mail'), from }),
  });
}
