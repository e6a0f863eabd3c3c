import type { AddressInfo } from 'node:net';
import { accountSurface } from './accounts/http.ts';
import { LOGIN_FAILURE_LIMITS } from './accounts/failures.ts';
import type { LoadedSettings } from './config/settings.ts';
import { asset } from './config/asset.ts';
import { ConsumerRunner } from './events/consumers.ts';
import { frontSurface } from './http/front.ts';
import { IdempotencyKeys } from './http/idempotency.ts';
import { RedisLimits } from './http/limits.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { loadSite, type Site } from './http/site.ts';
import type { Surface } from './http/types.ts';
import { createUpgradeDispatcher } from './http/upgrades.ts';
import type { ModuleDefinition, ModuleParts } from './module.ts';
import { asyncapiDocument } from './observability/asyncapi.ts';
import { observabilitySurface } from './observability/surface.ts';
import { registerPlatformMetrics } from './observability/platform-metrics.ts';
import { createOverview, type Overview, overviewSurface } from './overview.ts';
import type { Platform } from './platform.ts';
import { Unauthenticated } from './errors.ts';
import { createNativeWire, type NativeWire } from './realtime/native.ts';
import { type EventStreams, registerEventStream } from './realtime/sse.ts';
import { listPendingMigrations } from './platform.ts';
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

/** Puts the modules on a platform, starts what its roles ask for and listens. */
export async function startServer(platform: Platform, loaded: LoadedSettings, definitions: readonly ModuleDefinition[]): Promise<RunningServer> {
  const { settings, ports } = platform;
  const modules = new Map(definitions.map((definition) => [definition.name, definition.create(platform, loaded.module(definition.name, definition.settings))]));
  const parts = [...modules.values()];
  for (const part of parts) {
    platform.authority.define(part.actions);
    platform.topics.define(part.topics ?? []);
  }
  const consumers = startableConsumers(platform, parts);
  const late: Late = {};
  const native = nativeWire(platform, late);
  const upgrades = createUpgradeDispatcher([native.route, ...parts.flatMap((part) => part.upgrades ?? [])], { log: ports.log });
  const site = loadSite(asset('console/dist'));
  const idempotency = new IdempotencyKeys({ database: platform.database, secrets: platform.secrets, ports });
  const { metrics, hot, authority, accounts } = platform;
  const http = await createHttpServer({
    ...{ ports, settings, version: platform.version, metrics, hot, site, authority, idempotency },
    authenticate: (request) => accounts.authenticator.authenticate(request),
    checkCsrf: (request, principal) => accounts.authenticator.checkCsrf(request, principal),
    moved: settings.MOUNTS,
    limitStore: platform.redis ? new RedisLimits({ redis: platform.redis, clock: ports.clock, log: ports.log }) : undefined,
    upgrade: (request, socket, head) => upgrades.dispatch(request, socket, head),
    surfaces: [...platformSurfaces(platform, { site, late, parts, overview: createOverview(platform, definitions, modules) }), ...parts.flatMap((part) => part.surfaces)],
  });
  late.http = http;
  registerPlatformMetrics(platform, { native: native.server, consumers });

  await accounts.access.start(platform.feed);
  await platform.presence.start();
  for (const part of parts) await part.start?.();
  for (const consumer of consumers) consumer.start();
  const upkeep = new Upkeep(platform, [() => idempotency.purge()]);
  if (settings.ROLES.includes('worker')) {
    platform.timers.start();
    platform.outbox.start();
    upkeep.start();
  }
  const address = await http.listen();
  return {
    ...{ platform, http, address, consumers, modules },
    stop: async () => {
      // The rest of it is for flushing and for the database.
      const graceMs = settings.SHUTDOWN_GRACE_MS * 0.8;
      upgrades.stop();
      late.streams?.close();
      await Promise.all([http.finish(graceMs), native.server.close(graceMs), ...parts.map((part) => part.stop?.(graceMs))]);
      upkeep.stop();
      await Promise.all([platform.timers.stop(), platform.outbox.stop(), ...consumers.map((consumer) => consumer.stop())]);
      accounts.access.stop();
      await platform.presence.stop();
      await http.close();
      await platform.close();
    },
  };
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

/** Paths of the platform itself (9.1). */
function platformSurfaces(
  platform: Platform,
  { site, late, parts, overview }: { site: Site; late: Late; parts: readonly ModuleParts[]; overview: () => Promise<Overview> },
): Surface[] {
  const { settings, ports, database, feed, topics, authority, sockets, version } = platform;
  return [
    frontSurface({ site, front: async () => ({ name: 'greenroom', ...(await overview()) }) }),
    overviewSurface(overview),
    observabilitySurface({
      checks: readinessChecks(platform),
      metrics: platform.metrics,
      metricsToken: settings.METRICS_TOKEN,
      stopping: () => late.http?.stopping ?? false,
      openapi: () => late.http!.openapi(),
      asyncapi: () => asyncapiDocument({ version, publicUrl: settings.PUBLIC_URL, topics: parts.flatMap((part) => part.describedTopics ?? []) }),
    }),
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
      const runner = new ConsumerRunner({ definition, ports: platform.ports, database: platform.database, owner: platform.processId });
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
    bus: async () => (platform.settings.REDIS_URL === null ? 'in memory' : platform.bus.healthy() ? 'redis' : 'redis is away'),
  };
}
