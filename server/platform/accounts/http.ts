import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { type DomainError, Unauthenticated } from '../errors.ts';
import { presentProblem } from '../http/errors.ts';
import { type App, type PresentedError, type Surface, typedApp } from '../http/types.ts';
import {
  CSRF_COOKIE,
  clearSessionCookies,
  csrfValueOf,
  readCookies,
  SESSION_COOKIE,
  setCsrfCookie,
  setSessionCookies,
} from './cookies.ts';
import { registerOwnRoutes } from './http-own.ts';
import { type AccountHttp, Nothing, Text, webSession } from './http-parts.ts';
import type { FieldFault } from './names.ts';
import { WEB_SESSION_TTL_MS } from './sessions.ts';
import type { Account } from './tables.ts';

const AccountBody = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  username: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  email_verified: Type.Boolean(),
  grants: Type.Array(Type.String()),
  second_factor: Type.Boolean(),
});
const SignedIn = Type.Object({ account: AccountBody });

const QUARTER_HOUR_MS = 900_000;

/** `/account/api`: the platform sign-in that all modules share (PF-02). */
export function accountSurface(http: AccountHttp): Surface {
  return {
    owner: 'platform',
    paths: ['/account/api'],
    limits: { 'platform.register': { max: 5, windowMs: QUARTER_HOUR_MS } },
    presentError: presentAccountError,
    routes(app: FastifyInstance) {
      const typed = typedApp(app);
      registerSignIn(typed, http);
      registerSignOut(typed, http);
      registerRecovery(typed, http);
      registerOwnRoutes(typed, http);
    },
  };
}

function registerSignIn(app: App, http: AccountHttp): void {
  const signInBody = Type.Object({
    username: Text,
    password: Text,
    otp: Type.Optional(Type.String({ maxLength: 100 })),
  });
  app.route({
    method: 'POST',
    url: '/account/api/sign-in',
    config: { action: 'public', csrf: false, idempotent: false },
    schema: { body: signInBody, response: { 200: SignedIn } },
    handler: async (request, reply) => {
      const { username, password, otp } = request.body;
      const result = await http.signIn.signIn(
        {
          login: username,
          password,
          otp,
          address: request.address,
          limits: http.limits,
          arrival: { through: 'platform' },
        },
        (tx, account) => http.sessions.issue(tx, webSession(account.id, request)),
      );
      if (result.kind === 'invalid_credentials')
        throw new Unauthenticated('invalid_credentials', 'Name or password is wrong.');
      if (result.kind === 'suspended') throw new Unauthenticated('account_not_active', 'This account is suspended.');
      if (result.kind === 'second_factor_required') {
        const message =
          result.given === 'missing'
            ? 'Enter the code of your second factor.'
            : 'This code is not right, or was used already.';
        throw new Unauthenticated('second_factor_required', message);
      }
      setSessionCookies(reply, result.opened, http.clock.now(), http.isHttps(request));
      return { account: await accountBody(http, result.account) };
    },
  });
  const registerBody = Type.Object({
    username: Text,
    email: Text,
    password: Text,
    invite_id: Type.Optional(Type.String({ maxLength: 200 })),
  });
  app.route({
    method: 'POST',
    url: '/account/api/register',
    config: { action: 'public', csrf: false, limit: 'platform.register', idempotent: 'marked' },
    schema: { body: registerBody, response: { 200: SignedIn } },
    handler: async (request, reply) => {
      const { username, email, password, invite_id: inviteId } = request.body;
      const { account, opened } = await http.accounts.register(
        { username, email, password, arrival: { through: 'platform', inviteId } },
        async (tx, made) => {
          await request.idempotency?.mark(tx);
          return await http.sessions.issue(tx, webSession(made.id, request));
        },
      );
      setSessionCookies(reply, opened, http.clock.now(), http.isHttps(request));
      return { account: await accountBody(http, account) };
    },
  });
}

