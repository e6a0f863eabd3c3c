import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Queryable } from '../database/types.ts';
import type { Clock } from '../ports.ts';
import type { Accounts } from './accounts.ts';
import type { IsHttps } from './cookies.ts';
import type { FailureLimits } from './failures.ts';
import type { Recovery } from './recovery.ts';
import type { SecondFactor } from './second-factor.ts';
import { type NewSession, type Sessions, WEB_SESSION, WEB_SESSION_TTL_MS } from './sessions.ts';
import type { SignIn } from './sign-in.ts';

/** What the routes of `/account/api` work with. */
export interface AccountHttp {
  database: Queryable;
  clock: Clock;
  accounts: Accounts;
  signIn: SignIn;
  sessions: Sessions;
  secondFactor: SecondFactor;
  recovery: Recovery;
  isHttps: IsHttps;
  limits: FailureLimits;
}

/** Wide enough for any text that may be a name or a password; what fits is judged by the services. */
export const Text = Type.String({ minLength: 1, maxLength: 1000 });
export const Nothing = Type.Object({});

/** The platform session that a browser gets from this request. */
export function webSession(accountId: string, request: FastifyRequest): NewSession {
  const agent = request.headers['user-agent'] ?? '';
  return { accountId, kind: WEB_SESSION, ttlMs: WEB_SESSION_TTL_MS, address: request.address, agent };
}
