import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Accounts } from '../../../platform/accounts/accounts.ts';
import { LOGIN_FAILURE_LIMITS } from '../../../platform/accounts/failures.ts';
import type { Recovery } from '../../../platform/accounts/recovery.ts';
import type { Sessions } from '../../../platform/accounts/sessions.ts';
import type { Arrival, SignIn, SignInResult } from '../../../platform/accounts/sign-in.ts';
import type { Account } from '../../../platform/accounts/tables.ts';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import type { Tx } from '../../../platform/database/types.ts';
import { Unauthenticated } from '../../../platform/errors.ts';
import { planEmail, planPassword, planUsername, redirectUrl } from '../rules/account.ts';
import { invalidParameter, missingParameter, RuleError } from '../rules/errors.ts';
import type { Login, LoginService } from '../service/logins.ts';
import type { PregameService } from '../service/pregame.ts';
import type { Credentials } from './credentials.ts';
import { addOwnerRoute, addRoute, originOf } from './route.ts';
import { Nothing } from './schemas.ts';

/** Signing in by what an identity provider says (AU11, PF-14). */
export interface ProviderSignIn {
  /** @throws Invalid, Unauthenticated when the provider is not configured or does not confirm what is claimed. */
  signIn<T>(
    attempt: { provider: string; id: string; token: string; email: string; address: string; arrival: Arrival },
    open: (tx: Tx, account: Account) => Promise<T>,
  ): Promise<SignInResult<T>>;
}

export interface AccountRoutes {
  accounts: Pick<Accounts, 'register' | 'changePassword' | 'changeUsername'>;
  signIn: Pick<SignIn, 'signIn'>;
  sessions: Pick<Sessions, 'end'>;
  recovery: Pick<Recovery, 'recover' | 'reset'>;
  logins: LoginService;
  pregame: PregameService;
  credentials: Credentials;
  /** How long a mailed recovery code is good (2.1). */
  recoveryCodeTtlMs: number;
  /** Null: no provider is configured (AU11). */
  providers: ProviderSignIn | null;
}

const MODULE = 'predictions';
const QUARTER_HOUR_MS = 900_000;
const name = { kind: 'text', required: true, most: 254 } as const;
const code = { kind: 'id' } as const;
/** Passwords are taken as they are: even white space is one. */
const secret = { kind: 'value' } as const;
/** Whatever is no path of this site is dropped, not refused (AU9). */
const next = { kind: 'value' } as const;
const invite = { kind: 'id', aliases: ['challenge_id', 'challengeId'] } as const;

/** Rate-limit groups of these routes, by address here since nobody is logged in yet: 30 times as wide, for the crowd of a stadium (PF-09). */
export const ACCOUNT_LIMITS = { 'predictions.signup': { max: 60, windowMs: QUARTER_HOUR_MS } } as const;

const LoginBody = Type.Object({
  username: Type.String(),
  id: Type.String(),
  user_id: Type.String(),
  user_session_key: Type.String(),
  admin_session_key: Type.Optional(Type.String()),
  redirect_url: Type.String(),
});
const Username = Type.Object({ username: Type.String() });

/** Routes of 3.1. */
export function addAccountRoutes(app: FastifyInstance, parts: AccountRoutes): void {
  addSignUp(app, parts);
  addLogin(app, parts);
  addProviderLogin(app, parts);
  addLogout(app, parts);
  addPreSignUp(app, parts);
  addUsername(app, parts);
  addRecovery(app, parts);
  addPasswordUpdate(app, parts);
}

function addSignUp(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/signup'],
    action: 'public',
    summary: 'Creates an account and logs it in (AU1).',
    params: { username: name, email: name, password: secret, invite_id: invite, next },
    answer: LoginBody,
    config: { limit: 'predictions.signup' },
    async handle({ input, request, reply }) {
      const registration = {
        username: planUsername(input.username),
        email: planEmail(input.email),
        password: planPassword(readSecret(input.password, 'password')),
        arrival: arrivalOf(input.invite_id),
      };
      const { account, opened } = await parts.accounts.register(registration, (tx, made) =>
        parts.logins.open(tx, made, originOf(request)),
      );
      return answerLogin(parts, { account, login: opened, next: input.next, request, reply });
    },
  });
}

