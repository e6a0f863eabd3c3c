import { type Secrets, SecretUnreadable } from '../config/secrets.ts';
import type { Database, Tx } from '../database/types.ts';
import { NotFound, Unauthenticated } from '../errors.ts';
import type { Ports } from '../ports.ts';
import type { Access } from './access.ts';
import { hashOf, hasSecretForm, newSecret } from './credentials.ts';
import { SessionCache, type SessionCacheOptions } from './session-cache.ts';
import { ACCOUNTS, SESSIONS } from './tables.ts';
import type { AccountPrincipal, Grant } from './types.ts';

/** Kind of the platform's own cookie session. */
export const WEB_SESSION = 'web';
export const WEB_SESSION_TTL_MS = 30 * 86_400_000;

/** `last_seen_at` is moved at most this often. */
const SEEN_EVERY_MS = 60_000;
const AGENT_MAX_CHARS = 256;
const ADDRESS_MAX_CHARS = 64;
const KEY_PURPOSE = 'session-key';

/** A live session with what a principal needs of its account. */
export interface SessionRecord {
  id: string;
  kind: string;
  parentId: string | null;
  accountId: string;
  number: number;
  username: string;
  grants: ReadonlySet<Grant>;
  /** When its owner proved who he is; `/admin` asks again 12 h later (PF-63). */
  createdAt: number;
  expiresAt: number;
}

export interface NewSession {
  accountId: string;
  kind: string;
  ttlMs: number;
  /** The session this one comes from: it ends with it (PF-72). */
  parentId?: string;
  /** Its clear value can be read again by `readableSecrets` (predictions WS2); else only its hash is kept. */
  readable?: boolean;
  /** At most so many live sessions of this kind and account: the oldest dies (AU4). */
  keepNewest?: number;
  address: string;
  agent: string;
}

export interface IssuedSession {
  id: string;
  /** 43 characters of base64url; shown once. */
  secret: string;
  expiresAt: number;
}

export interface SessionListing {
  id: string;
  kind: string;
  createdAt: number;
  lastSeenAt: number;
  expiresAt: number;
  address: string;
  agent: string;
}

export interface ReadableSession {
  id: string;
  kind: string;
  secret: string;
  expiresAt: number;
}

interface SessionRow {
  id: string;
  kind: string;
  parent_id: string | null;
  account_id: string;
  number: bigint;
  username: string;
  grants: Grant[];
  created_at: bigint;
  expires_at: bigint;
}

export interface SessionsOptions {
  database: Database;
  ports: Pick<Ports, 'clock' | 'ids' | 'random'>;
  secrets: Secrets;
  access: Access;
  cache?: Omit<SessionCacheOptions, 'clock'>;
}

/** Live credentials of accounts: issued, looked up, listed, ended (PF-12, PF-72). */
export class Sessions {
  readonly #database: Database;
  readonly #ports: SessionsOptions['ports'];
  readonly #secrets: Secrets;
  readonly #access: Access;
  readonly #cache: SessionCache;

  constructor(options: SessionsOptions) {
    this.#database = options.database;
    this.#ports = options.ports;
    this.#secrets = options.secrets;
    this.#access = options.access;
    this.#cache = new SessionCache({ ...options.cache, clock: options.ports.clock });
    this.#access.onForget((accountId) => this.#cache.forget(accountId));
  }

