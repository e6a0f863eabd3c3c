import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext } from 'node:tls';
import swagger from '@fastify/swagger';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, LogController } from 'fastify';
import type { HotCache } from '../cache/hot.ts';
import { EXIT_CONFIG, EXIT_TRY_AGAIN, StartFault } from '../config/start-fault.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Ports } from '../ports.ts';
import { createAddresses } from './address.ts';
import { type AnswerParts, answerError, answerUnknown, refuseMalformed } from './answers.ts';
import { registerBodies } from './bodies.ts';
import { type Cors, createCors } from './cors.ts';
import { Drain } from './drain.ts';
import { createEdge, type EdgeParts } from './edge.ts';
import { exchangeOf } from './exchange.ts';
import { DEFAULT_LIMITS, type Limit, type LimitStore, MemoryLimits } from './limits.ts';
import { buildMounts, type Mounts } from './mounts.ts';
import { addPipeline, type PipelineParts } from './pipeline.ts';
import { limitGroups, RouteTable, superviseRoutes } from './routes.ts';
import { createValidatorCompiler } from './schemas.ts';
import { securityHeaders } from './security-headers.ts';
import type { Site } from './site.ts';
import type { Surface } from './types.ts';
import { isWebsocketUpgrade } from './upgrades.ts';

const MIB = 1024 ** 2;

export interface HttpOptions extends Pick<PipelineParts, 'authority' | 'authenticate' | 'checkCsrf' | 'idempotency'> {
  ports: Ports;
  settings: {
    HOST: string;
    PORT: number;
    PUBLIC_URL: string;
    TRUSTED_PROXIES: readonly string[];
    CORS_ORIGINS: readonly string[];
    RATE_LIMITS: boolean;
    TLS_CERT: string | null;
    TLS_KEY: string | null;
  };
  version: string;
  surfaces: readonly Surface[];
  /** The `mount` setting: contract path -> served path (PF-01). */
  moved?: Readonly<Record<string, string>>;
  metrics: Metrics;
  hot: HotCache;
  /** The built console and docs. */
  site: Site;
  /** Where rate limits are counted; default this process. */
  limitStore?: LimitStore;
  /** Rate-limit groups that differ from their defaults, by name (`hot` for ready answers). */
  limits?: Readonly<Record<string, Limit>>;
  /** The upgrade dispatcher (PF-60). Absent: every upgrade is 404. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** In tests an undeclared field in an answer is an error. */
  strictResponses?: boolean;
}

/** The one HTTP server (PF-01). */
export interface HttpServer {
  readonly app: FastifyInstance;
  readonly server: Server;
  readonly mounts: Mounts;
  readonly routes: RouteTable;
  /** For upgrades and streams proved by a cookie (PF-64). */
  readonly cors: Cors;
  /** Who sends a request, for upgrades too. */
  addressOf(request: IncomingMessage): string;
  /** Whether a request came by HTTPS: cookies are `Secure` then (PF-64). */
  isSecure(request: IncomingMessage): boolean;
  readonly openapi: () => object;
  listen(): Promise<AddressInfo>;
  /** Reads TLS_CERT and TLS_KEY again. */
  reloadTls(): void;
  readonly stopping: boolean;
  /** Stops accepting and finishes what runs, at most `graceMs`. Sockets of websockets are not touched. */
  finish(graceMs: number): Promise<void>;
  /** Cuts what is left and frees everything. */
  close(): Promise<void>;
}

/**
 * Builds the server with all routes; it does not listen yet.
 * @throws MountFault, RouteFault when a surface or a route is not declared as the house asks
 */
export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { settings, ports, metrics, hot, site } = options;
  const mounts = buildMounts(options.surfaces, options.moved);
  const routes = new RouteTable();
  const addresses = createAddresses(settings.TRUSTED_PROXIES);
  const cors = createCors({ publicUrl: settings.PUBLIC_URL, origins: settings.CORS_ORIGINS, mounts });
  const hotLimits = new MemoryLimits(ports.clock);
  const https = settings.PUBLIC_URL.startsWith('https:');
  const server = createNodeServer(settings);
  const drain = new Drain(server);
  const unknownLimit = settings.RATE_LIMITS ? DEFAULT_LIMITS.read : null;
  const answers: AnswerParts = { mounts, routes, hot, site, hotLimits, unknownLimit };
  const edge: EdgeParts = {
    ...answers,
    addresses,
    cors,
    requests: metrics.requests,
    random: ports.random,
    hotLimit: settings.RATE_LIMITS ? (options.limits?.hot ?? DEFAULT_LIMITS.hot) : null,
    security: securityHeaders({ https }),
    stopping: () => drain.stopping,
  };
  const app = createApp(ports, answers, (handler) => server.on('request', createEdge(edge, drain.counted(handler))));
  server.on('upgrade', options.upgrade ?? refuseUpgrade);
  app.addHook('onResponse', async (request, reply) => report(metrics, request, reply));
  await app.register(swagger, { openapi: openapiHead(options) });
  await registerSurfaces(app, options, answers);
  await app.ready();
  return {
    app,
    server,
    mounts,
    routes,
    cors,
    addressOf: (request) => addresses.of(request),
    isSecure: (request) => https || addresses.secure(request),
    openapi: () => app.swagger(),
    listen: () => listen(server, settings),
    reloadTls: () => (server as Partial<TlsServer>).setSecureContext?.(readTls(settings)),
    get stopping() {
      return drain.stopping;
    },
    finish: (graceMs) => drain.finish(graceMs),
    async close() {
      drain.cut();
      await app.close();
    },
  };
}

