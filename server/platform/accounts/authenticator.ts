import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Forbidden } from '../errors.ts';
import { csrfValueOf, readCookies, SESSION_COOKIE } from './cookies.ts';
import { isSameText } from './credentials.ts';
import { principalOf, type Sessions, WEB_SESSION } from './sessions.ts';
import type { Principal } from './types.ts';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who makes a request, from the platform's own credentials (PF-63), and whether he meant to (PF-17). */
export class Authenticator {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  authenticate(request: FastifyRequest): Promise<Principal> {
    return this.authenticateHeaders(request.headers, request.address);
  }

  /** As `authenticate`, for an upgrade. A cookie counts there only when the origin is allowed (PF-64): the caller checks that. */
  async authenticateHeaders(headers: IncomingHttpHeaders, address: string): Promise<Principal> {
    const anonymous: Principal = { kind: 'anonymous', address };
    // A credential in a header beats the cookie even when it is refused (PF-63).
    if (headers.authorization !== undefined) return anonymous;
    const secret = readCookies(headers.cookie)[SESSION_COOKIE];
    const session = secret === undefined ? null : await this.#sessions.resolve(WEB_SESSION, secret);
    return session ? principalOf(session, 'gr_session', address) : anonymous;
  }

  /**
   * Wants the session's CSRF value in a header when a cookie signed the request in and it changes something (PF-17). `headerNames` in lower case: a
   * surface may accept another name for the same value (platform 9.2).
   * @throws Forbidden `csrf_failed`.
   */
  checkCsrf(request: FastifyRequest, principal: Principal, headerNames: readonly string[] = ['x-csrf-token']): void {
    if (principal.kind !== 'account' || principal.via !== 'gr_session' || SAFE_METHODS.has(request.method)) return;
    const secret = readCookies(request.headers.cookie)[SESSION_COOKIE] ?? '';
    const given = headerNames.map((name) => request.headers[name]).find((value) => typeof value === 'string');
    if (typeof given !== 'string' || !isSameText(given, csrfValueOf(secret))) {
      throw new Forbidden('csrf_failed', 'The CSRF token is missing or not right. Load the page again.');
    }
  }
}
