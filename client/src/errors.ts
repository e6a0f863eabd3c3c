export interface FieldError {
  field: string;
  message: string;
}

export interface ApiErrorFields {
  status: number;
  /** Machine-readable name, for example `invalid_credentials` or `insufficient_funds`. */
  code: string;
  message: string;
  /** Number of the predictions error (4.5), when the answer has one. */
  number?: number | undefined;
  requestId?: string | undefined;
  fields?: FieldError[];
  retryAfterMs?: number | undefined;
  body?: unknown;
}

/** The server answered, and the answer was not a success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly number: number | undefined;
  readonly requestId: string | undefined;
  readonly fields: FieldError[];
  readonly retryAfterMs: number | undefined;
  readonly body: unknown;

  constructor(fields: ApiErrorFields) {
    super(fields.message);
    this.status = fields.status;
    this.code = fields.code;
    this.number = fields.number;
    this.requestId = fields.requestId;
    this.fields = fields.fields ?? [];
    this.retryAfterMs = fields.retryAfterMs;
    this.body = fields.body;
  }
}

/** No answer came: no network, or the time limit passed. Whether the server acted is not known. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

export interface OpcodeErrorFields {
  text: string;
  error: string;
  code: number;
  op?: number | undefined;
  details?: Record<string, unknown> | undefined;
}

/** Answer 666 of the opcode websocket (predictions 4.5). */
export class OpcodeError extends Error {
  override readonly name = 'OpcodeError';
  readonly error: string;
  readonly code: number;
  readonly op: number | undefined;
  readonly details: Record<string, unknown>;

  constructor(fields: OpcodeErrorFields) {
    super(fields.text);
    this.error = fields.error;
    this.code = fields.code;
    this.op = fields.op;
    this.details = fields.details ?? {};
  }
}

/** The connection ended, or the time limit passed, before an answer came. Whether the server acted is not known. */
export class AnswerLostError extends Error {
  override readonly name = 'AnswerLostError';
}

/** Error of the native realtime wire (PF-23). */
export class RealtimeError extends Error {
  override readonly name = 'RealtimeError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
