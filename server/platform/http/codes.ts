/** One error code of the platform: the status it usually comes with, and what a client should know. */
export interface ErrorCode {
  status: number;
  title: string;
}

/**
 * Every code that the platform itself answers over HTTP (PF-05). A test proves both ways that code thrown = code listed. Modules document theirs
 * in their contracts.
 */
export const ERROR_CODES = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  malformed_url: { status: 400, title: 'The path or query is not well-formed' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_form: { status: 400, title: 'The body is not a valid form' },
  invalid_text: { status: 400, title: 'A text contains U+0000 or an unpaired surrogate' },
  invalid_key: { status: 400, title: 'A key is not allowed' },
  too_deep: { status: 400, title: 'The input is nested too deeply' },
  invalid_input: { status: 400, title: 'The input does not fit the schema of the route' },
  invalid_idempotency_key: { status: 400, title: 'Idempotency-Key is not 1 to 128 printable characters' },
  not_found: { status: 404, title: 'Nothing is at this path' },
  method_not_allowed: { status: 405, title: 'The path exists, the method does not' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  idempotency_unresolved: { status: 409, title: 'A first attempt with this key was cut off; its outcome is unknown' },
  idempotency_in_progress: { status: 409, title: 'A first attempt with this key is still running' },
  body_too_large: { status: 413, title: 'The body is larger than the route accepts' },
  unsupported_media_type: { status: 415, title: 'The route does not accept this content type' },
  idempotency_mismatch: { status: 422, title: 'The key was used with another body' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are larger than the server accepts' },
  internal_error: { status: 500, title: 'The server failed' },
  unavailable: { status: 503, title: 'Not now; try again later' },
} as const satisfies Record<string, ErrorCode>;

export type PlatformErrorCode = keyof typeof ERROR_CODES;

/** Title of a code; codes of modules have none. */
export function titleOf(code: string): string | undefined {
  return (ERROR_CODES as Readonly<Record<string, ErrorCode>>)[code]?.title;
}
