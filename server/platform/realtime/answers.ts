import { DomainError, TooMany, Unavailable } from '../errors.ts';
import { encodeJsonFrame } from './frame.ts';
import type { WireSocket } from './types.ts';

/** Sends the error of message `re`; null where the message could not be read. */
export function sendError(socket: WireSocket, re: string | number | null, error: object): void {
  socket.outlet.send(encodeJsonFrame({ re, error }));
}

/** An error as a client may see it: a domain error as it is, of anything else nothing. */
export function presentError(error: unknown): { code: string; message: string } & Record<string, unknown> {
  if (!(error instanceof DomainError)) return { code: 'internal', message: 'The server failed.' };
  const { code, message, details } = error;
  const presented = { code, message, ...(Object.keys(details).length > 0 ? { details } : {}) };
  return error instanceof TooMany || error instanceof Unavailable
    ? { ...presented, retryAfterMs: error.retryAfterMs }
    : presented;
}
