import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type HotCache, matchesEtag, type ReadyAnswer, type Refill, readyAnswer, strongEtag } from '../cache/hot.ts';
import type { DomainError } from '../errors.ts';
import { exchangeOf } from './exchange.ts';
import { replyReady } from './ready.ts';

/** While the database is away, an answer older than this is no longer shown. */
const LONGEST_STALE_MS = 24 * 60 * 60_000;

/** Headers that belong to one request, not to the answer. Lower case. */
const PER_REQUEST =
  /^(x-request-id|ratelimit-.*|x-ratelimit-.*|retry-after|date|connection|content-length|vary|access-control-.*|cross-origin-resource-policy|x-content-type-options|x-frame-options|referrer-policy|cross-origin-opener-policy|strict-transport-security)$/;

export interface HotRouteParts {
  hot: HotCache;
}

const fills = new WeakMap<FastifyRequest, Refill>();

/** Routes with `config.hot` (PF-07): the first asker fills the cache, those who come meanwhile wait for his bytes. */
export function addHotRoutes(scope: FastifyInstance, parts: HotRouteParts): void {
  scope.addHook('preHandler', async (request, reply) => {
    const { hot } = request.routeOptions.config;
    if (!hot || request.method !== 'GET') return;
    const refill = parts.hot.begin(exchangeOf(request.raw).key, hot.tags(request));
    if (refill.kind === 'wait') {
      const answer = await refill.answer;
      if (answer) await replyReady(request, reply, answer);
      return;
    }
    fills.set(request, refill);
    // An asker who goes away, or a route that never answers, must not keep the others waiting.
    reply.raw.once('close', refill.abandon);
  });

  scope.addHook('onSend', async (request, reply, payload) => {
    const refill = fills.get(request);
    if (!refill) return payload;
    const body = typeof payload === 'string' ? Buffer.from(payload) : Buffer.isBuffer(payload) ? payload : null;
    if (reply.statusCode !== 200 || body === null || reply.hasHeader('set-cookie')) {
      refill.abandon();
      return payload;
    }
    const answer = keepable(request, reply, body);
    refill.finish(answer, request.routeOptions.config.hot!.maxAgeMs);
    if (!matchesEtag(request.headers['if-none-match'], answer.etag)) return payload;
    reply.code(304).removeHeader('content-length');
    return '';
  });
}

function keepable(request: FastifyRequest, reply: FastifyReply, body: Buffer): ReadyAnswer {
  if (!reply.hasHeader('etag')) reply.header('ETag', strongEtag(body));
  if (!reply.hasHeader('cache-control')) reply.header('Cache-Control', 'no-cache');
  const headers = Object.entries(reply.getHeaders())
    .filter(([name, value]) => value !== undefined && !PER_REQUEST.test(name.toLowerCase()))
    .flatMap(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]);
  return readyAnswer({
    body,
    etag: String(reply.getHeader('etag')),
    headers,
    route: request.routeOptions.url ?? 'unknown',
  });
}

/**
 * While the database is away a hot route answers the last bytes it knows, marked stale (DESIGN 3.2; RFC 9211). Returns false when there are none:
 * then the error is answered.
 */
export function answerStale(hot: HotCache, error: DomainError, request: FastifyRequest, reply: FastifyReply): boolean {
  if (error.status !== 503 || !request.routeOptions.config.hot) return false;
  fills.get(request)?.abandon();
  fills.delete(request);
  const last = hot.last(exchangeOf(request.raw).key);
  if (!last || last.ageMs > LONGEST_STALE_MS) return false;
  reply.header('Age', Math.floor(last.ageMs / 1000)).header('Cache-Status', 'greenroom; hit; detail=stale');
  replyReady(request, reply, last.answer);
  return true;
}
