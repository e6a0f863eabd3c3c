import { Invalid } from '../errors.ts';
import type { Position } from '../events/types.ts';
import { checkText } from '../http/input-text.ts';

/** A message of a client of the native wire (PF-23). */
export interface ClientMessage {
  op: string;
  /** Repeated as `re`; null when the client gave none. */
  id: string | number | null;
  fields: Readonly<Record<string, unknown>>;
}

const MAX_TOKEN_LENGTH = 4_096;

/** @throws Invalid (`malformed`, or what PF-04 refuses in texts, keys and depth) unless `text` is a JSON object with an `op`. */
export function parseMessage(text: string): ClientMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Invalid('malformed', 'The message is not JSON.');
  }
  if (!isObject(value) || typeof value.op !== 'string') {
    throw new Invalid('malformed', 'The message is not an object with an `op`.');
  }
  checkText(value, 'message');
  const { op, id } = value;
  if (id === undefined || id === null) return { op, id: null, fields: value };
  if ((typeof id === 'string' && id.length <= 64) || Number.isSafeInteger(id)) {
    return { op, id: id as string | number, fields: value };
  }
  throw new Invalid('malformed', '`id` must be a whole number or a text of at most 64 characters.');
}

/** The `topic` of a message. @throws Invalid */
export function readTopic(message: ClientMessage): string {
  const { topic } = message.fields;
  if (typeof topic === 'string') return topic;
  throw new Invalid('invalid', '`topic` must be a text.');
}

/** The `since` of a subscribe, if any. @throws Invalid */
export function readSince(message: ClientMessage): Position | undefined {
  const { since } = message.fields;
  if (since === undefined || since === null) return undefined;
  if (isObject(since) && typeof since.epoch === 'string' && Number.isSafeInteger(since.seq) && Number(since.seq) >= 0) {
    return { epoch: since.epoch, seq: Number(since.seq) };
  }
  throw new Invalid('invalid', '`since` must be {"epoch": text, "seq": whole number}.');
}

/** The `token` of an auth message. @throws Invalid */
export function readToken(message: ClientMessage): string {
  const { token } = message.fields;
  if (typeof token === 'string' && token.length > 0 && token.length <= MAX_TOKEN_LENGTH) return token;
  throw new Invalid('invalid', '`token` must be a text.');
}

/** The `type` of a publish, if any. @throws Invalid */
export function readType(message: ClientMessage): string | null {
  const { type } = message.fields;
  if (type === undefined || type === null) return null;
  if (typeof type === 'string' && type.length <= 128) return type;
  throw new Invalid('invalid', '`type` must be a text of at most 128 characters.');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
