/** What a close code asks of the client: the whole of the rule is its range, so that an unknown code is understood too. */
export type CloseAdvice = 'resume' | 'stop';

export interface CloseCode {
  code: number;
  name: string;
  advice: CloseAdvice;
  meaning: string;
}

/**
 * Every code with which the server closes a websocket. Codes the websocket standard gives a meaning keep it; 4000-4399 ask the client to come
 * back with back-off and resume, 4400-4499 not to come back before something has changed (credentials, the client's fault).
 */
export const CLOSE_CODES = {
  normal: { code: 1000, name: 'normal', advice: 'stop', meaning: 'The client ended the connection.' },
  binaryRefused: { code: 1003, name: 'binary_refused', advice: 'stop', meaning: 'Only text frames are spoken here.' },
  badText: { code: 1007, name: 'bad_text', advice: 'stop', meaning: 'A text frame was not UTF-8.' },
  policy: {
    code: 1008,
    name: 'policy',
    advice: 'stop',
    meaning: 'Ten malformed messages in a row, or a message in too many pieces.',
  },
  tooBig: { code: 1009, name: 'too_big', advice: 'stop', meaning: 'A message was larger than 128 KiB.' },
  failed: {
    code: 1011,
    name: 'failed',
    advice: 'resume',
    meaning: 'The server failed on a message of this connection.',
  },
  restarting: { code: 1012, name: 'restarting', advice: 'resume', meaning: 'The server is stopping or restarting.' },
  slowReader: {
    code: 1013,
    name: 'slow_reader',
    advice: 'resume',
    meaning: 'The client read too slowly and too much was waiting.',
  },
  tooManyMessages: {
    code: 4329,
    name: 'too_many_messages',
    advice: 'resume',
    meaning: 'The client went on sending above its rate.',
  },
  unauthenticated: {
    code: 4401,
    name: 'unauthenticated',
    advice: 'stop',
    meaning: 'The credential was refused or ran out without renewal.',
  },
  accessEnded: {
    code: 4403,
    name: 'access_ended',
    advice: 'stop',
    meaning: 'The session or the account behind the connection ended.',
  },
  tooManyConnections: {
    code: 4429,
    name: 'too_many_connections',
    advice: 'stop',
    meaning: 'The account has too many connections.',
  },
} as const satisfies Record<string, CloseCode>;

const RESUME_STANDARD = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014]);

/** What a client should do after `code`: from the range alone. */
export function closeAdvice(code: number): CloseAdvice {
  return RESUME_STANDARD.has(code) || (code >= 4000 && code <= 4399) ? 'resume' : 'stop';
}

/** Error codes of the native wire (PF-23) that do not come from a module's own rules. */
export const WIRE_ERRORS = {
  malformed: 'The message is not JSON, or not an object with an `op`.',
  unknown_op: 'There is no such operation.',
  invalid: 'A field is missing or of the wrong form.',
  too_large: 'The message is larger than 64 KiB.',
  too_many: 'Too many messages a second; `retryAfterMs` says when to go on.',
  too_many_topics: 'A connection may subscribe to 100 topics.',
  unknown_topic: 'There is no such topic.',
  not_subscribed: 'The connection is not subscribed to that topic.',
  not_publishable: 'Nobody may publish to that topic.',
  no_presence: 'The topic does not tell who is there.',
  not_authorized: 'The principal may not do that.',
  unauthenticated: 'The credential is not accepted.',
  other_account: 'A connection cannot change to another account.',
  unavailable: 'Not now; `retryAfterMs` says when to try again.',
  internal: 'The server failed; the fault is logged.',
} as const;

export type WireError = keyof typeof WIRE_ERRORS;
