import { Forbidden, Unauthenticated } from '../errors.ts';
import { type Authority, GRANTS, type Grant, type Policy, type Principal } from './types.ts';

/** Anybody, known or not. */
export const anyone: Policy = () => true;

/** Any account, whatever proved it. */
export const signedIn: Policy = (principal) => principal.kind === 'account';

/** An account by its platform session: what concerns the account itself, out of reach of keys and tokens. */
export const bySession: Policy = (principal) => principal.kind === 'account' && principal.via === 'gr_session';

/** Whether an account holds a grant; `superuser` includes the others (platform 9.3). */
export function holds(principal: Principal, grant: Grant): boolean {
  return principal.kind === 'account' && (principal.grants.has(grant) || principal.grants.has('superuser'));
}

export function granted(grant: Grant): Policy {
  return (principal) => holds(principal, grant);
}

/** A superuser by the platform's session (PF-63: panel and console use no other credential), or the server itself. */
export const superuser: Policy = (principal, resource) =>
  principal.kind === 'system' || (bySession(principal, resource) && holds(principal, 'superuser'));

/** Actions on accounts that the platform's own routes and panel name. */
export const ACCOUNT_ACTIONS: Readonly<Record<string, Policy>> = {
  'platform.session.list': bySession,
  'platform.session.end': bySession,
  'platform.password.change': bySession,
  'platform.second_factor.read': bySession,
  'platform.second_factor.change': bySession,
  'platform.account.list': superuser,
  'platform.account.set_grants': superuser,
  'platform.account.set_state': superuser,
  'platform.mail.list': superuser,
};

/** The one authorisation function (PF-16). Knows `public` from the start; everybody else defines his actions while the house is put together. */
export function createAuthority(): Authority {
  const policies = new Map<string, Policy>([['public', anyone]]);
  const can = (principal: Principal, action: string, resource: unknown = null): boolean => {
    const policy = policies.get(action);
    if (!policy) throw new Error(`action ${action} has no policy`);
    return policy(principal, resource);
  };
  return {
    define(actions) {
      for (const [action, policy] of Object.entries(actions)) {
        if (policies.has(action)) throw new Error(`action ${action} is defined twice`);
        policies.set(action, policy);
      }
    },
    can,
    require(principal, action, resource) {
      if (can(principal, action, resource)) return;
      if (principal.kind === 'anonymous') throw new Unauthenticated('not_authorized', 'Sign in first.');
      throw new Forbidden('not_authorized', 'You may not do this.');
    },
    actions: () => [...policies.keys()].sort(),
  };
}

/** One principal of each kind there is, by name: the rows of the matrix. */
export function samplePrincipals(): Record<string, Principal> {
  const account = (via: 'gr_session' | 'im_user' | 'session_key' | 'token', grants: readonly Grant[]): Principal => ({
    kind: 'account',
    accountId: '00000000-0000-4000-8000-000000000001',
    number: 1,
    username: 'sample',
    grants: new Set(grants),
    sessionId: via === 'token' ? null : '00000000-0000-4000-8000-000000000002',
    via,
    address: '127.0.0.1',
  });
  return {
    anonymous: { kind: 'anonymous', address: '127.0.0.1' },
    account: account('gr_session', []),
    'account by im_user': account('im_user', []),
    'account by session key': account('session_key', []),
    'account by token': account('token', []),
    ...Object.fromEntries(GRANTS.map((grant) => [grant, account('gr_session', [grant])])),
    'superuser by token': account('token', ['superuser']),
    system: { kind: 'system', name: 'sample' },
  };
}

/** Who may ever do what: for each action the kinds of principal that the edge lets through (PF-16). */
export function accessMatrix(authority: Authority): Record<string, string[]> {
  const principals = Object.entries(samplePrincipals());
  return Object.fromEntries(
    authority
      .actions()
      .map((action) => [
        action,
        principals.filter(([, principal]) => authority.can(principal, action, null)).map(([kind]) => kind),
      ]),
  );
}
