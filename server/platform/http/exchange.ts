import type { IncomingMessage } from 'node:http';
import type { Random } from '../ports.ts';

/** What the edge knows of a request before anything else looks at it. */
export interface Exchange {
  /** PF-03. */
  readonly id: string;
  readonly address: string;
  /** Path as asked, for answers that name it. */
  readonly asked: string;
  /** Path as routes know it: aliases and moved mounts translated, one trailing slash dropped. */
  readonly path: string;
  /** Path and query, the name of a ready answer. */
  readonly key: string;
  /** `performance.now()` at arrival. */
  readonly startedAt: number;
}

const exchanges = new WeakMap<IncomingMessage, Exchange>();

export function beginExchange(request: IncomingMessage, exchange: Exchange): void {
  exchanges.set(request, exchange);
}

/** The exchange of a request that came through the edge. */
export function exchangeOf(request: IncomingMessage): Exchange {
  const exchange = exchanges.get(request);
  if (!exchange) throw new Error('a request came past the edge');
  return exchange;
}

const ACCEPTED_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Gives every request an id: the sender's when it is well-formed, else one of our own, unique among all processes and starts (PF-03). */
export function createRequestIds(random: Random): (request: IncomingMessage) => string {
  const prefix = random.bytes(9).toString('base64url');
  let count = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (given !== undefined && typeof given === 'string' && ACCEPTED_ID.test(given)) return given;
    return `${prefix}-${(count++).toString(36)}`;
  };
}
