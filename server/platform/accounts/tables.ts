import type { LockTable, Queryable } from '../database/types.ts';
import { keyOfName } from './names.ts';
import type { Grant } from './types.ts';

/** Places in the house's lock order (DESIGN M3): an account before its sessions. */
export const ACCOUNTS: LockTable = { name: 'accounts', key: 'id', keyType: 'uuid', rank: 10 };
export const SESSIONS: LockTable = { name: 'sessions', key: 'id', keyType: 'uuid', rank: 12 };

export type AccountState = 'active' | 'suspended' | 'deleted';

/** An account as services and modules see it: without its password hash. */
export interface Account {
  id: string;
  number: number;
  username: string;
  email: string | null;
  emailVerified: boolean;
  /** False only for accounts made by an e-mail prediction and not taken over yet (PF-69). */
  claimed: boolean;
  state: AccountState;
  tokenVersion: number;
  grants: ReadonlySet<Grant>;
  createdAt: number;
}

export interface AccountRow {
  id: string;
  number: bigint;
  username: string;
  username_key: string;
  email: string | null;
  email_key: string | null;
  email_verified_at: bigint | null;
  password_hash: string | null;
  claimed: boolean;
  state: AccountState;
  token_version: number;
  grants: Grant[];
  created_at: bigint;
}

const COLUMNS = [
  'id',
  'number',
  'username',
  'username_key',
  'email',
  'email_key',
  'email_verified_at',
  'password_hash',
  'claimed',
  'state',
  'token_version',
  'grants',
  'created_at',
];
/** What `Tx.lock(ACCOUNTS, ...)` must select for an `AccountRow`. */
export const ACCOUNT_COLUMNS = COLUMNS.join(', ');

export function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    number: Number(row.number),
    username: row.username,
    email: row.email,
    emailVerified: row.email_verified_at !== null,
    claimed: row.claimed,
    state: row.state,
    tokenVersion: row.token_version,
    grants: new Set(row.grants),
    createdAt: Number(row.created_at),
  };
}

/** The account that signs in with this text, a username or an e-mail in any case and form (PF-10, PF-66). */
export async function findByLogin(db: Queryable, login: string): Promise<AccountRow | undefined> {
  const columns = COLUMNS.map((column) => `a.${column}`).join(', ');
  const [row] = await db.query<AccountRow>(
    `select ${columns} from login_names n join accounts a on a.id = n.account_id where n.name = $1`,
    [keyOfName(login)],
  );
  return row;
}

export async function findById(db: Queryable, accountId: string): Promise<AccountRow | undefined> {
  const [row] = await db.query<AccountRow>(`select ${ACCOUNT_COLUMNS} from accounts where id = $1`, [accountId]);
  return row;
}

/**
 * Takes login names for an account; its own are fine. Waits for others who are just taking the same (PF-66).
 * @returns the names that belong to somebody else; nobody's when empty.
 */
export async function claimNames(db: Queryable, accountId: string, names: readonly string[]): Promise<Set<string>> {
  // In one order for everybody: two registrations that want the same pair must not wait for each other.
  await db.query(
    `insert into login_names (name, account_id)
     select distinct on (u.name collate "C") u.name, $1::uuid from unnest($2::text[]) as u(name) order by u.name collate "C"
     on conflict (name) do nothing`,
    [accountId, names],
  );
  const taken = await db.query<{ name: string }>(
    'select name from login_names where name = any ($2::text[]) and account_id <> $1',
    [accountId, names],
  );
  return new Set(taken.map((row) => row.name));
}
