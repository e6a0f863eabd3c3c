import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HotCache } from '../cache/hot.ts';
import { DomainError, NotFound, TooMany, Unavailable } from '../errors.ts';
import { limitAddress } from './address.ts';
import { ERROR_CODES } from './codes.ts';
import { presentError, retryAfterSeconds, toDomainError } from './errors.ts';
import { exchangeOf } from './exchange.ts';
import { answerStale } from './hot-routes.ts';
import { addLimitHeaders, forAddress, type Limit, type MemoryLimits } from './limits.ts';
import { isBelow, type Mounts } from './mounts.ts';
import { replyReady } from './ready.ts';
import type { RouteTable } from './routes.ts';
import type { Site } from './site.ts';

export interface AnswerParts {
  mounts: Mounts;
  routes: RouteTable;
  hot: HotCache;
  site: Site;
  hotLimits: MemoryLimits;
  /** The limit of unknown paths; null = none. */
  unknownLimit: Limit | null;
}

/** Any error in the form of the surface it happened on (PF-05, PF-60); what nobody foresaw is logged with the request's id and told nobody. */
export function answerError(
  parts: AnswerParts,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const error = toDomainError(thrown);
  const exchange = exchangeOf(request.raw);
  const context = { requestId: exchange.id, method: request.method, path: exchange.path };
  if (error.code === ERROR_CODE_UNFORESEEN) request.log.error({ err: thrown, ...context }, 'a request failed');
  else if (error.status >= 500) request.log.warn({ err: thrown, ...context }, 'a request could not be served');
  if (answerStale(parts.hot, error, request, reply)) return reply;
  const surface = parts.mounts.ownerOf(decoded(exchange.path))?.surface;
  const presented = presentError(error, {
    present: surface?.presentError?.bind(surface),
    request,
    requestId: exchange.id,
    path: exchange.asked,
  });
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) reply.header('Retry-After', retryAfter);
  reply.code(presented.status).headers({ 'Cache-Control': 'no-store', ...presented.headers });
  reply.type(presented.contentType ?? 'application/json; charset=utf-8');
  // As text, past the route's response schemas: the form of an error is the surface's own.
  return reply.send(typeof presented.body === 'string' ? presented.body : JSON.stringify(presented.body));
}

const ERROR_CODE_UNFORESEEN = 'internal_error' satisfies keyof typeof ERROR_CODES;

/** Nothing is at the path for this method: the console's page, 405 or 404 (PF-60, PF-61). */
export function answerUnknown(parts: AnswerParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { address, path, id } = exchangeOf(request.raw);
  request.principal = { kind: 'anonymous', address };
  limitUnknown(parts, address, reply);
  const plain = decoded(path);
  const mount = parts.mounts.ownerOf(plain);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const allowed = mount?.page ? ['GET', 'HEAD'] : parts.routes.methodsAt(plain);
  if (allowed.length > 0 && !allowed.includes(request.method)) {
    reply.header('Allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return reply.code(204).send();
    throw new DomainError(405, 'method_not_allowed', `Method ${request.method} is not allowed here.`, {
      allow: allowed,
    });
  }
  const page = mount?.page
    ? accepts(request, true)
    : mount === null && !isBelow(plain, '/api') && accepts(request, false);
  if (reads && page) {
    if (parts.site.index) return replyReady(request, reply, parts.site.index);
    throw new Unavailable('unavailable', 'The console is not built yet.', 5000);
  }
  request.log.debug({ requestId: id, path }, 'unknown path');
  throw new NotFound('not_found', 'Nothing is here.');
}

function limitUnknown({ unknownLimit, hotLimits }: AnswerParts, address: string, reply: FastifyReply): void {
  if (unknownLimit === null) return;
  const taken = hotLimits.take(`unknown|${limitAddress(address)}`, forAddress(unknownLimit));
  const headers: string[] = [];
  addLimitHeaders(headers, taken);
  for (let index = 0; index < headers.length; index += 2) reply.header(headers[index]!, headers[index + 1]);
  if (!taken.allowed) throw new TooMany('rate_limited', 'Too many requests.', taken.resetMs);
}

/** Whether a page is wanted: said outright, or (`loosely`) not ruled out. */
function accepts(request: FastifyRequest, loosely: boolean): boolean {
  const accept = request.headers.accept ?? '*/*';
  return accept.includes('text/html') || (loosely && accept.includes('*/*'));
}

/** Routes match the decoded path, so ownership is decided on it too. */
function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** What Node cannot read as HTTP, by the parser's code. No path is known, so the form is the platform's. */
const MALFORMED: Readonly<Record<string, keyof typeof ERROR_CODES>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** Answers a connection whose bytes are no HTTP request, and ends it. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = MALFORMED[error.code ?? ''] ?? 'bad_request';
  const { status, title } = ERROR_CODES[code];
  const body = JSON.stringify({ type: `/docs/errors#${code}`, title, status, code });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
