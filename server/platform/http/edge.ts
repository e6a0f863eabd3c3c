import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { HotCache, ReadyAnswer } from '../cache/hot.ts';
import type { RequestSeries, RequestTimes } from '../observability/request-times.ts';
import type { Random } from '../ports.ts';
import { type Addresses, limitAddress } from './address.ts';
import type { Cors } from './cors.ts';
import { beginExchange, createRequestIds } from './exchange.ts';
import { addLimitHeaders, forAddress, type Limit, type MemoryLimits } from './limits.ts';
import type { Mounts } from './mounts.ts';
import { writeReady } from './ready.ts';
import type { RouteTable } from './routes.ts';
import { DATA_POLICY } from './security-headers.ts';
import type { Site } from './site.ts';

/** What stands before the routes. */
export interface EdgeParts {
  addresses: Addresses;
  mounts: Mounts;
  hot: HotCache;
  site: Site;
  cors: Cors;
  routes: RouteTable;
  /** Headers of every answer, name, value, ... */
  security: readonly string[];
  requests: RequestTimes;
  /** Counts of ready answers stay in this process: asking Redis would cost more than the answer. */
  hotLimits: MemoryLimits;
  /** The limit of ready answers; null = none. */
  hotLimit: Limit | null;
  random: Random;
  /** True while the server stops: connections are not kept. */
  stopping(): boolean;
}

/**
 * The first thing a request meets: id (PF-03), aliases and moved mounts (PF-60), ready answers (PF-07), preflights and the headers of every
 * answer (PF-09). What is left goes to `next`.
 */
export function createEdge(parts: EdgeParts, next: RequestListener): RequestListener {
  const idOf = createRequestIds(parts.random);
  const ready = createReadyWriter(parts);
  return (request, response) => {
    const startedAt = performance.now();
    const url = originForm(request);
    const query = url.indexOf('?');
    const asked = query < 0 ? url : url.slice(0, query);
    const rewritten = parts.mounts.rewrite(asked);
    const path = rewritten.length > 1 && rewritten.endsWith('/') ? rewritten.slice(0, -1) : rewritten;
    const key = query < 0 ? path : path + url.slice(query);
    const id = idOf(request);
    const address = parts.addresses.of(request);
    if (request.method === 'GET' || request.method === 'HEAD') {
      const answer = parts.hot.get(key) ?? parts.site.find(asked);
      if (answer && ready(request, response, { answer, path, id, address, startedAt })) return;
    }
    if (rewritten !== asked) request.url = query < 0 ? rewritten : rewritten + url.slice(query);
    setHeaders(response, parts.security);
    response.setHeader('Content-Security-Policy', DATA_POLICY);
    response.setHeader('X-Request-Id', id);
    if (parts.stopping()) response.setHeader('Connection', 'close');
    if (request.method === 'OPTIONS' && isPreflight(request)) return answerPreflight(parts, request, response, path);
    setHeaders(response, parts.cors.headers(request, path));
    beginExchange(request, { id, address, asked, path, key, startedAt });
    next(request, response);
  };
}

interface ReadyRequest {
  answer: ReadyAnswer;
  path: string;
  id: string;
  address: string;
  startedAt: number;
}

/** What is the same for every request that an answer serves, computed once. */
interface Prepared {
  /** Headers of the answer with those of every answer. */
  headers: readonly string[];
  /** By method and status. */
  series: Map<string, RequestSeries>;
}

/** Writes ready answers; false when the sender is over the limit, then the routes refuse him in the form of the surface. */
function createReadyWriter(parts: EdgeParts) {
  const { hotLimit, hotLimits, cors } = parts;
  const addressLimit = hotLimit && forAddress(hotLimit);
  const prepared = new WeakMap<ReadyAnswer, Prepared>();
  const prepare = (answer: ReadyAnswer): Prepared => {
    const fresh = { headers: [...parts.security, ...answer.headers], series: new Map<string, RequestSeries>() };
    prepared.set(answer, fresh);
    return fresh;
  };
  return (request: IncomingMessage, response: ServerResponse, asked: ReadyRequest): boolean => {
    const { answer } = asked;
    const { headers, series } = prepared.get(answer) ?? prepare(answer);
    const own = ['X-Request-Id', asked.id];
    if (addressLimit) {
      const taken = hotLimits.take(limitAddress(asked.address), addressLimit);
      if (!taken.allowed) return false;
      addLimitHeaders(own, taken);
    }
    if (request.headers.origin !== undefined) own.push(...cors.headers(request, asked.path));
    if (parts.stopping()) own.push('Connection', 'close');
    const status = writeReady(request, response, answer, headers.concat(own));
    const outcome = status === 200 ? request.method! : `${request.method} ${status}`;
    let counted = series.get(outcome);
    if (!counted) {
      counted = parts.requests.series(request.method!, answer.route, status);
      series.set(outcome, counted);
    }
    counted.add((performance.now() - asked.startedAt) / 1000);
    return true;
  };
}

/** The request target as a path, also when a proxy sent it in absolute form. */
export function originForm(request: IncomingMessage): string {
  const url = request.url ?? '/';
  if (url.startsWith('/')) return url;
  const parsed = URL.parse(url);
  request.url = parsed ? parsed.pathname + parsed.search : '/';
  return request.url;
}

function setHeaders(response: ServerResponse, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) response.setHeader(headers[index]!, headers[index + 1]!);
}

function isPreflight(request: IncomingMessage): boolean {
  return request.headers.origin !== undefined && request.headers['access-control-request-method'] !== undefined;
}

function answerPreflight(parts: EdgeParts, request: IncomingMessage, response: ServerResponse, path: string): void {
  setHeaders(response, parts.cors.preflight(request, path, parts.routes.methodsAt(path)));
  response.writeHead(204);
  response.end();
}
