import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authority, Principal } from '../accounts/types.ts';
import { TooMany } from '../errors.ts';
import { limitAddress } from './address.ts';
import { checkContentType } from './bodies.ts';
import { exchangeOf } from './exchange.ts';
import { addHotRoutes, type HotRouteParts } from './hot-routes.ts';
import type { IdempotencyKeys } from './idempotency.ts';
import { addIdempotency } from './idempotent-routes.ts';
import { checkQueryEncoding, checkText } from './input-text.ts';
import { addLimitHeaders, forAddress, type Limit, type LimitStore, type MemoryLimits, type Taken } from './limits.ts';
import { limitGroupOf } from './routes.ts';
import { createResponseCheck } from './schemas.ts';
import { pagePolicy } from './security-headers.ts';
import type { Surface } from './types.ts';

/** What every route's way needs. */
export interface PipelineParts extends HotRouteParts {
  authority: Authority;
  authenticate(request: FastifyRequest): Promise<Principal>;
  checkCsrf(request: FastifyRequest, principal: Principal): void;
  /** Null = no limits. */
  limits: LimitStore | null;
  /** Ready answers count in this process (edge.ts), and so do the requests that make them. */
  hotLimits: MemoryLimits;
  idempotency: IdempotencyKeys | null;
  /** In tests an undeclared field in an answer is an error. */
  strictResponses: boolean;
  nowMs(): number;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Header that names the fault of an answer in tests. */
export const CONTRACT_FAULT_HEADER = 'X-Contract-Fault';

/**
 * The way of a request through the edge of a surface: who (authenticate), how often (limit), may he (can), is it well-formed (text, schema), is
 * it his own wish (CSRF), was it asked before (idempotency, ready answers); then the route.
 */
export function addPipeline(
  scope: FastifyInstance,
  surface: Surface,
  groups: ReadonlyMap<string, Limit>,
  parts: PipelineParts,
): void {
  const authenticate = surface.authenticate?.bind(surface) ?? parts.authenticate;
  const checkCsrf = surface.checkCsrf?.bind(surface) ?? parts.checkCsrf;
  const limiter = createLimiter(surface, groups, parts);

  scope.addHook('onRequest', async (request, reply) => {
    const { config } = request.routeOptions;
    request.principal = { kind: 'anonymous', address: request.address };
    // A ready answer depends on nothing but the URL, so nobody has to be known for it.
    if (!config.hot) {
      try {
        request.principal = await authenticate(request);
      } catch (error) {
        await limiter.count(request, reply);
        throw error;
      }
    }
    await limiter.count(request, reply);
    if (config.action !== 'public') parts.authority.require(request.principal, config.action!, null);
    checkContentType(request);
  });

  scope.addHook('preValidation', async (request) => {
    checkText(request.params, 'path');
    checkQueryEncoding(exchangeOf(request.raw).key);
    checkText(request.query, 'query');
    checkText(request.body, 'body');
    if (!SAFE_METHODS.has(request.method) && request.routeOptions.config.csrf !== false)
      checkCsrf(request, request.principal);
  });

  scope.addHook('preHandler', async (request) => await limiter.countTry(request));
  if (parts.idempotency) addIdempotency(scope, parts.idempotency);
  addHotRoutes(scope, parts);
  if (parts.strictResponses) addResponseCheck(scope);

  scope.addHook('onSend', async (_request, reply, payload) => {
    const type = reply.getHeader('content-type');
    if (typeof payload === 'string' && typeof type === 'string' && type.startsWith('text/html')) {
      reply.header('Content-Security-Policy', pagePolicy(payload));
    }
    return payload;
  });
}

function createLimiter(surface: Surface, groups: ReadonlyMap<string, Limit>, parts: PipelineParts) {
  const refuse = (taken: Taken) =>
    new TooMany(
      'rate_limited',
      `Too many requests. Try again in ${Math.max(1, Math.ceil(taken.resetMs / 1000))} s.`,
      taken.resetMs,
    );
  return {
    /** Counts the request in its group: an account for itself, everybody else by address, 30 times as wide (platform 3, crowds). */
    async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
      if (!parts.limits) return;
      const { config } = request.routeOptions;
      const name = limitGroupOf(surface, { method: request.method, config });
      const limit = groups.get(name)!;
      const taken = await take(request, config.hot !== undefined, name, limit);
      const headers: string[] = [];
      addLimitHeaders(headers, taken);
      for (let index = 0; index < headers.length; index += 2) reply.header(headers[index]!, headers[index + 1]);
      reply.headers(surface.limitHeaders?.(taken, parts.nowMs()) ?? {});
      if (!taken.allowed) throw refuse(taken);
    },
    /** Counts a try at guessing: narrow per subject and address together, wide per address (RouteConfig.tries). */
    async countTry(request: FastifyRequest): Promise<void> {
      const { config, url } = request.routeOptions;
      if (!parts.limits || !config.tries) return;
      const subject = config.tries.subject(request);
      const address = limitAddress(request.address);
      const counts = [await parts.limits.take(`tries|${url}|${address}`, forAddress(config.tries))];
      if (subject !== null)
        counts.push(await parts.limits.take(`tries|${url}|${address}|${subject.slice(0, 320)}`, config.tries));
      const refused = counts.find((taken) => !taken.allowed);
      if (refused) throw refuse(refused);
    },
  };

  async function take(request: FastifyRequest, hot: boolean, name: string, limit: Limit): Promise<Taken> {
    const address = limitAddress(request.address);
    if (hot) return parts.hotLimits.take(address, forAddress(limit));
    const { principal } = request;
    if (principal.kind === 'account') return await parts.limits!.take(`${name}|account|${principal.accountId}`, limit);
    return await parts.limits!.take(`${name}|address|${address}`, forAddress(limit));
  }
}

function addResponseCheck(scope: FastifyInstance): void {
  const check = createResponseCheck();
  scope.addHook('preSerialization', async (request, reply, payload) => {
    const fault = check(request.routeOptions.schema?.response, reply.statusCode, payload);
    if (fault === null) return payload;
    const message = `${request.method} ${exchangeOf(request.raw).path} answers ${reply.statusCode} against its schema: ${fault}`;
    reply.header(CONTRACT_FAULT_HEADER, message.replace(/[^\x20-\x7e]/g, '?'));
    throw new Error(message);
  });
}
