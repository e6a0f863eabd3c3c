import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Invalid } from '../errors.ts';
import { exchangeOf } from './exchange.ts';
import { digestRequest, type IdempotencyKeys, type RunningTry, type StoredAnswer } from './idempotency.ts';

const ACCEPTED_KEY = /^[\x20-\x7e]{1,128}$/;

/** Refusals that a later try with the same key may outlive. */
const PASSING_STATUSES = new Set([401, 408, 429]);

/** Headers that belong to the answer; the edge adds its own to a repeat as well. Lower case. */
const KEPT_HEADERS = new Set([
  'content-type',
  'location',
  'etag',
  'cache-control',
  'set-cookie',
  'link',
  'content-disposition',
]);

const running = new WeakMap<FastifyRequest, RunningTry>();

/** Honours `Idempotency-Key` on the routes of a surface (PF-06, PF-75). */
export function addIdempotency(scope: FastifyInstance, keys: IdempotencyKeys): void {
  scope.addHook('preHandler', async (request, reply) => {
    const idempotent = request.routeOptions.config.idempotent ?? request.method === 'POST';
    const key = request.headers['idempotency-key'];
    if (!idempotent || key === undefined) return;
    if (typeof key !== 'string' || !ACCEPTED_KEY.test(key)) {
      throw new Invalid('invalid_idempotency_key', 'Idempotency-Key must have 1 to 128 printable characters.');
    }
    const { principal } = request;
    const begun = await keys.begin({
      scope: principal.kind === 'account' ? `account:${principal.accountId}` : `address:${request.address}`,
      method: request.method,
      path: exchangeOf(request.raw).path,
      key,
      digest: await digestRequest(request.query, request.body),
      marks: idempotent === 'marked' || idempotent === 'repeatable',
    });
    if (begun.kind === 'answer') {
      await replay(reply, begun.answer);
      return;
    }
    running.set(request, begun.running);
    request.idempotency = begun.running;
  });

  scope.addHook('onSend', async (request, reply, payload) => {
    const one = running.get(request);
    if (!one) return payload;
    running.delete(request);
    const body = payload === null || payload === undefined ? Buffer.alloc(0) : asBytes(payload);
    if (body === null || reply.statusCode >= 500 || PASSING_STATUSES.has(reply.statusCode)) await one.release();
    else await one.keep({ status: reply.statusCode, headers: keptHeaders(reply), body: body.toString('base64') });
    return payload;
  });
}

function asBytes(payload: unknown): Buffer | null {
  if (typeof payload === 'string') return Buffer.from(payload);
  return payload instanceof Uint8Array ? Buffer.from(payload) : null;
}

function keptHeaders(reply: FastifyReply): StoredAnswer['headers'] {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && KEPT_HEADERS.has(name.toLowerCase()))
      kept[name] = Array.isArray(value) ? value : String(value);
  }
  return kept;
}

function replay(reply: FastifyReply, answer: StoredAnswer): FastifyReply {
  reply.code(answer.status).headers(answer.headers).header('Idempotency-Replayed', 'true');
  return answer.body === '' ? reply.send() : reply.send(Buffer.from(answer.body, 'base64'));
}
