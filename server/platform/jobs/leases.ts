import type { Queryable } from '../database/types.ts';

export const LEASE_MS = 15_000;

/**
 * Takes or renews a lease. Returns its fencing number, or undefined while another owner holds it. The number rises whenever the owner changes, so
 * that a stale owner's writes can be told from the present one's (RS6 of predictions).
 */
export async function takeLease(
  database: Queryable,
  name: string,
  owner: string,
  nowMs: number,
  leaseMs = LEASE_MS,
): Promise<bigint | undefined> {
  const [row] = await database.query<{ fence: bigint }>(
    `insert into leases as l (name, owner, fence, expires_at) values ($1, $2, 1, $3::bigint + $4::bigint)
     on conflict (name) do update
       set owner = excluded.owner, expires_at = excluded.expires_at, fence = l.fence + case when l.owner = excluded.owner then 0 else 1 end
       where l.owner = excluded.owner or l.expires_at <= $3
     returning fence`,
    [name, owner, nowMs, leaseMs],
  );
  return row?.fence;
}

/** Gives a lease back before it expires, so that another process need not wait. */
export async function releaseLease(database: Queryable, name: string, owner: string): Promise<void> {
  await database.query('update leases set expires_at = 0 where name = $1 and owner = $2', [name, owner]);
}

/** Ends the leases of earlier processes, for one that knows to be the only one (it owns the embedded database): their work goes on at once. */
export async function endLeasesOfTheDead(database: Queryable): Promise<void> {
  await database.query('update leases set expires_at = 0 where expires_at > 0');
}
