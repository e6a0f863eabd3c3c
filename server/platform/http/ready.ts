import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { matchesEtag, type ReadyAnswer } from '../cache/hot.ts';

/**
 * Writes a ready answer straight to the connection (PF-07): one head, one body, nothing computed. `headers` are all of them, name, value, ...
 * Returns the status.
 */
export function writeReady(
  request: IncomingMessage,
  response: ServerResponse,
  answer: ReadyAnswer,
  headers: string[],
): number {
  const unchanged = matchesEtag(request.headers['if-none-match'], answer.etag);
  const status = unchanged ? 304 : 200;
  response.writeHead(status, headers);
  if (unchanged || request.method === 'HEAD') response.end();
  else if (answer.text === null) response.end(answer.body);
  else response.end(answer.text, 'latin1');
  return status;
}

/** The same through Fastify, for the first asker and where a route decides. */
export function replyReady(request: FastifyRequest, reply: FastifyReply, answer: ReadyAnswer): FastifyReply {
  for (let index = 0; index < answer.headers.length; index += 2)
    reply.header(answer.headers[index]!, answer.headers[index + 1]!);
  if (matchesEtag(request.headers['if-none-match'], answer.etag)) return reply.code(304).send();
  return reply.code(200).send(answer.body);
}
