import { createHmac } from 'node:crypto';
import { stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../../../platform/accounts/authenticator.ts';
import { cookieAttributes, type IsHttps, readCookies } from '../../../platform/accounts/cookies.ts';
import { isSameText, newSecret } from '../../../platform/accounts/credentials.ts';
import { principalOf, type Sessions } from '../../../platform/accounts/sessions.ts';
import type { Principal } from '../../../platform/accounts/types.ts';
import { type Secrets, SecretUnreadable } from '../../../platform/config/secrets.ts';
import { Forbidden } from '../../../platform/errors.ts';
import type { Ports } from '../../../platform/ports.ts';
import { USER_KEY } from '../service/keys.ts';
import type { Login } from '../service/logins.ts';

export const IM_USER = 'im_user';
export const USER_SESSION_KEY = 'user_session_key';
export const ADMIN_SESSION_KEY = 'admin_session_key';
export const XSRF = '_xsrf';
const XSRF_HEADER = 'x-xsrftoken';
const SEAL_PURPOSE = 'predictions.im_user';
const XSRF_PURPOSE = 'predictions.xsrf';
/** A client's first `_xsrf`, before it has a session to be bound to. */
const UNBOUND_XSRF_SECONDS = 30 * 86_400;

export interface CredentialParts {
  ports: Pick<Ports, 'clock' | 'random'>;
  secrets: Secrets;
  sessions: Sessions;
  /** The platform's own credentials: `gr_session`, Authorization (PF-63). */
  authenticator: Pick<Authenticator, 'authenticate' | 'checkCsrf'>;
  isHttps: IsHttps;
  /** Origins whose pages may call besides the server's own: `PUBLIC_URL` and the allow-list. */
  origins: readonly string[];
}

/** Cookies of the documented clients and what they prove (AU6-AU10, PF-63, PF-64). */
export class Credentials {
  readonly #parts: CredentialParts;

  constructor(parts: CredentialParts) {
    this.#parts = parts;
  }

  /** A header beats a cookie, the module's own cookie beats the platform's (PF-63). */
  async authenticate(request: FastifyRequest): Promise<Principal> {
    const { authenticator, sessions } = this.#parts;
    if (request.headers.authorization !== undefined) return await authenticator.authenticate(request);
    const sessionId = this.#sessionOf(readCookies(request.headers.cookie)[IM_USER]);
    const session = sessionId === null ? null : await sessions.resolveById(USER_KEY, sessionId);
    return session ? principalOf(session, 'im_user', request.address) : await authenticator.authenticate(request);
  }

  /**
   * Changes by `im_user` repeat `_xsrf`, changes by `gr_session` the platform's value; those of nobody must not come from a foreign page (AU7).
   * @throws Forbidden
   */
  checkXsrf(request: FastifyRequest, principal: Principal): void {
    if (principal.kind === 'account' && principal.via === 'im_user') {
      const given = givenXsrf(request);
      if (given === null || !this.#isBound(given, principal.sessionId)) {
        throw new Forbidden('xsrf_failed', 'The _xsrf token is missing or not right.');
      }
      return;
    }
    this.#parts.authenticator.checkCsrf(request, principal);
    if (principal.kind === 'anonymous' && !this.#isKnownOrigin(request)) {
      throw new Forbidden('foreign_origin', 'Pages of other sites may not do this.');
    }
  }

  /** Cookies of a login (AU6); `_xsrf` is bound to its session and set anew (PF-64). */
  signIn(request: FastifyRequest, reply: FastifyReply, login: Login): void {
    const maxAge = Math.max(0, Math.floor((login.expiresAt - this.#parts.ports.clock.now()) / 1000));
    const set = this.#setter(request, reply, maxAge);
    set(IM_USER, this.#parts.secrets.seal(SEAL_PURPOSE, login.sessionId), { httpOnly: true });
    set(USER_SESSION_KEY, login.userKey);
    if (login.adminKey !== null) set(ADMIN_SESSION_KEY, login.adminKey);
    set(XSRF, this.#boundXsrf(login.sessionId));
  }

  signOut(request: FastifyRequest, reply: FastifyReply): void {
    const set = this.#setter(request, reply, 0);
    set(IM_USER, '', { httpOnly: true });
    for (const name of [USER_SESSION_KEY, ADMIN_SESSION_KEY, XSRF]) set(name, '');
  }

  /** Gives `_xsrf` to a client that lacks it, or has that of another session (AU7). */
  renewXsrf(request: FastifyRequest, reply: FastifyReply): void {
    if ([reply.getHeader('set-cookie')].flat().some((cookie) => String(cookie).startsWith(`${XSRF}=`))) return;
    const held = readCookies(request.headers.cookie)[XSRF];
    const { principal } = request;
    if (principal?.kind === 'account' && principal.via === 'im_user' && principal.sessionId !== null) {
      if (held !== undefined && this.#isBound(held, principal.sessionId)) return;
      this.#setter(request, reply, UNBOUND_XSRF_SECONDS)(XSRF, this.#boundXsrf(principal.sessionId));
    } else if (held === undefined) {
      this.#setter(request, reply, UNBOUND_XSRF_SECONDS)(XSRF, newSecret(this.#parts.ports.random));
    }
  }

  /** A page of the very host it calls is no foreign one, under whatever name people reach the server. */
  #isKnownOrigin({ headers: { origin, host } }: FastifyRequest): boolean {
    if (origin === undefined || this.#parts.origins.includes(origin)) return true;
    return host !== undefined && URL.parse(origin)?.host === host;
  }

  #sessionOf(cookie: string | undefined): string | null {
    if (cookie === undefined) return null;
    try {
      return this.#parts.secrets.open(SEAL_PURPOSE, cookie).toString();
    } catch (error) {
      if (error instanceof SecretUnreadable) return null;
      throw error;
    }
  }

  #boundXsrf(sessionId: string): string {
    return macOf(this.#parts.secrets.derive(XSRF_PURPOSE), sessionId);
  }

  #isBound(value: string, sessionId: string | null): boolean {
    if (sessionId === null) return false;
    return this.#parts.secrets.deriveAll(XSRF_PURPOSE).some((key) => isSameText(value, macOf(key, sessionId)));
  }

  #setter(request: FastifyRequest, reply: FastifyReply, maxAge: number) {
    const attributes = { ...cookieAttributes(this.#parts.isHttps(request)), maxAge };
    return (name: string, value: string, own: { httpOnly?: boolean } = {}): void => {
      reply.header('set-cookie', stringifySetCookie({ ...attributes, ...own, name, value }));
    };
  }
}

function macOf(key: Buffer, sessionId: string): string {
  return createHmac('sha256', key).update(sessionId).digest('base64url');
}

/** Header, else body or query field (AU7). */
function givenXsrf(request: FastifyRequest): string | null {
  const header = request.headers[XSRF_HEADER];
  if (typeof header === 'string') return header;
  for (const part of [request.body, request.query]) {
    const field: unknown =
      typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[XSRF] : undefined;
    if (typeof field === 'string') return field;
  }
  return null;
}