function addLogin(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/login'],
    action: 'public',
    summary: 'Logs in by username or e-mail, password and, where on, a one-time code (AU2-AU5).',
    params: {
      username: { ...name, aliases: ['loginname'] },
      password: secret,
      token: { ...code, aliases: ['2fa_token', 'twofa_token', 'otp'] },
      next,
      invite_id: invite,
    },
    answer: LoginBody,
    config: { idempotent: false },
    async handle({ input, request, reply }) {
      const attempt = {
        login: input.username,
        password: readSecret(input.password, 'password'),
        otp: input.token ?? undefined,
        address: request.address,
        limits: LOGIN_FAILURE_LIMITS,
        arrival: arrivalOf(input.invite_id),
      };
      const result = await parts.signIn.signIn(attempt, (tx, account) =>
        parts.logins.open(tx, account, originOf(request)),
      );
      return answerLogin(parts, { ...loginOf(result), next: input.next, request, reply });
    },
  });
}

function addProviderLogin(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/login/oauth'],
    action: 'public',
    summary: 'Logs in by an identity provider, where one is configured (AU11).',
    params: {
      oauthId: { kind: 'id', required: true, aliases: ['oauth_id'] },
      oauthToken: { kind: 'text', required: true, most: 10_000, aliases: ['oauth_token'] },
      oauthEmail: { ...name, aliases: ['oauth_email'] },
      oauthProvider: { kind: 'text', required: true, most: 100, aliases: ['oauth_provider'] },
      invite_id: invite,
      next,
    },
    answer: LoginBody,
    config: { idempotent: false },
    async handle({ input, request, reply }) {
      if (parts.providers === null)
        throw invalidParameter('oauthProvider', 'This way of logging in is not set up here.');
      const attempt = {
        provider: input.oauthProvider,
        id: input.oauthId,
        token: input.oauthToken,
        email: input.oauthEmail,
        address: request.address,
        arrival: arrivalOf(input.invite_id),
      };
      const result = await parts.providers.signIn(attempt, (tx, account) =>
        parts.logins.open(tx, account, originOf(request)),
      );
      return answerLogin(parts, { ...loginOf(result), next: input.next, request, reply });
    },
  });
}

function addLogout(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/logout'],
    action: 'public',
    summary: 'Ends the login with its keys and sockets; nothing to do is fine too (AU10).',
    params: {},
    answer: Nothing,
    config: { idempotent: false },
    async handle({ request, reply }) {
      const { principal } = request;
      if (principal.kind === 'account' && principal.sessionId !== null) {
        await parts.sessions.end(principal.accountId, principal.sessionId);
      }
      parts.credentials.signOut(request, reply);
      return {};
    },
  });
}

function addPreSignUp(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/n'],
    action: 'public',
    summary: 'Leaves an e-mail address before signing up (PG6).',
    params: {
      email: name,
      prediction_saved: { kind: 'boolean', default: false },
      challenge_id: { kind: 'id', aliases: ['invite_id', 'challengeId'] },
    },
    answer: Nothing,
    config: { tries: { max: 10, windowMs: QUARTER_HOUR_MS, subject: (request) => textField(request, 'email') } },
    async handle({ input }) {
      await parts.pregame.preSignUp(planEmail(input.email), input.prediction_saved, input.challenge_id);
      return {};
    },
  });
}

function addUsername(app: FastifyInstance, parts: AccountRoutes): void {
  addOwnerRoute(app, {
    method: 'GET',
    urls: ['/r/username'],
    summary: 'The own username.',
    params: {},
    answer: Username,
    handle: async ({ owner }) => ({ username: owner.username }),
  });
  addOwnerRoute(app, {
    method: 'POST',
    urls: ['/r/username'],
    summary: 'Changes the own username (AU14).',
    params: { usernameNew: { ...name, aliases: ['newUsername'] }, password: secret },
    answer: Username,
    config: { idempotent: false },
    async handle({ input, owner }) {
      const wanted = planUsername(input.usernameNew, 'usernameNew');
      const proof = proofOf(owner, readSecret(input.password, 'password'));
      return { username: (await parts.accounts.changeUsername(proof, wanted)).username };
    },
  });
}

