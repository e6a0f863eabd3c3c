/** Grants of an account that are not rows of a module (platform 9.3). */
export type Grant = 'superuser' | 'draws.staff' | 'races.admin' | 'predictions.developer';

/** All grants, for input checks and the matrix test. */
export const GRANTS: readonly Grant[] = ['superuser', 'draws.staff', 'races.admin', 'predictions.developer'];

/** Who acts. Made at the edge, once per request or connection, and passed to services. */
export type Principal = Anonymous | AccountPrincipal | SystemPrincipal;

export interface Anonymous {
  kind: 'anonymous';
  address: string;
}

export interface AccountPrincipal {
  kind: 'account';
  /** `accounts.id`, a UUID (PF-65). */
  accountId: string;
  /** `accounts.number` (PF-65). */
  number: number;
  username: string;
  grants: ReadonlySet<Grant>;
  /** Session that stands behind the credential; null for scoped tokens. */
  sessionId: string | null;
  /** Which credential proved it: cookies win or lose by PF-63, CSRF pairs differ (9.2). */
  via: 'gr_session' | 'im_user' | 'session_key' | 'token';
  address: string;
}

/** The server itself: timers, consumers, the demo. */
export interface SystemPrincipal {
  kind: 'system';
  name: string;
}

/**
 * A rule for one action: may `principal` do it to `resource`? `resource` is what the service has loaded inside its transaction (or null when the
 * question is asked at the edge, before anything is loaded: then the rule answers whether this kind of principal may ever do it).
 */
export type Policy = (principal: Principal, resource: unknown) => boolean;

/** The one authorisation function's registry (PF-16): `<module>.<noun>.<verb>` -> policy. */
export interface Authority {
  define(actions: Readonly<Record<string, Policy>>): void;
  can(principal: Principal, action: string, resource?: unknown): boolean;
  /** @throws Forbidden (or Unauthenticated for an anonymous principal) with code `not_authorized`. */
  require(principal: Principal, action: string, resource?: unknown): void;
  /** Every defined action, for the matrix test. */
  actions(): string[];
}

/** What a wire needs to cut live connections when access ends (PF-72). Delivered in every process. */
export interface AccessEnded {
  accountId: string;
  /** Sessions that ended; null = all of the account. */
  sessionIds: readonly string[] | null;
}
