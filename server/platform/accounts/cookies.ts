import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hashOf } from './credentials.ts';
import type { IssuedSession } from './sessions.ts';

export const SESSION_COOKIE = 'gr_session';
export const CSRF_COOKIE = 'gr_csrf';

/** Tells whether a request came by HTTPS: `PUBLIC_URL`, the socket, or a trusted proxy says so (PF-64). */
export type IsHttps = (request: FastifyRequest) => boolean;

/** All cookies of a raw header; of two with one name the first. */
export function readCookies(header: string | undefined): Record<string, string | undefined> {
  return header ? parseCookie(header) : {};
}

/**
 * The CSRF value of a session, bound to it by being made from its secret (PF-64): it needs no storing, cannot be made without the cookie, and
 * tells nothing of it.
 */
export function csrfValueOf(sessionSecret: string): string {
  return hashOf(`csrf:${sessionSecret}`).toString('base64url');
}

/** Attributes of PF-64, on which every cookie of the house builds. */
export function cookieAttributes(secure: boolean): { path: string; sameSite: 'lax'; secure: boolean } {
  return { path: '/', sameSite: 'lax', secure };
}

/** Signs the browser in: the session where no script reads it, and its CSRF value where scripts do. */
export function setSessionCookies(reply: FastifyReply, session: IssuedSession, nowMs: number, secure: boolean): void {
  const maxAge = Math.floor((session.expiresAt - nowMs) / 1000);
  addCookie(reply, SESSION_COOKIE, session.secret, { ...cookieAttributes(secure), httpOnly: true, maxAge });
  addCookie(reply, CSRF_COOKIE, csrfValueOf(session.secret), { ...cookieAttributes(secure), maxAge });
}

export function setCsrfCookie(reply: FastifyReply, sessionSecret: string, maxAge: number, secure: boolean): void {
  addCookie(reply, CSRF_COOKIE, csrfValueOf(sessionSecret), { ...cookieAttributes(secure), maxAge });
}

export function clearSessionCookies(reply: FastifyReply, secure: boolean): void {
  for (const name of [SESSION_COOKIE, CSRF_COOKIE]) {
    addCookie(reply, name, '', { ...cookieAttributes(secure), httpOnly: name === SESSION_COOKIE, maxAge: 0 });
  }
}

/** Adds a cookie to an answer, beside those it has. */
export function addCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  attributes: Omit<SetCookie, 'name' | 'value'>,
): void {
  reply.header('set-cookie', stringifySetCookie({ ...attributes, name, value }));
}