  /**
   * Opens a session inside the caller's transaction. Locks the account, so that it cannot slip past a simultaneous end of all its sessions:
   * call it before locking anything of a higher rank.
   * @throws Unauthenticated `account_not_active`.
   */
  async issue(tx: Tx, wanted: NewSession): Promise<IssuedSession> {
    const [account] = await tx.lock<{ state: string }>(ACCOUNTS, 'id, state', [wanted.accountId]);
    if (account?.state !== 'active') throw new Unauthenticated('account_not_active', 'This account is not active.');
    const issued = {
      id: this.#ports.ids.uuid(),
      secret: newSecret(this.#ports.random),
      expiresAt: tx.now + wanted.ttlMs,
    };
    const sealed = wanted.readable ? this.#secrets.seal(KEY_PURPOSE, Buffer.from(issued.secret)) : null;
    await tx.query(
      `insert into sessions
         (id, account_id, kind, parent_id, secret_hash, secret_sealed, created_at, expires_at, last_seen_at, address, agent)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $7, $9, $10)`,
      [
        issued.id,
        wanted.accountId,
        wanted.kind,
        wanted.parentId ?? null,
        hashOf(issued.secret),
        sealed,
        tx.now,
        issued.expiresAt,
        wanted.address.slice(0, ADDRESS_MAX_CHARS),
        wanted.agent.slice(0, AGENT_MAX_CHARS),
      ],
    );
    if (wanted.keepNewest !== undefined) await this.#dropOldest(tx, wanted, issued.id);
    return issued;
  }

  /** The live session of this kind behind a secret, else null. Answered from memory for a few seconds at a time. */
  async resolve(kind: string, secret: string): Promise<SessionRecord | null> {
    if (!hasSecretForm(secret)) return null;
    const hash = hashOf(secret);
    const record = await this.#cache.get(hash.toString('base64'), () => this.#load('secret_hash', hash));
    return record?.kind === kind ? record : null;
  }

  /** As `resolve`, for a credential that names its session (predictions' `im_user`, PF-72). */
  async resolveById(kind: string, sessionId: string): Promise<SessionRecord | null> {
    const record = await this.#cache.get(sessionId, () => this.#load('id', sessionId));
    return record?.kind === kind ? record : null;
  }

  /** The live sessions of these kinds with their clear values, newest first (WS5). */
  async readableSecrets(accountId: string, kinds: readonly string[]): Promise<ReadableSession[]> {
    const rows = await this.#database.query<{ id: string; kind: string; secret_sealed: string; expires_at: bigint }>(
      `select s.id, s.kind, s.secret_sealed, s.expires_at from sessions s join accounts a on a.id = s.account_id
       where s.account_id = $1 and s.kind = any ($2::text[]) and s.expires_at > $3 and s.secret_sealed is not null and a.state = 'active'
       order by s.created_at desc, s.id`,
      [accountId, kinds, this.#ports.clock.now()],
    );
    return rows.flatMap((row) => {
      const secret = this.#openKey(row.secret_sealed);
      return secret === undefined ? [] : [{ id: row.id, kind: row.kind, secret, expiresAt: Number(row.expires_at) }];
    });
  }

  /** The account's live sessions, last used first. */
  async list(accountId: string): Promise<SessionListing[]> {
    const rows = await this.#database.query<{
      id: string;
      kind: string;
      created_at: bigint;
      last_seen_at: bigint;
      expires_at: bigint;
      address: string;
      agent: string;
    }>(
      `select id, kind, created_at, last_seen_at, expires_at, address, agent from sessions
       where account_id = $1 and expires_at > $2 order by last_seen_at desc, id limit 1000`,
      [accountId, this.#ports.clock.now()],
    );
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      createdAt: Number(row.created_at),
      lastSeenAt: Number(row.last_seen_at),
      expiresAt: Number(row.expires_at),
      address: row.address,
      agent: row.agent,
    }));
  }

  /** Logout: ends one session of the account and what came from it (PF-72). Returns whether there was one. */
  async end(accountId: string, sessionId: string): Promise<boolean> {
    return await this.#database.transaction('sessions.end', async (tx) => {
      await tx.lock(ACCOUNTS, 'id', [accountId]);
      return await this.endOne(tx, accountId, sessionId);
    });
  }

  /**
   * Ends a session that its owner picked from the list.
   * @throws NotFound `session_not_found` when it is not one of his.
   */
  async revoke(accountId: string, sessionId: string): Promise<void> {
    if (!(await this.end(accountId, sessionId))) throw new NotFound('session_not_found', 'There is no such session.');
  }

  /** "Sign out everywhere": all sessions and access tokens of the account end (PF-72). */
  async endEverywhere(accountId: string): Promise<void> {
    await this.#database.transaction('sessions.end_everywhere', async (tx) => {
      await tx.lock(ACCOUNTS, 'id', [accountId]);
      await this.endAll(tx, accountId);
    });
  }

  /** As `end`, inside a transaction that has locked the account. */
  async endOne(tx: Tx, accountId: string, sessionId: string): Promise<boolean> {
    const family = await tx.query<{ id: string }>(
      `with recursive family as (
         select id from sessions where id = $1 and account_id = $2
         union select s.id from sessions s join family f on s.parent_id = f.id
       ) select id from family`,
      [sessionId, accountId],
    );
    const sessionIds = family.map((row) => row.id);
    if (sessionIds.length === 0) return false;
    await tx.lock(SESSIONS, 'id', sessionIds);
    await tx.query('delete from sessions where id = any ($1::uuid[])', [sessionIds]);
    this.#access.ended(tx, { accountId, sessionIds });
    return true;
  }

  /** Ends all sessions inside a transaction that has locked the account; `token_version` rises (PF-72). */
  async endAll(tx: Tx, accountId: string, actor?: string | null): Promise<void> {
    await tx.query('update accounts set token_version = token_version + 1 where id = $1', [accountId]);
    await tx.query('delete from sessions where account_id = $1', [accountId]);
    this.#access.ended(tx, { accountId, sessionIds: null }, actor);
  }

  /** Removes rows that nobody can use any more, some at a time. Returns how many. */
  async purgeExpired(limit = 1000): Promise<number> {
    return await this.#database.transaction('sessions.purge', async (tx) => {
      const over =
        'expires_at <= $1 and not exists (select from sessions c where c.parent_id = s.id and c.expires_at > $1)';
      const rows = await tx.query<{ id: string; account_id: string }>(
        `select s.id, s.account_id from sessions s where s.${over} order by s.expires_at limit $2`,
        [tx.now, limit],
      );
      // Under their accounts' locks, as every other end of sessions: deletes in two orders would block each other.
      await tx.lock(ACCOUNTS, 'id', [...new Set(rows.map((row) => row.account_id))]);
      const ids = rows.map((row) => row.id);
      const gone = await tx.query(`delete from sessions s where s.id = any ($2::uuid[]) and s.${over} returning 1`, [
        tx.now,
        ids,
      ]);
      return gone.length;
    });
  }

  async #load(column: 'secret_hash' | 'id', value: Buffer | string): Promise<SessionRecord | null> {
    const now = this.#ports.clock.now();
    const [row] = await this.#database.query<SessionRow>(
      `with seen as (update sessions set last_seen_at = $2 where ${column} = $1 and last_seen_at <= $2 - ${SEEN_EVERY_MS}::bigint)
       select s.id, s.kind, s.parent_id, s.account_id, s.created_at, s.expires_at, a.number, a.username, a.grants
       from sessions s join accounts a on a.id = s.account_id
       where s.${column} = $1 and s.expires_at > $2 and a.state = 'active'`,
      [value, now],
    );
    return row ? toRecord(row) : null;
  }

  /** Nothing for a key that came out of a backup without its secret (PF-53): it is as good as expired. */
  #openKey(sealed: string): string | undefined {
    try {
      return this.#secrets.open(KEY_PURPOSE, sealed).toString();
    } catch (error) {
      if (error instanceof SecretUnreadable) return undefined;
      throw error;
    }
  }

  async #dropOldest(tx: Tx, wanted: NewSession, newestId: string): Promise<void> {
    const dropped = await tx.query(
      `delete from sessions where account_id = $1 and kind = $2 and id <> $5 and (expires_at <= $3 or id in (
         select id from sessions where account_id = $1 and kind = $2 and expires_at > $3 and id <> $5
         order by created_at desc, expires_at desc, id offset $4)) returning 1`,
      [wanted.accountId, wanted.kind, tx.now, Math.max(0, (wanted.keepNewest ?? 1) - 1), newestId],
    );
    if (dropped.length > 0) this.#access.changed(tx, wanted.accountId);
  }
}

/** Who acts when this session's credential is shown. */
export function principalOf(session: SessionRecord, via: AccountPrincipal['via'], address: string): AccountPrincipal {
  return {
    kind: 'account',
    accountId: session.accountId,
    number: session.number,
    username: session.username,
    grants: session.grants,
    sessionId: session.id,
    via,
    address,
  };
}

function toRecord(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    kind: row.kind,
    parentId: row.parent_id,
    accountId: row.account_id,
    number: Number(row.number),
    username: row.username,
    grants: new Set(row.grants),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  };
}
