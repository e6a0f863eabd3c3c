/** One error code of the platform: the status it usually comes with, and what a client should know. */
export interface ErrorCode {
  status: number;
  title: string;
}

/**
 * Every code that the platform itself answers, over HTTP and in messages of the native protocol (PF-05). A test proves both ways that code thrown = code listed. Modules document theirs
 * in their contracts.
 */
export const ERROR_CODES = {
  // Requests and their limits.
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
  database_unavailable: { status: 503, title: 'The database cannot be reached just now' },
  busy: { status: 503, title: 'Too much is waiting; nothing was changed' },
  metrics_token_required: { status: 401, title: 'Metrics are for this machine or the holder of the metrics token' },
  // Accounts and access.
  not_authorized: { status: 403, title: 'The caller may not do this (401 when nobody is signed in)' },
  unauthenticated: { status: 401, title: 'The credential is not accepted or has ended' },
  invalid_credentials: { status: 401, title: 'Name or password is wrong' },
  second_factor_required: { status: 401, title: 'The second factor is missing or wrong' },
  invalid_code: { status: 400, title: 'The code is wrong, used or expired' },
  second_factor_on: { status: 409, title: 'The second factor is on already' },
  csrf_failed: { status: 403, title: 'The CSRF value is missing or wrong' },
  too_many: { status: 429, title: 'Too many failed tries' },
  account_not_active: { status: 401, title: 'The account is suspended or deleted' },
  account_not_found: { status: 404, title: 'There is no such account' },
  username_taken: { status: 409, title: 'The name belongs to somebody else' },
  email_taken: { status: 409, title: 'The e-mail address has an account already' },
  account_changed: { status: 409, title: 'The account is being changed just now' },
  session_not_found: { status: 404, title: 'There is no such session' },
  mail_not_found: { status: 404, title: 'There is no such mail' },
  // Native protocol and server-sent events.
  malformed: { status: 400, title: 'The message is no JSON object with an op' },
  invalid: { status: 400, title: 'A field of the message is not accepted' },
  unknown_op: { status: 404, title: 'There is no such operation' },
  unknown_topic: { status: 404, title: 'There is no such topic' },
  not_subscribed: { status: 409, title: 'The connection is not subscribed to the topic' },
  not_publishable: { status: 409, title: 'Nobody may publish to the topic' },
  no_presence: { status: 409, title: 'The topic does not tell who is there' },
  other_account: { status: 409, title: 'A connection cannot change to another account' },
  foreign_origin: { status: 403, title: 'The page that asks may not use the session' },
  too_many_topics: { status: 409, title: 'More topics than a connection may have' },
  too_many_connections: { status: 429, title: 'Too many connections' },
} as const satisfies Record<string, ErrorCode>;

export type PlatformErrorCode = keyof typeof ERROR_CODES;

/** Title of a code; codes of modules have none. */
export function titleOf(code: string): string | undefined {
  return (ERROR_CODES as Readonly<Record<string, ErrorCode>>)[code]?.title;
}
