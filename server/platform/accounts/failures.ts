import type { Queryable } from '../database/types.ts';
import { TooMany } from '../errors.ts';
import { limitAddress } from '../http/address.ts';
import { hashOf } from './credentials.ts';
import { keyOfName } from './names.ts';

/** A route's own limits on the shared counts of failed logins (PF-67, AU15). Crowds share an address: `perAddress` is wide (platform 3). */
export interface FailureLimits {
  windowMs: number;
  /** Failures of one account from one address. */
  perPair: number;
  /** Failures of one account from anywhere. */
  perAccount: number;
  /** Failures from one address, whoever was tried. */
  perAddress: number;
  /** Added to `perAddress` for each account that has a live session from that address. */
  perProvenAccount: number;
}

/** 10 per 10 minutes and pair; the address alone gets 30 times that. */
export const LOGIN_FAILURE_LIMITS: FailureLimits = {
  windowMs: 600_000,
  perPair: 10,
  perAccount: 100,
  perAddress: 300,
  perProvenAccount: 10,
};

/** Failures are kept this long: no route may ask for a wider window. */
export const FAILURES_KEPT_MS = 86_400_000;

/** Whose failures are counted together: one account under all its names, or a name that nobody has. */
export function failureSubject(accountId: string | undefined, login: string): string {
  // A digest, since people type passwords into the wrong field.
  return accountId ?? `name:${hashOf(keyOfName(login)).toString('base64url')}`;
}

export async function recordFailure(db: Queryable, subject: string, address: string, nowMs: number): Promise<void> {
  await db.query('insert into login_failures (subject, address, at) values ($1, $2, $3)', [
    subject,
    limitAddress(address),
    nowMs,
  ]);
}

/** A success from an address settles the account's failures there: they were its owner's. */
export async function forgiveFailures(db: Queryable, subject: string, address: string): Promise<void> {
  await db.query('delete from login_failures where subject = $1 and address = $2', [subject, limitAddress(address)]);
}

/** @throws TooMany `too_many` when the account, the address or both have failed too often for this route. */
export async function refuseTooMany(
  db: Queryable,
  who: { subject: string; address: string },
  limits: FailureLimits,
  nowMs: number,
): Promise<void> {
  const since = nowMs - limits.windowMs;
  const site = limitAddress(who.address);
  // The oldest failure that still fills a limit: when it leaves the window, the next try is welcome.
  const [row] = await db.query<{ pair_at: bigint | null; account_at: bigint | null; address_at: bigint | null }>(
    `select
       (select at from login_failures where subject = $1 and address = $2 and at > $3 order by at desc offset $4 limit 1) as pair_at,
       (select at from login_failures where subject = $1 and at > $3 order by at desc offset $5 limit 1) as account_at,
       (select at from login_failures where address = $2 and at > $3 order by at desc offset $6 limit 1) as address_at`,
    [who.subject, site, since, limits.perPair - 1, limits.perAccount - 1, limits.perAddress - 1],
  );
  const filled = [row!.pair_at, row!.account_at].filter((at) => at !== null).map(Number);
  if (row!.address_at !== null) {
    const at = await crowdedAt(db, who.address, limits, nowMs);
    if (at !== undefined) filled.push(at);
  }
  if (filled.length === 0) return;
  const retryAfterMs = Math.max(1, Math.max(...filled) + limits.windowMs - nowMs);
  throw new TooMany('too_many', 'Too many failed tries. Wait a while, then try again.', retryAfterMs);
}

/** As above for an address whose limit grows with the accounts proven behind it. */
async function crowdedAt(
  db: Queryable,
  address: string,
  limits: FailureLimits,
  nowMs: number,
): Promise<number | undefined> {
  const [row] = await db.query<{ at: bigint | null }>(
    `select (select at from login_failures where address = $1 and at > $2 order by at desc limit 1 offset
       $3 + $4 * (select count(distinct account_id) from sessions where address = $5 and expires_at > $6)) as at`,
    [
      limitAddress(address),
      nowMs - limits.windowMs,
      limits.perAddress - 1,
      limits.perProvenAccount,
      address.slice(0, 64),
      nowMs,
    ],
  );
  return row?.at == null ? undefined : Number(row.at);
}

/** Removes failures that no window can reach any more. */
export async function purgeFailures(db: Queryable, nowMs: number): Promise<void> {
  // Rows that a sign-in is just forgiving are left to it: nobody waits for the other here.
  await db.query(
    'delete from login_failures where ctid = any (array(select ctid from login_failures where at <= $1 for update skip locked))',
    [nowMs - FAILURES_KEPT_MS],
  );
}