async function registerSurfaces(app: FastifyInstance, options: HttpOptions, answers: AnswerParts): Promise<void> {
  const { authority, ports, settings } = options;
  const pipeline: PipelineParts = {
    authority,
    authenticate: options.authenticate,
    checkCsrf: options.checkCsrf,
    idempotency: options.idempotency,
    hot: options.hot,
    hotLimits: answers.hotLimits,
    limits: settings.RATE_LIMITS ? (options.limitStore ?? new MemoryLimits(ports.clock)) : null,
    strictResponses: options.strictResponses ?? false,
    nowMs: () => ports.clock.now(),
  };
  for (const surface of options.surfaces) {
    const limits = limitGroups(surface, options.limits ?? {});
    await app.register(async (scope) => {
      superviseRoutes(scope, surface, { mounts: answers.mounts, authority, table: answers.routes, limits });
      addPipeline(scope, surface, limits, pipeline);
      surface.routes(scope);
    });
  }
}

function createApp(
  ports: Ports,
  answers: AnswerParts,
  serverFactory: (handler: RequestListener) => Server,
): FastifyInstance {
  const app = fastify({
    loggerInstance: ports.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: (request) => exchangeOf(request as IncomingMessage).id,
    bodyLimit: MIB,
    return503OnClosing: false,
    // Ours is drained by drain.ts before Fastify closes.
    forceCloseConnections: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1000 },
    // Before routing nothing of ours has run: a path that cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      answerError(answers, error, request as FastifyRequest, reply as unknown as FastifyReply);
    },
    clientErrorHandler: refuseMalformed,
    serverFactory,
  }) as unknown as FastifyInstance;
  app.setErrorHandler((error, request, reply) => answerError(answers, error, request, reply));
  app.setNotFoundHandler((request, reply) => answerUnknown(answers, request, reply));
  registerBodies(app);
  app.setValidatorCompiler(createValidatorCompiler());
  app.decorateRequest('principal');
  app.decorateRequest('idempotency', null);
  app.decorateRequest('address', {
    getter() {
      return exchangeOf(this.raw).address;
    },
  });
  return app;
}

function createNodeServer(settings: HttpOptions['settings']): Server {
  const options: ServerOptions = {
    // A whole request within a minute, its headers within 20 s: slow senders must not hold connections.
    requestTimeout: 60_000,
    headersTimeout: 20_000,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: 5000,
    noDelay: true,
    // `Upgrade: h2c` and the like are answered as plain HTTP (DESIGN M11).
    shouldUpgradeCallback: isWebsocketUpgrade,
  };
  return settings.TLS_CERT === null ? createServer(options) : createTlsServer({ ...options, ...readTls(settings) });
}

/** @throws StartFault when the files cannot be read, or hold no certificate and its key. */
function readTls(settings: HttpOptions['settings']): { cert: Buffer; key: Buffer } {
  try {
    const pair = { cert: readFileSync(settings.TLS_CERT!), key: readFileSync(settings.TLS_KEY!) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new StartFault(
      EXIT_CONFIG,
      `TLS_CERT, TLS_KEY: ${(error as Error).message}; accepted: PEM files of a certificate and its key`,
      { cause: error },
    );
  }
}

function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

async function listen(server: Server, settings: { HOST: string; PORT: number }): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: settings.HOST, port: settings.PORT, backlog: 1024 }, resolve);
  await promise.catch((error: unknown) => {
    throw cannotListen(error, settings);
  });
  server.off('error', reject);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address;
}

function cannotListen(error: unknown, { HOST, PORT }: { HOST: string; PORT: number }): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const options = { cause: error };
  if (code === 'EADDRINUSE') {
    const message = `PORT: another program listens on ${HOST}:${PORT}; end it, or choose another port (0 takes a free one)`;
    return new StartFault(EXIT_TRY_AGAIN, message, options);
  }
  if (code === 'EACCES')
    return new StartFault(
      EXIT_CONFIG,
      `PORT: this user may not listen on port ${PORT}; accepted: a port from 1024`,
      options,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new StartFault(EXIT_CONFIG, `HOST: ${HOST} is no address of this machine`, options);
  return error;
}

function report(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  const exchange = exchangeOf(request.raw);
  const seconds = (performance.now() - exchange.startedAt) / 1000;
  const route = request.routeOptions.url ?? 'unknown';
  metrics.requests.series(request.method, route, reply.statusCode).add(seconds);
  request.log.debug(
    { requestId: exchange.id, method: request.method, route, status: reply.statusCode, seconds },
    'request',
  );
}

function openapiHead(options: HttpOptions) {
  return {
    openapi: '3.1.0',
    info: { title: 'Greenroom', version: options.version, description: 'Live rooms on one self-hosted server.' },
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'gr_session' },
        bearer: { type: 'http', scheme: 'bearer' },
      },
    },
  } as const;
}
