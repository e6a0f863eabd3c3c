/**
 * The platform's small tree of domain errors (DESIGN 4). Modules add codes, not classes. Throw where the rule is broken; the HTTP edge and
 * each wire translate once (PF-05). `message` and `details` are meant for the caller: never put SQL, paths, hosts or secrets in them.
 */
export class DomainError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = new.target.name;
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Input that no state could make right: wrong type, range, form. */
export class Invalid extends DomainError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(400, code, message, details);
  }
}

/** Nobody is signed in, or the credential is not accepted. */
export class Unauthenticated extends DomainError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(401, code, message, details);
  }
}

/** Known principal, missing right. */
export class Forbidden extends DomainError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(403, code, message, details);
  }
}

export class NotFound extends DomainError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(404, code, message, details);
  }
}

/** The present state forbids it. */
export class Conflict extends DomainError {
  constructor(code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(409, code, message, details);
  }
}

/** A limit was reached; `retryAfterMs` says when to come back. */
export class TooMany extends DomainError {
  readonly retryAfterMs: number;
  constructor(code: string, message: string, retryAfterMs: number, details?: Readonly<Record<string, unknown>>) {
    super(429, code, message, details);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Not now: the database is away, a queue is full, the server is stopping. Nothing was changed. */
export class Unavailable extends DomainError {
  readonly retryAfterMs: number;
  constructor(code: string, message: string, retryAfterMs = 1000, details?: Readonly<Record<string, unknown>>) {
    super(503, code, message, details);
    this.retryAfterMs = retryAfterMs;
  }
}
