import { AnswerLostError, ApiError, NetworkError, OpcodeError } from '@greenroom/client';
import { messages as m } from '../messages.ts';

/** What went wrong, for people. */
export function failureText(error: unknown): string {
  if (error instanceof NetworkError) return m.failures.network;
  if (error instanceof AnswerLostError) return m.failures.lost;
  if (error instanceof OpcodeError) return m.reasons[error.error] ?? error.message;
  if (error instanceof ApiError) {
    if (error.status === 429) {
      return m.account.tooMany(error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1000));
    }
    return m.reasons[error.code] ?? error.message;
  }
  return m.failures.title;
}

/** Message for one form field, when the server named it. */
export function fieldFailure(error: unknown, field: string): string | undefined {
  return error instanceof ApiError ? error.fields.find((entry) => entry.field === field)?.message : undefined;
}

/** Whether trying the same again may help: not when the server understood and refused. */
export function isWorthRetry(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500;
}