function registerSignOut(app: App, http: AccountHttp): void {
  app.route({
    method: 'GET',
    url: '/account/api/me',
    config: { action: 'public' },
    schema: { response: { 200: Type.Object({ account: Type.Union([AccountBody, Type.Null()]) }) } },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { principal } = request;
      const account =
        principal.kind === 'account' ? await http.accounts.find(http.database, principal.accountId) : undefined;
      if (!account) return { account: null };
      renewCsrfCookie(http, request, reply);
      return { account: await accountBody(http, account) };
    },
  });
  app.route({
    method: 'POST',
    url: '/account/api/sign-out',
    config: { action: 'public', idempotent: false },
    schema: { response: { 200: Nothing } },
    handler: async (request, reply) => {
      const { principal } = request;
      if (principal.kind === 'account' && principal.sessionId)
        await http.sessions.end(principal.accountId, principal.sessionId);
      clearSessionCookies(reply, http.isHttps(request));
      return {};
    },
  });
}

function registerRecovery(app: App, http: AccountHttp): void {
  const recoverBody = Type.Object({ username: Text });
  app.route({
    method: 'POST',
    url: '/account/api/recover',
    config: {
      action: 'public',
      csrf: false,
      tries: {
        max: 5,
        windowMs: QUARTER_HOUR_MS,
        subject: (request) => (request.body as Static<typeof recoverBody>).username,
      },
    },
    schema: { body: recoverBody, response: { 200: Nothing } },
    handler: async (request) => {
      await http.recovery.recover(request.body.username);
      return {};
    },
  });
  const resetBody = Type.Object({ email: Text, code: Text, password: Text });
  app.route({
    method: 'POST',
    url: '/account/api/reset',
    config: {
      action: 'public',
      csrf: false,
      idempotent: false,
      tries: {
        max: 20,
        windowMs: QUARTER_HOUR_MS,
        subject: (request) => (request.body as Static<typeof resetBody>).email,
      },
    },
    schema: { body: resetBody, response: { 200: Nothing } },
    handler: async (request, reply) => {
      await http.recovery.reset(request.body);
      clearSessionCookies(reply, http.isHttps(request));
      return {};
    },
  });
}

/** A browser that lost the CSRF cookie, or has one of an earlier session, gets the right one with the page's first question. */
function renewCsrfCookie(http: AccountHttp, request: FastifyRequest, reply: FastifyReply): void {
  const cookies = readCookies(request.headers.cookie);
  const secret = cookies[SESSION_COOKIE];
  if (secret === undefined || cookies[CSRF_COOKIE] === csrfValueOf(secret)) return;
  setCsrfCookie(reply, secret, WEB_SESSION_TTL_MS / 1000, http.isHttps(request));
}

async function accountBody(http: AccountHttp, account: Account): Promise<Static<typeof AccountBody>> {
  const { enabled } = await http.secondFactor.state(http.database, account.id);
  return {
    id: account.id,
    number: account.number,
    username: account.username,
    email: account.email,
    email_verified: account.emailVerified,
    grants: [...account.grants].sort(),
    second_factor: enabled,
  };
}

/** problem+json with the faults of each field as `errors: [{field, message}]`, for forms to show beside their fields. */
function presentAccountError(error: DomainError, requestId: string, request: FastifyRequest): PresentedError {
  const problem = presentProblem(error, requestId, request.url.split('?', 1)[0]!);
  const faults = Array.isArray(error.details.errors) ? error.details.errors.map(toFieldFault) : undefined;
  return faults ? { ...problem, body: { ...(problem.body as object), errors: faults } } : problem;
}

/** Faults found by schemas name a path in the body (`/password`); those of services name the field. */
function toFieldFault(fault: { field?: string; path?: string; message?: string }): FieldFault {
  return {
    field: fault.field ?? (fault.path ?? '').replace(/^\//, ''),
    message: fault.message ?? 'This is not accepted.',
  };
}