function addRecovery(app: FastifyInstance, parts: AccountRoutes): void {
  addRoute(app, {
    method: 'POST',
    urls: ['/r/password/recover'],
    action: 'public',
    summary: 'Mails a recovery code; answers alike whether or not there is such an account (AU12).',
    params: { username: { ...name, aliases: ['user'] } },
    answer: Nothing,
    config: {
      tries: { max: 5, windowMs: QUARTER_HOUR_MS, subject: (request) => textField(request, 'username', 'user') },
    },
    async handle({ input }) {
      await parts.recovery.recover(input.username, parts.recoveryCodeTtlMs);
      return {};
    },
  });
  addRoute(app, {
    method: 'POST',
    urls: ['/r/password/update/from_recovery'],
    action: 'public',
    summary: 'Sets a password by a recovery code, once (AU12, AU13).',
    params: {
      password1: { ...secret, aliases: ['pass1'] },
      password2: { ...secret, aliases: ['pass2'] },
      recoveryCode: { ...name, aliases: ['recovery_code'] },
      email: name,
    },
    answer: Nothing,
    config: {
      idempotent: false,
      tries: { max: 20, windowMs: QUARTER_HOUR_MS, subject: (request) => textField(request, 'email') },
    },
    async handle({ input, request, reply }) {
      const password = newPassword(input, 'password1', 'password2');
      await parts.recovery.reset({ email: input.email, code: input.recoveryCode, password });
      parts.credentials.signOut(request, reply);
      return {};
    },
  });
}

function addPasswordUpdate(app: FastifyInstance, parts: AccountRoutes): void {
  addOwnerRoute(app, {
    method: 'POST',
    urls: ['/r/password/update'],
    summary: 'Changes the own password; every login of the account ends (AU13).',
    params: {
      passwordOld: { ...secret, aliases: ['passOld'] },
      passwordNew1: { ...secret, aliases: ['passNew1'] },
      passwordNew2: { ...secret, aliases: ['passNew2'] },
    },
    answer: Nothing,
    config: { idempotent: false },
    async handle({ input, owner, request, reply }) {
      const password = newPassword(input, 'passwordNew1', 'passwordNew2');
      const proof = proofOf(owner, readSecret(input.passwordOld, 'passwordOld'));
      await parts.accounts.changePassword(proof, password, async () => undefined);
      parts.credentials.signOut(request, reply);
      return {};
    },
  });
}

interface LoginAnswer {
  account: Account;
  login: Login;
  next: unknown;
  request: FastifyRequest;
  reply: FastifyReply;
}

function answerLogin(parts: AccountRoutes, { account, login, next: path, request, reply }: LoginAnswer) {
  parts.credentials.signIn(request, reply, login);
  return {
    username: account.username,
    id: account.id,
    user_id: account.id,
    user_session_key: login.userKey,
    ...(login.adminKey === null ? {} : { admin_session_key: login.adminKey }),
    redirect_url: redirectUrl(path),
  };
}

/** @throws RuleError 6602 for wrong credentials, Unauthenticated `second_factor_required` (AU3) */
function loginOf(result: SignInResult<Login>): { account: Account; login: Login } {
  switch (result.kind) {
    case 'signed_in':
      return { account: result.account, login: result.opened };
    case 'second_factor_required': {
      const text =
        result.given === 'missing'
          ? 'Send the code of your second factor as `token`.'
          : 'This code is not right, or was used already.';
      throw new Unauthenticated('second_factor_required', text);
    }
    case 'suspended':
      throw new RuleError('not_authorized', {}, { text: 'This account is suspended.' });
    case 'invalid_credentials':
      throw new RuleError('not_authorized', {}, { text: 'Username or password is wrong.' });
  }
}

function arrivalOf(inviteId: string | null): Arrival {
  return inviteId === null ? { through: MODULE } : { through: MODULE, inviteId };
}

function proofOf({ accountId, address }: AccountPrincipal, password: string) {
  return { accountId, password, address, limits: LOGIN_FAILURE_LIMITS };
}

/** A password as typed. @throws RuleError 6606, 6607 */
function readSecret(value: unknown, field: string): string {
  if (value === null || value === undefined || value === '') throw missingParameter(field);
  if (typeof value !== 'string' || value.length > 1000) throw invalidParameter(field);
  return value;
}

/** Both new values, which must be equal (AU13). @throws RuleError 6606, 6607 */
function newPassword<Field extends string>(
  input: Readonly<Record<Field, unknown>>,
  first: Field,
  second: Field,
): string {
  const password = planPassword(readSecret(input[first], first), first);
  if (readSecret(input[second], second) !== password)
    throw invalidParameter(second, 'The two passwords are not the same.');
  return password;
}

/** Whom a try is about, before its parameters are read. */
function textField(request: FastifyRequest, ...names: string[]): string | null {
  const body = request.body as Readonly<Record<string, unknown>> | null | undefined;
  const value = names.map((field) => body?.[field]).find((field) => typeof field === 'string');
  return typeof value === 'string' ? value.trim().toLowerCase() : null;
}
