/** One entry of the error registry: contract code (4.5), default REST status (section 3) and default text. */
export type ErrorEntry = { readonly code: number; readonly status: number; readonly text: string };

/** Every error of the module (4.5). Sockets answer all of them with res 666, REST with the status. */
export const RULE_ERRORS = {
  insufficient_funds: { code: 6601, status: 409, text: 'Not enough available funds.' },
  not_authorized: { code: 6602, status: 401, text: 'You are not authorized to do this.' },
  not_logged_on: { code: 6603, status: 403, text: 'You must log on first.' },
  unknown_op: { code: 6604, status: 404, text: 'Unknown operation.' },
  malformed_message: { code: 6605, status: 400, text: 'The message could not be read.' },
  missing_parameter: { code: 6606, status: 400, text: 'A required parameter is missing.' },
  invalid_parameter: { code: 6607, status: 400, text: 'A parameter is invalid.' },
  unknown_source: { code: 6608, status: 404, text: 'There is no such game source.' },
  unknown_game: { code: 6609, status: 404, text: 'There is no such game.' },
  unknown_pool: { code: 6610, status: 404, text: 'There is no such pool.' },
  unknown_target: { code: 6611, status: 404, text: 'There is no such target here.' },
  unknown_action: { code: 6612, status: 404, text: 'There is no such action here.' },
  target_not_leaf: { code: 6613, status: 400, text: 'An event needs a target without children.' },
  mixed_target_levels: { code: 6614, status: 400, text: 'The targets of a pool must be of one level.' },
  pool_blocked: { code: 6615, status: 409, text: 'Betting in this pool is blocked.' },
  pool_closed: { code: 6616, status: 409, text: 'This pool is closed.' },
  game_not_open: { code: 6617, status: 409, text: 'This game is not open yet.' },
  game_closed: { code: 6618, status: 409, text: 'This game is closed or closing.' },
  source_closed: { code: 6619, status: 409, text: 'This game source is closed or closing.' },
  other_target_backed: { code: 6620, status: 409, text: 'You already back another target of this pool.' },
  amount_invalid: { code: 6621, status: 400, text: 'The amount is invalid.' },
  not_subscribed: { code: 6622, status: 409, text: 'You have not joined this game.' },
  rate_limited: { code: 6623, status: 429, text: 'Too many requests, slow down.' },
  user_unknown: { code: 6624, status: 404, text: 'There is no such user.' },
  event_time_invalid: { code: 6625, status: 400, text: 'The time of the event is invalid.' },
  unsupported_currency: { code: 6626, status: 400, text: 'This currency is not supported.' },
  unresolved_pools: { code: 6627, status: 409, text: 'Some pools must be resolved first.' },
  internal_error: { code: 6628, status: 500, text: 'Something went wrong on our side.' },
  idempotency_mismatch: { code: 6629, status: 422, text: 'This idempotency key was used with another request.' },
} as const satisfies Record<string, ErrorEntry>;

export type RuleErrorName = keyof typeof RULE_ERRORS;

/** Extra facts of an error, as they leave in `details`. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** A broken rule. `status` and `text` may be set where a route words the same error otherwise (409 for a taken name). */
export class RuleError extends Error {
  readonly error: RuleErrorName;
  readonly code: number;
  readonly status: number;
  readonly details: ErrorDetails | undefined;

  constructor(error: RuleErrorName, details?: ErrorDetails, override: { text?: string; status?: number } = {}) {
    const entry = RULE_ERRORS[error];
    super(override.text ?? textOf(entry.text, details));
    this.name = 'RuleError';
    this.error = error;
    this.code = entry.code;
    this.status = override.status ?? entry.status;
    this.details = details;
  }
}

/** Shorthand for the commonest refusal: parameter `name` does not hold what it must (6607). */
export function invalidParameter(name: string, text?: string): RuleError {
  return new RuleError('invalid_parameter', { name }, text === undefined ? {} : { text });
}

/** Shorthand for an absent required parameter (6606). */
export function missingParameter(name: string): RuleError {
  return new RuleError('missing_parameter', { name });
}

function textOf(text: string, details: ErrorDetails | undefined): string {
  return typeof details?.name === 'string' ? `${text.slice(0, -1)}: ${details.name}` : text;
}
