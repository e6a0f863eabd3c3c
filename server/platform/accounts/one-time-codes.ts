import type { Queryable, Tx } from '../database/types.ts';
import type { Random } from '../ports.ts';
import { hashOf, newSecret } from './credentials.ts';

export type CodeKind = 'recovery' | 'claim';

/** How long the codes sent by mail can be used (predictions 2.1 `recovery_code_ttl`). */
export interface CodeLifetimes {
  recoveryMs: number;
  claimMs: number;
}

export const CODE_LIFETIMES: CodeLifetimes = { recoveryMs: 3_600_000, claimMs: 7 * 86_400_000 };

/** An account gets so many codes of a kind in an hour; further wishes are answered alike and send nothing. */
const CODES_PER_HOUR = 3;

/** Makes a code for an account whose lock the transaction holds; nothing when it had enough lately. Only the hash is kept (AU12). */
export async function makeCode(
  tx: Tx,
  random: Random,
  wanted: { accountId: string; kind: CodeKind; lifetimeMs: number },
): Promise<string | undefined> {
  const [recent] = await tx.query<{ codes: bigint }>(
    'select count(*) as codes from one_time_codes where account_id = $1 and kind = $2 and created_at > $3',
    [wanted.accountId, wanted.kind, tx.now - 3_600_000],
  );
  if (Number(recent!.codes) >= CODES_PER_HOUR) return undefined;
  const code = newSecret(random);
  await tx.query(
    'insert into one_time_codes (code_hash, account_id, kind, created_at, expires_at) values ($1, $2, $3, $4, $5)',
    [hashOf(code), wanted.accountId, wanted.kind, tx.now, tx.now + wanted.lifetimeMs],
  );
  return code;
}

/** Whether this code may set the account's password at this time. */
export async function isCodeLive(db: Queryable, accountId: string, code: string, nowMs: number): Promise<boolean> {
  const rows = await db.query(
    'select 1 from one_time_codes where code_hash = $1 and account_id = $2 and expires_at > $3',
    [hashOf(code.trim()), accountId, nowMs],
  );
  return rows.length > 0;
}

/** All codes of an account die together: a used one, and those that a new password makes needless. */
export async function dropCodes(tx: Tx, accountId: string): Promise<void> {
  await tx.query('delete from one_time_codes where account_id = $1', [accountId]);
}

/** Removes codes whose time is over. */
export async function purgeCodes(db: Queryable, nowMs: number): Promise<void> {
  await db.query(
    'delete from one_time_codes where code_hash = any (array(select code_hash from one_time_codes where expires_at <= $1 for update skip locked))',
    [nowMs],
  );
}
