import type { Sessions } from '../../../platform/accounts/sessions.ts';
import type { Account } from '../../../platform/accounts/tables.ts';
import type { AccountPrincipal, Grant } from '../../../platform/accounts/types.ts';
import type { Queryable, Tx } from '../../../platform/database/types.ts';
import type { ServiceDeps } from './deps.ts';
import { ADMIN_KEY, USER_KEY } from './keys.ts';
import type { PlayerRoles, PlayerService } from './players.ts';

/** Where a login comes from, for the owner's list of sessions. */
export interface LoginOrigin {
  address: string;
  agent: string;
}

/** What a login gives its client: the session that stands behind cookie and key, and the keys' clear values (AU4, AU5). */
export interface Login {
  sessionId: string;
  userKey: string;
  /** Null for whoever holds none of D, S, G. */
  adminKey: string | null;
  expiresAt: number;
}

/** The keys of the websocket: issued at login, and for people who are signed in to the platform (AU4, AU5, PF-63). */
export class LoginService {
  readonly #deps: Pick<ServiceDeps, 'database' | 'ports' | 'settings'>;
  readonly #sessions: Sessions;
  readonly #players: PlayerService;

  constructor(
    deps: Pick<ServiceDeps, 'database' | 'ports' | 'settings'>,
    parts: { sessions: Sessions; players: PlayerService },
  ) {
    this.#deps = deps;
    this.#sessions = parts.sessions;
    this.#players = parts.players;
  }

  /** Issues the keys of a login inside its transaction; the admin key ends with the user's (AU10). */
  async open(tx: Tx, account: Pick<Account, 'id' | 'grants'>, origin: LoginOrigin): Promise<Login> {
    const user = await this.#sessions.issue(tx, { ...this.#newKey(account.id, USER_KEY), ...origin });
    const isAdmin = await holdsAnyRole(tx, account);
    const admin = isAdmin
      ? await this.#sessions.issue(tx, { ...this.#newKey(account.id, ADMIN_KEY), ...origin, parentId: user.id })
      : null;
    return { sessionId: user.id, userKey: user.secret, adminKey: admin?.secret ?? null, expiresAt: user.expiresAt };
  }

  /**
   * Body of the console's `session-key`: a key that ends with the platform's session. A key issued to that session before serves again while half
   * its life is left, so that a page that is loaded often does not push out the keys of other devices (AU4).
   */
  async keyFor(
    principal: AccountPrincipal,
    origin: LoginOrigin,
  ): Promise<{ user_id: string; user_session_key: string; roles: PlayerRoles; challenge_id: string }> {
    const challengeId = await this.#players.challengeId(principal);
    const key = (await this.#youngKey(principal)) ?? (await this.#newKeyOf(principal, origin));
    const roles = await this.#players.roles(principal);
    return { user_id: principal.accountId, user_session_key: key, roles, challenge_id: challengeId };
  }

  async #youngKey(principal: AccountPrincipal): Promise<string | undefined> {
    const { database, ports, settings } = this.#deps;
    const [young] = await database.query<{ id: string }>(
      'select id from sessions where parent_id = $1 and kind = $2 and expires_at > $3 order by created_at desc limit 1',
      [principal.sessionId, USER_KEY, ports.clock.now() + settings.sessionKeyTtlMs / 2],
    );
    if (!young) return undefined;
    const keys = await this.#sessions.readableSecrets(principal.accountId, [USER_KEY]);
    return keys.find((key) => key.id === young.id)?.secret;
  }

  async #newKeyOf(principal: AccountPrincipal, origin: LoginOrigin): Promise<string> {
    const parentId = principal.sessionId ?? undefined;
    const issued = await this.#deps.database.transaction('predictions.session-key', (tx) =>
      this.#sessions.issue(tx, { ...this.#newKey(principal.accountId, USER_KEY), ...origin, parentId }),
    );
    return issued.secret;
  }

  #newKey(accountId: string, kind: string) {
    const { sessionKeyTtlMs, keysPerUser } = this.#deps.settings;
    return { accountId, kind, ttlMs: sessionKeyTtlMs, readable: true, keepNewest: keysPerUser };
  }
}

const ADMIN_GRANTS: readonly Grant[] = ['predictions.developer', 'superuser'];

/** D, S or G of anything (1.2). */
async function holdsAnyRole(tx: Queryable, account: Pick<Account, 'id' | 'grants'>): Promise<boolean> {
  if (ADMIN_GRANTS.some((grant) => account.grants.has(grant))) return true;
  const [row] = await tx.query<{ is_admin: boolean }>(
    `select exists (select from predictions_source_admins where account_id = $1)
         or exists (select from predictions_game_admins where account_id = $1) as is_admin`,
    [account.id],
  );
  return row!.is_admin;
}
