import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matchesEtag, type ReadyAnswer } from '../cache/hot.ts';

/**
 * Writes a ready answer straight to the connection (PF-07): one head, one body, nothing computed. `before` are headers that this request adds.
 * Returns the status.
 */
export function writeReady(
  request: IncomingMessage,
  response: ServerResponse,
  answer: ReadyAnswer,
  before: readonly string[],
): number {
  if (matchesEtag(request.headers['if-none-match'], answer.etag)) {
    response.writeHead(304, [...before, ...answer.headers]);
    response.end();
    return 304;
  }
  response.writeHead(200, [...before, ...answer.headers, 'Content-Length', String(answer.body.length)]);
  response.end(request.method === 'HEAD' ? undefined : answer.body);
  return 200;
}

/** The same through Fastify, for the first asker and where a route decides. */
export function replyReady(request: FastifyRequest, reply: FastifyReply, answer: ReadyAnswer): FastifyReply {
  for (let index = 0; index < answer.headers.length; index += 2)
    reply.header(answer.headers[index]!, answer.headers[index + 1]!);
  if (matchesEtag(request.headers['if-none-match'], answer.etag)) return reply.code(304).send();
  return reply.code(200).send(answer.body);
}
