import { desc } from 'drizzle-orm';
import type { Principal } from '../../../platform/accounts/types.ts';
import type { Tx } from '../../../platform/database/types.ts';
import type { Ids } from '../../../platform/ports.ts';
import { rejectedItems } from '../tables.ts';
import { requireAction } from './access.ts';
import type { ServiceDeps } from './deps.ts';

/** Most items in the admins' list. */
const MOST_LISTED = 1_000;

/** A feed item that names nothing we know (RS11). */
export interface RejectedItem {
  itemId: string;
  /** The error's name (4.5). */
  reason: string;
  item: Record<string, unknown>;
}

/** Keeps rejected items for admins; an item that comes again shows its latest reason. */
export async function insertRejected(
  tx: Tx,
  feed: string,
  rejected: readonly RejectedItem[],
  rejectedAt: number,
  ids: Ids,
): Promise<void> {
  if (rejected.length === 0) return;
  const last = [...new Map(rejected.map((item) => [item.itemId, item])).values()];
  await tx.query(
    `insert into predictions_rejected_items (id, feed, item_id, reason, item, rejected_at)
     select id, $2, item_id, reason, item::jsonb, $6 from unnest($1::uuid[], $3::text[], $4::text[], $5::text[]) as r(id, item_id, reason, item)
     order by item_id
     on conflict (feed, item_id) do update set reason = excluded.reason, item = excluded.item, rejected_at = excluded.rejected_at`,
    [
      last.map(() => ids.uuid()),
      feed,
      last.map((item) => item.itemId),
      last.map((item) => item.reason),
      last.map((item) => JSON.stringify(item.item)),
      rejectedAt,
    ],
  );
}

/** What feeds sent in vain, for admins (RS11). */
export class RejectedItems {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** The newest first. @throws RuleError 6602 */
  async list(principal: Principal): Promise<Record<string, unknown>[]> {
    requireAction(this.#deps.authority, principal, 'predictions.source.open');
    const rows = await this.#deps.database.orm
      .select()
      .from(rejectedItems)
      .orderBy(desc(rejectedItems.rejectedAt), desc(rejectedItems.id))
      .limit(MOST_LISTED);
    return rows.map((row) => ({
      id: row.id,
      feed: row.feed,
      item_id: row.itemId,
      reason: row.reason,
      item: row.item,
      rejected_at: row.rejectedAt,
    }));
  }
}
