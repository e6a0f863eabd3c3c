import { connect } from 'node:net';
import { pino } from 'pino';
import { createAuthority } from '../accounts/authority.ts';
import type { Authority, Policy } from '../accounts/types.ts';
import { HotCache } from '../cache/hot.ts';
import { Metrics } from '../observability/metrics.ts';
import type { Logger, Ports } from '../ports.ts';
import { ManualClock } from '../testing/clock.ts';
import { SeededRandom } from '../testing/random.ts';
import { createHttpServer, type HttpOptions, type HttpServer } from './server.ts';
import type { Surface } from './types.ts';

/** A server with the given surfaces on a free loopback port, for tests that speak real HTTP. */
export interface TestServer extends HttpServer {
  readonly url: string;
  readonly port: number;
  readonly hot: HotCache;
  readonly metrics: Metrics;
  readonly clock: ManualClock;
  readonly authority: Authority;
  /** `fetch` without following redirects. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends JSON and reads JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
  /** Sends bytes as they are and reads until the server ends the connection. */
  raw(text: string | Uint8Array): Promise<string>;
  /** Stops the server without grace. */
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<Omit<HttpOptions, 'settings' | 'surfaces' | 'ports'>> {
  surfaces: readonly Surface[];
  settings?: Partial<HttpOptions['settings']>;
  actions?: Readonly<Record<string, Policy>>;
  log?: Logger;
  ports?: Ports & { clock: ManualClock };
  hotBytes?: number;
}

export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const random = new SeededRandom('http');
  const log = options.log ?? pino({ level: process.env.TEST_LOG ?? 'silent' });
  const ports = options.ports ?? { clock: new ManualClock(), random, ids: random, log };
  const authority = options.authority ?? createAuthority();
  authority.define(options.actions ?? {});
  const hot = options.hot ?? new HotCache({ maxBytes: options.hotBytes ?? 1e7, clock: ports.clock });
  const metrics = options.metrics ?? new Metrics({ process: false });
  const http = await createHttpServer({
    version: '0.0.0',
    site: { find: () => undefined, index: undefined },
    authenticate: async (request) => ({ kind: 'anonymous', address: request.address }),
    checkCsrf: () => undefined,
    idempotency: null,
    strictResponses: true,
    ...options,
    ...{ ports, authority, hot, metrics },
    settings: {
      ...{ HOST: '127.0.0.1', PORT: 0, PUBLIC_URL: 'http://greenroom.test', TRUSTED_PROXIES: [], CORS_ORIGINS: [] },
      ...{ RATE_LIMITS: true, TLS_CERT: null, TLS_KEY: null, ...options.settings },
    },
  });
  const { port } = await http.listen();
  const url = `http://127.0.0.1:${port}`;
  const fetchPath = async (path: string, init: RequestInit = {}) =>
    await fetch(url + path, { redirect: 'manual', ...init });
  return Object.assign(http, {
    ...{ url, port, hot, metrics, authority, clock: ports.clock },
    fetch: fetchPath,
    async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const json =
        body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
      const response = await fetchPath(path, { method, headers, ...json });
      const text = await response.text();
      const parsed: unknown =
        text === '' ? undefined : response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
      return { status: response.status, headers: response.headers, body: parsed };
    },
    raw: async (text: string | Uint8Array) => await exchangeRaw(port, text),
  });
}

async function exchangeRaw(port: number, text: string | Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.once('close', () => resolve());
  socket.once('error', reject);
  socket.write(text);
  await promise;
  return Buffer.concat(chunks).toString();
}
