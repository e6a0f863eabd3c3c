import type { FastifyRequest } from 'fastify';
import { DomainError, Invalid, TooMany, Unavailable } from '../errors.ts';
import { titleOf } from './codes.ts';
import type { PresentedError } from './types.ts';

/** Fastify's own refusals, in the platform's words. */
const SERVER_ERRORS: Readonly<Record<string, [status: number, code: string, message: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body_too_large', 'The body is larger than this route accepts.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported_media_type', 'This content type is not accepted here.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'bad_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'malformed_json', 'The body is not valid JSON.'],
  FST_ERR_BAD_URL: [400, 'malformed_url', 'The path is not well-formed.'],
  FST_ERR_MAX_PARAM_LENGTH: [404, 'not_found', 'Nothing is at this path.'],
  FST_ERR_HANDLER_TIMEOUT: [503, 'unavailable', 'The request took too long.'],
};

/** What node-postgres and the network say when the database or Redis is away. */
const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '08001',
]);

interface ForeignError {
  code?: unknown;
  statusCode?: unknown;
  validation?: readonly {
    instancePath?: string;
    message?: string;
    keyword?: string;
    params?: Record<string, unknown>;
  }[];
  validationContext?: string;
}

/** Any thrown thing as a domain error. An unknown one becomes 500 `internal_error` and tells nothing of itself (PF-05). */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const foreign: ForeignError = typeof error === 'object' && error !== null ? error : {};
  if (foreign.validation) return invalidInput(foreign);
  const code = typeof foreign.code === 'string' ? foreign.code : '';
  if (CONNECTION_ERRORS.has(code))
    return new Unavailable('unavailable', 'The server cannot do this now. Try again soon.');
  const known = SERVER_ERRORS[code];
  if (known) return new DomainError(...known);
  const status = typeof foreign.statusCode === 'number' ? foreign.statusCode : 500;
  // The JSON parser's refusals of `__proto__` and bad syntax are SyntaxErrors with a status.
  if (error instanceof SyntaxError && status === 400)
    return new Invalid('malformed_json', 'The body is not valid JSON.');
  if (status >= 400 && status < 500 && code.startsWith('FST_'))
    return new Invalid('bad_request', 'The request cannot be read.');
  return new DomainError(500, 'internal_error', 'The server failed. The request id helps to find out why.');
}

function invalidInput(foreign: ForeignError): Invalid {
  const part = foreign.validationContext ?? 'input';
  const errors = (foreign.validation ?? []).map((fault) => {
    const extra = fault.keyword === 'additionalProperties' ? `/${String(fault.params?.additionalProperty)}` : '';
    const missing = fault.keyword === 'required' ? `/${String(fault.params?.missingProperty)}` : '';
    const message = extra ? 'is not a known field' : missing ? 'is required' : (fault.message ?? 'is not accepted');
    return { in: part, path: `${fault.instancePath ?? ''}${extra}${missing}`, message };
  });
  const first = errors[0];
  return new Invalid('invalid_input', first ? `${first.in}${first.path} ${first.message}` : 'The input does not fit.', {
    errors,
  });
}

/** The form of errors where a module has none of its own (PF-05, RFC 9457). */
export function presentProblem(error: DomainError, requestId: string, instance: string): PresentedError {
  return {
    status: error.status,
    contentType: 'application/problem+json',
    body: {
      ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
      type: `/docs/errors#${error.code}`,
      title: titleOf(error.code) ?? error.message,
      status: error.status,
      detail: error.message,
      instance,
      code: error.code,
      requestId,
    },
  };
}

/** Whole seconds after which a limited or unavailable request may come again; undefined for other errors. */
export function retryAfterSeconds(error: DomainError): number | undefined {
  if (!(error instanceof TooMany || error instanceof Unavailable)) return undefined;
  return Math.max(1, Math.ceil(error.retryAfterMs / 1000));
}

/** An error in the form of the surface it happened on; a form that fails itself falls back to problem+json. */
export function presentError(
  error: DomainError,
  context: {
    present: ((error: DomainError, requestId: string, request: FastifyRequest) => PresentedError) | undefined;
    request: FastifyRequest;
    requestId: string;
    path: string;
  },
): PresentedError {
  const { present, request, requestId, path } = context;
  if (present) {
    try {
      return present(error, requestId, request);
    } catch (failure) {
      request.log.error({ err: failure, requestId }, 'a surface could not present an error');
    }
  }
  return presentProblem(error, requestId, path);
}
