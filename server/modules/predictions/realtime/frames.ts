import type { EventRef, LoggedEvent } from '../../../platform/events/types.ts';
import { encodeJsonFrame } from '../../../platform/realtime/frame.ts';
import type { Frame } from '../../../platform/realtime/types.ts';
import { type Broadcast, type BroadcastType, MESSAGE_OF_EVENT } from '../events.ts';
import { RuleError, type RuleErrorName } from '../rules/errors.ts';

/** What stands in `response_header` beside the time (4.1, WC2, WC11). */
export interface HeaderExtras {
  seq?: number;
  rid?: string | number;
}

/** A message of the server as a finished frame (4.1). */
export function messageFrame(res: number, body: object, t: number, extras: HeaderExtras = {}): Frame {
  return encodeJsonFrame({ response_header: { t, ...extras }, res, ...body });
}

/** The broadcast message of an event; null for an event that no message tells. Only games number their broadcasts (WC11). */
export function eventFrame(event: LoggedEvent | EventRef, body?: object, rid?: string | number): Frame | null {
  const res = MESSAGE_OF_EVENT[event.type as BroadcastType] as number | undefined;
  if (res === undefined) return null;
  const extras: HeaderExtras = isGameTopic(event.topic) ? { seq: event.seq } : {};
  if (rid !== undefined) extras.rid = rid;
  const content = body ?? (event.data as Broadcast).body;
  // A message's time is its place in the log, which never goes back (CH2).
  return messageFrame(
    res,
    event.type === 'chat.message' ? { ...content, received_at: event.at } : content,
    event.at,
    extras,
  );
}

/** Response 666 with the dedicated part of 4.5. */
export function errorFrame(error: RuleError, t: number, about: { op: number | null; rid?: string | number }): Frame {
  const body = {
    text: error.message,
    error: error.error,
    code: error.code,
    ...(about.op === null ? {} : { op: about.op }),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
  return messageFrame(666, body, t, about.rid === undefined ? {} : { rid: about.rid });
}

/** Any failure as an error of the module: platform errors get their nearest name, everything unknown is ours (6628). */
export function toRuleError(error: unknown): RuleError {
  if (error instanceof RuleError) return error;
  const status = (error as { status?: unknown } | null)?.status;
  const name: RuleErrorName =
    status === 429 ? 'rate_limited' : status === 403 || status === 401 ? 'not_authorized' : 'internal_error';
  const retryAfterMs = (error as { retryAfterMs?: number } | null)?.retryAfterMs;
  const text = typeof status === 'number' ? (error as Error).message : undefined;
  return new RuleError(
    name,
    retryAfterMs === undefined ? undefined : { retry_after_ms: retryAfterMs },
    text === undefined ? {} : { text },
  );
}

function isGameTopic(topic: string): boolean {
  return topic.startsWith('predictions/game/');
}
