import type { FastifyRequest } from 'fastify';
import { DomainError, Unauthenticated } from '../../../platform/errors.ts';
import type { PresentedError } from '../../../platform/http/types.ts';
import { RULE_ERRORS, RuleError, type RuleErrorName } from '../rules/errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Errors of the documented bet route carry `status`, `msg` as a list, and an empty `bet_obj` (3.2). */
    errorForm?: 'bet';
  }
}

/** A broken rule as the platform's edge understands it; everything else as it is. */
export function toEdgeError(error: unknown): unknown {
  if (!(error instanceof RuleError)) return error;
  return new DomainError(error.status, error.error, error.message, error.details);
}

/** Errors of the platform that are not told by their status alone. */
const NAMES_BY_CODE: Readonly<Record<string, RuleErrorName>> = {
  malformed_json: 'malformed_message',
  malformed_form: 'malformed_message',
  malformed_url: 'malformed_message',
  bad_request: 'malformed_message',
  invalid_text: 'malformed_message',
  invalid_key: 'malformed_message',
  too_deep: 'malformed_message',
  idempotency_unresolved: 'idempotency_mismatch',
  idempotency_in_progress: 'idempotency_mismatch',
};

const NAMES_BY_STATUS: Readonly<Record<number, RuleErrorName>> = {
  401: 'not_authorized',
  403: 'not_authorized',
  404: 'unknown_op',
  405: 'unknown_op',
  408: 'malformed_message',
  413: 'malformed_message',
  415: 'malformed_message',
  422: 'idempotency_mismatch',
  429: 'rate_limited',
  431: 'malformed_message',
};

/** Section 3: every non-200 body is `{msg, error, code}`, the last two as in 4.5. */
export function presentPredictionsError(
  error: DomainError,
  _requestId: string,
  request: FastifyRequest,
): PresentedError {
  const { status, name, text } = judge(error, request);
  const { code } = RULE_ERRORS[name];
  const details = detailsOf(error);
  const facts = {
    error: name,
    code,
    ...(Object.keys(details).length > 0 ? { details } : {}),
    ...(error.code === 'second_factor_required' ? { needs_2fa: true } : {}),
  };
  const isBet = request.routeOptions?.config.errorForm === 'bet';
  return { status, body: isBet ? { status, msg: [text], bet_obj: '', ...facts } : { msg: text, ...facts } };
}

function judge(error: DomainError, request: FastifyRequest): { status: number; name: RuleErrorName; text: string } {
  const { status, code, message: text } = error;
  if (error instanceof Unauthenticated && code === 'not_authorized' && request.principal?.kind === 'anonymous') {
    // The edge lets nobody in without a login: 403, while 401 is wrong credentials or somebody else's data (section 3).
    return { status: 403, name: 'not_logged_on', text: 'You must log in first.' };
  }
  if (code === 'not_authorized') return { status: 401, name: code, text };
  if (Object.hasOwn(RULE_ERRORS, code)) return { status, name: code as RuleErrorName, text };
  const name =
    NAMES_BY_CODE[code] ?? NAMES_BY_STATUS[status] ?? (status < 500 ? 'invalid_parameter' : 'internal_error');
  return { status, name, text };
}

/** Of the platform's facts only what helps a client: which field, and when to come back. */
function detailsOf(error: DomainError): Readonly<Record<string, unknown>> {
  if ('retryAfterMs' in error) return { retry_after_ms: error.retryAfterMs };
  const { errors } = error.details;
  if (!Array.isArray(errors)) return error.details;
  const [first] = errors as { field?: string; path?: string }[];
  const name = first?.field ?? first?.path?.replace(/^\//, '');
  return name === undefined || name === '' ? {} : { name };
}
