import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Unauthenticated } from '../errors.ts';
import type { App } from '../http/types.ts';
import { clearSessionCookies, setSessionCookies } from './cookies.ts';
import { type AccountHttp, Nothing, Text, webSession } from './http-parts.ts';
import type { AccountPrincipal } from './types.ts';

const SessionBody = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  created_at: Type.String(),
  last_seen_at: Type.String(),
  address: Type.String(),
  agent: Type.String(),
  current: Type.Boolean(),
});
const Code = Type.String({ minLength: 1, maxLength: 100 });

/** What somebody signed in does to his own account. */
export function registerOwnRoutes(app: App, http: AccountHttp): void {
  registerSessions(app, http);
  registerPassword(app, http);
  registerSecondFactor(app, http);
}

function registerSessions(app: App, http: AccountHttp): void {
  app.route({
    method: 'GET',
    url: '/account/api/sessions',
    config: { action: 'platform.session.list' },
    schema: { response: { 200: Type.Object({ sessions: Type.Array(SessionBody) }) } },
    handler: async (request) => {
      const owner = ownerOf(request);
      const sessions = await http.sessions.list(owner.accountId);
      return {
        sessions: sessions.map(({ id, kind, createdAt, lastSeenAt, address, agent }) => ({
          id,
          kind,
          created_at: new Date(createdAt).toISOString(),
          last_seen_at: new Date(lastSeenAt).toISOString(),
          address,
          agent,
          current: id === owner.sessionId,
        })),
      };
    },
  });
  app.route({
    method: 'DELETE',
    url: '/account/api/sessions/:id',
    config: { action: 'platform.session.end' },
    schema: { params: Type.Object({ id: Type.String({ format: 'uuid' }) }), response: { 200: Nothing } },
    handler: async (request) => {
      await http.sessions.revoke(ownerOf(request).accountId, request.params.id);
      return {};
    },
  });
  app.route({
    method: 'POST',
    url: '/account/api/sign-out-everywhere',
    config: { action: 'platform.session.end', idempotent: false },
    schema: { response: { 200: Nothing } },
    handler: async (request, reply) => {
      await http.sessions.endEverywhere(ownerOf(request).accountId);
      clearSessionCookies(reply, http.isHttps(request));
      return {};
    },
  });
}

function registerPassword(app: App, http: AccountHttp): void {
  app.route({
    method: 'POST',
    url: '/account/api/password',
    config: { action: 'platform.password.change', idempotent: false },
    schema: { body: Type.Object({ current: Text, password: Text }), response: { 200: Nothing } },
    handler: async (request, reply) => {
      const { accountId } = ownerOf(request);
      const { current, password } = request.body;
      // All sessions end (PF-72); the browser that made the change goes on with a new one.
      const session = await http.accounts.changePassword(
        { accountId, password: current, address: request.address, limits: http.limits },
        password,
        (tx) => http.sessions.issue(tx, webSession(accountId, request)),
      );
      setSessionCookies(reply, session, http.clock.now(), http.isHttps(request));
      return {};
    },
  });
}

function registerSecondFactor(app: App, http: AccountHttp): void {
  const change = { action: 'platform.second_factor.change', idempotent: false };
  app.route({
    method: 'GET',
    url: '/account/api/second-factor',
    config: { action: 'platform.second_factor.read' },
    schema: {
      response: {
        200: Type.Object({ enabled: Type.Boolean(), pending: Type.Boolean(), recovery_codes_left: Type.Integer() }),
      },
    },
    handler: async (request) => {
      const state = await http.secondFactor.state(http.database, ownerOf(request).accountId);
      return { enabled: state.enabled, pending: state.pending, recovery_codes_left: state.recoveryCodesLeft };
    },
  });
  app.route({
    method: 'POST',
    url: '/account/api/second-factor/begin',
    config: change,
    schema: { response: { 200: Type.Object({ secret: Type.String(), uri: Type.String() }) } },
    handler: (request) => http.secondFactor.begin(ownerOf(request).accountId),
  });
  app.route({
    method: 'POST',
    url: '/account/api/second-factor/confirm',
    config: change,
    schema: {
      body: Type.Object({ code: Code }),
      response: { 200: Type.Object({ recovery_codes: Type.Array(Type.String()) }) },
    },
    handler: async (request) => ({
      recovery_codes: await http.secondFactor.confirm(ownerOf(request).accountId, request.body.code),
    }),
  });
  app.route({
    method: 'POST',
    url: '/account/api/second-factor/disable',
    config: change,
    schema: { body: Type.Object({ code: Code, password: Text }), response: { 200: Nothing } },
    handler: async (request) => {
      const { address } = request;
      await http.secondFactor.disable(ownerOf(request).accountId, { ...request.body, address, limits: http.limits });
      return {};
    },
  });
}

/** The account behind the request; the routes' policies let no other principal through. */
function ownerOf(request: FastifyRequest): AccountPrincipal {
  if (request.principal.kind === 'account') return request.principal;
  throw new Unauthenticated('not_authorized', 'Sign in first.');
}
