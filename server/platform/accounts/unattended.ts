import type { Database } from '../database/types.ts';
import { Conflict } from '../errors.ts';
import type { Ids } from '../ports.ts';
import { keyOfName } from './names.ts';
import type { AccountPrincipal } from './types.ts';

/** Name and address of an account that no person owns. */
export interface Unattended {
  username: string;
  email: string;
}

/**
 * Accounts nobody can sign in to: the server's own, and simulated players. Those that are there already stay as they are. All in one transaction and
 * without a password's cost. In the order asked for, as principals without grants.
 * @throws Conflict `username_taken` when a person has one of the names.
 */
export async function ensureUnattended(
  database: Database,
  ids: Ids,
  wanted: readonly Unattended[],
): Promise<AccountPrincipal[]> {
  const people = wanted.map((one) => ({
    ...one,
    id: ids.uuid(),
    key: keyOfName(one.username),
    emailKey: keyOfName(one.email),
  }));
  const rows = await database.transaction('accounts.unattended', async (tx) => {
    await tx.query(INSERT, [
      people.map((one) => one.id),
      people.map((one) => one.username),
      people.map((one) => one.key),
      people.map((one) => one.email),
      people.map((one) => one.emailKey),
      tx.now,
    ]);
    return await tx.query<{
      id: string;
      number: bigint;
      username: string;
      username_key: string;
      email_key: string | null;
      is_person: boolean;
    }>(
      'select id, number, username, username_key, email_key, password_hash is not null as is_person from accounts where username_key = any ($1::text[])',
      [people.map((one) => one.key)],
    );
  });
  const byKey = new Map(rows.map((row) => [row.username_key, row]));
  return people.map(({ key, emailKey }) => {
    const row = byKey.get(key);
    if (row === undefined || row.is_person || row.email_key !== emailKey)
      throw new Conflict('username_taken', 'A name is taken by somebody else.');
    const { id: accountId, username } = row;
    return {
      kind: 'account',
      accountId,
      number: Number(row.number),
      username,
      grants: new Set(),
      sessionId: null,
      via: 'session_key',
      address: '127.0.0.1',
    };
  });
}

/** Whoever is named already, by either name, is left out. */
const INSERT = `
  with wanted as (
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) as w(id, username, username_key, email, email_key)
    where not exists (select from login_names n where n.name in (w.username_key, w.email_key))
  ), named as (
    insert into login_names (name, account_id)
    select username_key, id from wanted union all select email_key, id from wanted
  )
  insert into accounts (id, username, username_key, email, email_key, claimed, created_at)
  select id, username, username_key, email, email_key, true, $6 from wanted order by username_key`;
