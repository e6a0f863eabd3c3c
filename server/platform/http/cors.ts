import type { IncomingMessage } from 'node:http';
import type { Mounts } from './mounts.ts';

/** Browsers keep a preflight's answer at most this long (Chromium caps at 2 h). */
const PREFLIGHT_SECONDS = 7200;
const ALLOWED_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, X-CSRF-Token, X-CSRFToken, X-XSRFToken, X-Request-Id, Last-Event-ID';
const EXPOSED_HEADERS =
  'ETag, Location, Retry-After, X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset';

/** Which pages of other origins may call which paths (PF-09): an allow-list with credentials, any origin without them where a surface says so. */
export interface Cors {
  /** Headers for an answer at `path`, name, value, ...; empty when the request names no foreign origin. */
  headers(request: IncomingMessage, path: string): readonly string[];
  /** Headers of the answer to a preflight. */
  preflight(request: IncomingMessage, path: string, methods: readonly string[]): readonly string[];
  /**
   * Whether a page of this origin may act with the cookies of this server, for upgrades and streams (PF-64). `host` is the request's Host: over plain
   * HTTP a page of the very host it calls is no foreign one, under whatever name people reach this server (localhost, a LAN address). With HTTPS
   * there is one name, and a page of the same host without it may be anybody's on the way.
   */
  isAllowed(origin: string, host: string | undefined): boolean;
}

const NONE: readonly string[] = [];

export function createCors(options: { publicUrl: string; origins: readonly string[]; mounts: Mounts }): Cors {
  const allowed = new Set([options.publicUrl, ...options.origins]);
  const isPlain = options.publicUrl.startsWith('http:');
  const headers: Cors['headers'] = (request, path) => {
    const { origin } = request.headers;
    if (origin === undefined) return NONE;
    if (options.mounts.ownerOf(path)?.surface.anyOrigin?.(path)) {
      // Answers that say "any" must be the same for all, so that no cache can mix them up.
      return [
        'Access-Control-Allow-Origin',
        '*',
        'Cross-Origin-Resource-Policy',
        'cross-origin',
        'Access-Control-Expose-Headers',
        EXPOSED_HEADERS,
      ];
    }
    if (!allowed.has(origin)) return ['Vary', 'Origin'];
    return [
      'Vary',
      'Origin',
      'Access-Control-Allow-Origin',
      origin,
      'Access-Control-Allow-Credentials',
      'true',
      'Access-Control-Expose-Headers',
      EXPOSED_HEADERS,
    ];
  };
  return {
    headers,
    preflight(request, path, methods) {
      const answer = headers(request, path);
      if (!answer.includes('Access-Control-Allow-Origin')) return answer;
      return [
        ...answer,
        'Access-Control-Allow-Methods',
        methods.join(', '),
        'Access-Control-Allow-Headers',
        ALLOWED_HEADERS,
        'Access-Control-Max-Age',
        String(PREFLIGHT_SECONDS),
      ];
    },
    isAllowed: (origin, host) =>
      allowed.has(origin) || (isPlain && host !== undefined && URL.parse(origin)?.host === host),
  };
}
