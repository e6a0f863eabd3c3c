import { ApiError, type FieldError, NetworkError } from './errors.ts';

export interface RestOptions {
  /** Origin of the server, `''` for the page's own. */
  baseUrl?: string;
  fetch?: typeof fetch;
  /** Current cookie text, `name=value; …`; the page's own by default. */
  cookies?: () => string;
  /** Time limit of one call in milliseconds. */
  timeoutMs?: number;
}

export interface CallOptions {
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Made by the caller and kept for a retry of the same act (PF-06). */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

type JsonObject = Record<string, unknown>;

const DEFAULT_TIMEOUT_MS = 15_000;

/** Which cookie is repeated in which header on changes (9.2); pairs never stand in for each other (PF-64). */
const CSRF_PAIRS = [
  { cookie: 'gr_csrf', header: 'X-CSRF-Token' },
  { cookie: '_xsrf', header: 'X-XSRFToken' },
] as const;

function pageCookies(): string {
  return typeof document === 'undefined' ? '' : document.cookie;
}

/** Value of one cookie in `name=value; …` text, decoded. */
export function readCookie(cookies: string, name: string): string | undefined {
  for (const part of cookies.split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return decodeURIComponent(value.join('='));
  }
  return undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (Array.isArray(value)) return text(value.filter((item) => typeof item === 'string').join(' '));
  return undefined;
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isObject)
    .map((entry) => ({ field: text(entry.field) ?? '', message: text(entry.message) ?? '' }))
    .filter((entry) => entry.message !== '');
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** Turns problem+json (RFC 9457) or the predictions form `{msg, error, code}` into one error type. */
function toApiError(response: Response, body: unknown): ApiError {
  const fields = isObject(body) ? body : {};
  const number = typeof fields.code === 'number' ? fields.code : undefined;
  return new ApiError({
    status: response.status,
    code: text(fields.error) ?? text(fields.code) ?? `http_${response.status}`,
    message: text(fields.detail) ?? text(fields.msg) ?? text(fields.title) ?? `HTTP ${response.status}`,
    number,
    requestId: text(fields.requestId) ?? response.headers.get('X-Request-Id') ?? undefined,
    fields: fieldErrors(fields.errors),
    retryAfterMs: retryAfterMs(response),
    body,
  });
}

async function readBody(response: Response): Promise<unknown> {
  const content = await response.text();
  if (content === '') return null;
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  return isJson ? JSON.parse(content) : content;
}

/** JSON over HTTP against one Greenroom server, with cookies and their CSRF headers. */
export class RestClient {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;
  readonly #cookies: () => string;
  readonly #timeoutMs: number;

  constructor(options: RestOptions = {}) {
    this.#baseUrl = (options.baseUrl ?? '').replace(/\/$/, '');
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#cookies = options.cookies ?? pageCookies;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * One call.
   * @throws ApiError when the answer is not 2xx, NetworkError when none came
   */
  async call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    let response: Response;
    let body: unknown;
    try {
      response = await this.#fetch(this.#url(path, options.query), this.#init(method, options));
      body = await readBody(response);
    } catch (cause) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw new NetworkError('The server did not answer.', { cause });
    }
    if (!response.ok) throw toApiError(response, body);
    return body as Answer;
  }

  get<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('GET', path, options);
  }

  post<Answer>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', path, { ...options, body });
  }

  delete<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call('DELETE', path, options);
  }

  #url(path: string, query: CallOptions['query'] = {}): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) search.set(name, String(value));
    }
    return `${this.#baseUrl}${path}${search.size > 0 ? `?${search}` : ''}`;
  }

  #init(method: string, options: CallOptions): RequestInit {
    const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
    if (options.body !== undefined) headers['Content-Type'] = 'application/json';
    if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
    if (method !== 'GET') {
      for (const pair of CSRF_PAIRS) {
        const value = readCookie(this.#cookies(), pair.cookie);
        if (value !== undefined) headers[pair.header] = value;
      }
    }
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    return {
      method,
      headers,
      credentials: 'same-origin',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    };
  }
}
