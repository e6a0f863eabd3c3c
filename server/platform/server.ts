import type { AddressInfo } from 'node:net';
import type { Redis } from 'ioredis';
import { LOGIN_FAILURE_LIMITS } from './accounts/failures.ts';
import { accountSurface } from './accounts/http.ts';
import { asset } from './config/asset.ts';
import type { LoadedSettings } from './config/settings.ts';
import { Unauthenticated } from './errors.ts';
import { ConsumerRunner } from './events/consumers.ts';
import { frontSurface } from './http/front.ts';
import { IdempotencyKeys } from './http/idempotency.ts';
import { RedisLimits } from './http/limits.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { loadSite, type Site } from './http/site.ts';
import type { Surface } from './http/types.ts';
import { createUpgradeDispatcher, type UpgradeDispatcher } from './http/upgrades.ts';
import type { ModuleDefinition, ModuleParts } from './module.ts';
import { asyncapiDocument } from './observability/asyncapi.ts';
import { registerPlatformMetrics } from './observability/platform-metrics.ts';
import { observabilitySurface } from './observability/surface.ts';
import { createOverview, type Overview, overviewSurface } from './overview.ts';
import type { Platform } from './platform.ts';
import { listPendingMigrations } from './platform.ts';
import { createNativeWire, type NativeWire } from './realtime/native.ts';
import { type EventStreams, registerEventStream } from './realtime/sse.ts';
import { Upkeep } from './upkeep.ts';

/** A running server. */
export interface RunningServer {
  readonly platform: Platform;
  readonly http: HttpServer;
  readonly address: AddressInfo;
  readonly consumers: readonly ConsumerRunner[];
  readonly modules: ReadonlyMap<string, ModuleParts>;
  /** Stops accepting, finishes requests, closes sockets with 1012, flushes, frees the database; at most `SHUTDOWN_GRACE_MS` (platform 1). */
  stop(): Promise<void>;
}

/** What is made after something that already refers to it. */
interface Late {
  http?: HttpServer;
  streams?: EventStreams;
}

/**
 * Puts the modules on a platform, starts what its roles ask for and listens. When that fails, what was started is stopped and the platform closed.
 * @throws StartFault when it cannot listen, or a mount is not possible.
 */
export async function startServer(
  platform: Platform,
  loaded: LoadedSettings,
  definitions: readonly ModuleDefinition[],
): Promise<RunningServer> {
  try {
    const made = await compose(platform, loaded, definitions);
    const stop = () => stopAll(platform, made);
    try {
      await startAll(platform, made);
      const { http, consumers, modules } = made;
      return { ...{ platform, http, consumers, modules }, address: await http.listen(), stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await platform.close();
    throw error;
  }
}

/** What a server is made of. */
interface Made {
  modules: ReadonlyMap<string, ModuleParts>;
  http: HttpServer;
  native: NativeWire;
  upgrades: UpgradeDispatcher;
  consumers: readonly ConsumerRunner[];
  upkeep: Upkeep;
  late: Late;
}

/** Puts everything together; nothing runs yet. */
async function compose(
  platform: Platform,
  loaded: LoadedSettings,
  definitions: readonly ModuleDefinition[],
): Promise<Made> {
  const { settings, ports } = platform;
  const modules = new Map(
    definitions.map((definition) => [
      definition.name,
      definition.create(platform, loaded.module(definition.name, definition.settings)),
    ]),
  );
  const parts = [...modules.values()];
  for (const part of parts) {
    platform.authority.define(part.actions);
    platform.topics.define(part.topics ?? []);
  }
  const consumers = startableConsumers(platform, parts);
  const late: Late = {};
  const native = nativeWire(platform, late);
  // A process without the role still answers probes and scrapes (platform 1, "Roles").
  const serves = settings.ROLES.includes('api');
  const routes = serves ? [native.route, ...parts.flatMap((part) => part.upgrades ?? [])] : [];
  const upgrades = createUpgradeDispatcher(routes, { log: ports.log });
  const site = loadSite(asset('console/dist'));
  const idempotency = new IdempotencyKeys({ database: platform.database, secrets: platform.secrets, ports });
  const { metrics, hot, authority, accounts } = platform;
  const http = await createHttpServer({
    ...{ ports, settings, version: platform.version, metrics, hot, site, authority, idempotency },
    authenticate: (request) => accounts.authenticator.authenticate(request),
    checkCsrf: (request, principal) => accounts.authenticator.checkCsrf(request, principal),
    moved: settings.MOUNTS,
    limitStore: platform.redis ? redisLimits(platform, platform.redis) : undefined,
    upgrade: (request, socket, head) => upgrades.dispatch(request, socket, head),
    surfaces: [
      observability(platform, late, parts),
      ...(serves
        ? platformSurfaces(platform, { site, late, overview: createOverview(platform, definitions, modules) })
        : []),
      ...(serves ? parts.flatMap((part) => part.surfaces) : []),
    ],
  });
  late.http = http;
  registerPlatformMetrics(platform, { native: native.server });
  const upkeep = new Upkeep(platform, [() => idempotency.purge()]);
  return { modules, http, native, upgrades, consumers, upkeep, late };
}

async function startAll(platform: Platform, { modules, consumers, upkeep }: Made): Promise<void> {
  await upkeep.prepare();
  await platform.accounts.access.start(platform.feed);
  await platform.presence.start();
  for (const part of modules.values()) await part.start?.();
  for (const consumer of consumers) consumer.start();
  if (!platform.settings.ROLES.includes('worker')) return;
  platform.timers.start();
  platform.outbox.start();
  upkeep.start();
}

/** Never fails: each part is stopped whatever became of the others, also while the database is away. */
async function stopAll(
  platform: Platform,
  { modules, http, native, upgrades, consumers, upkeep, late }: Made,
): Promise<void> {
  // The rest of it is for flushing and for the database.
  const graceMs = platform.settings.SHUTDOWN_GRACE_MS * 0.8;
  const { log } = platform.ports;
  const together = async (part: string, ...steps: (() => Promise<unknown> | undefined)[]) => {
    const outcomes = await Promise.allSettled(steps.map(async (step) => await step()));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') log.warn({ err: outcome.reason, part }, 'could not be stopped cleanly');
  };
  upgrades.stop();
  late.streams?.close();
  const goodbyes = [...modules.values()].map((part) => () => part.stop?.(graceMs));
  await together(
    'connections',
    () => http.finish(graceMs),
    () => native.server.close(graceMs),
    ...goodbyes,
  );
  upkeep.stop();
  const { timers, outbox, presence, accounts } = platform;
  await together(
    'background work',
    () => timers.stop(),
    () => outbox.stop(),
    ...consumers.map((consumer) => () => consumer.stop()),
  );
  accounts.access.stop();
  await together('presence', () => presence.stop());
  await together('server', () => http.close());
  await together('platform', () => platform.close());
}

/** Counts of an installation are its own, also when several share a Redis. */
function redisLimits({ ports: { clock, log }, feed }: Platform, redis: Redis): RedisLimits {
  return new RedisLimits({ redis, clock, log, prefix: `greenroom:${feed.epoch}:limit:` });
}

/** The native realtime protocol (PF-23). Bearer tokens for it come with scoped tokens (PF-15). */
function nativeWire(platform: Platform, late: Late): NativeWire {
  const { database, feed, topics, authority, presence, sockets, accounts } = platform;
  return createNativeWire({
    ...{ ...sockets, database, feed, topics, authority, presence },
    authenticate: (request) => accounts.authenticator.authenticateHeaders(request.headers, sockets.addressOf(request)),
    verifyToken: async () => {
      throw new Unauthenticated('unauthenticated', 'This token is not accepted here.');
    },
    isAllowedOrigin: (origin, host) => origin !== undefined && late.http!.cors.isAllowed(origin, host),
  });
}

/** Probes, metrics and descriptions: of every process, whatever its roles (PF-02). */
function observability(platform: Platform, late: Late, parts: readonly ModuleParts[]): Surface {
  const { settings, version } = platform;
  return observabilitySurface({
    checks: readinessChecks(platform),
    metrics: platform.metrics,
    metricsToken: settings.METRICS_TOKEN,
    stopping: () => late.http?.stopping ?? false,
    openapi: () => late.http!.openapi(),
    asyncapi: () =>
      asyncapiDocument({
        version,
        publicUrl: settings.PUBLIC_URL,
        topics: parts.flatMap((part) => part.describedTopics ?? []),
      }),
  });
}

/** Paths of the platform itself (9.1). */
function platformSurfaces(
  platform: Platform,
  { site, late, overview }: { site: Site; late: Late; overview: () => Promise<Overview> },
): Surface[] {
  const { ports, database, feed, topics, authority, sockets, accounts } = platform;
  return [
    frontSurface({ site, front: async () => ({ name: 'greenroom', ...(await overview()) }) }),
    overviewSurface(overview),
    accountSurface({
      ...{ database, clock: ports.clock, ...platform.accounts },
      isHttps: (request) => late.http!.isSecure(request.raw),
      limits: LOGIN_FAILURE_LIMITS,
    }),
    {
      owner: 'platform',
      paths: ['=/events/stream'],
      routes: (app) => {
        late.streams = registerEventStream(app, {
          ...{ ...sockets, database, feed, topics, authority, ports },
          authenticate: (request) => accounts.authenticator.authenticate(request),
          isAllowedOrigin: (origin, host) => origin !== undefined && late.http!.cors.isAllowed(origin, host),
        });
      },
    },
  ];
}

/** The durable consumers this process has the role for, woken by events and timers of this process and by what the bus brings. */
function startableConsumers(platform: Platform, parts: readonly ModuleParts[]): ConsumerRunner[] {
  const consumers = parts
    .flatMap((part) => part.consumers ?? [])
    .filter(({ role }) => platform.settings.ROLES.includes(role))
    .map(({ definition, onMoved }) => {
      const runner = new ConsumerRunner({
        definition,
        ports: platform.ports,
        database: platform.database,
        owner: platform.processId,
      });
      if (onMoved) runner.onMoved(onMoved);
      return runner;
    });
  platform.feed.onHint((events) => {
    for (const event of events) for (const consumer of consumers) consumer.hint(event.topic);
  });
  platform.timers.onSet((stream, dueAt) => {
    if (stream !== null) for (const consumer of consumers) consumer.hintTimer(stream, dueAt);
  });
  return consumers;
}

function readinessChecks(platform: Platform): Record<string, () => Promise<string | undefined>> {
  return {
    database: async () => {
      await platform.database.query('select 1');
      return undefined;
    },
    migrations: async () => {
      const pending = await listPendingMigrations(platform);
      if (pending.length > 0) throw new Error(`${pending.length} migrations wait`);
      return undefined;
    },
    // A bus that is away makes the installation slower, not unready: heads are compared instead (DESIGN M7).
    bus: async () =>
      platform.settings.REDIS_URL === null ? 'in memory' : platform.bus.healthy() ? 'redis' : 'redis is away',
  };
}
