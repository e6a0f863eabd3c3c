import type { Principal } from '../../../platform/accounts/types.ts';
import { type ResolverEvent, resolverTopic } from '../events.ts';
import { invalidParameter, RuleError } from '../rules/errors.ts';
import { readRoles, requireAction } from './access.ts';
import type { ServiceDeps } from './deps.ts';
import { lockGame, lockPool, readPool } from './store.ts';
import { timersOfPool } from './timetable.ts';

/** Most pools in the admins' list. */
const MOST_LISTED = 1_000;

/** Pools whose settlement failed: seen by admins, tried again when the cause is repaired (RS13). */
export class ParkedPools {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** The parked pools, newest first. @throws RuleError 6602 */
  async list(principal: Principal): Promise<Record<string, unknown>[]> {
    requireAction(this.#deps.authority, principal, 'predictions.source.open');
    const rows = await this.#deps.database.query<{
      id: string;
      game_id: string;
      description: string;
      parked_at: bigint;
      parked_reason: string;
    }>(
      `select id, game_id, description, parked_at, parked_reason from predictions_pools
       where parked_at is not null and state = 'open' order by parked_at desc, id limit $1`,
      [MOST_LISTED],
    );
    return rows.map((row) => ({
      pool_id: row.id,
      game_id: row.game_id,
      description: row.description,
      parked_at: Number(row.parked_at),
      reason: row.parked_reason,
    }));
  }

  /**
   * Lets the Resolver do again what failed: the deciding event, the expiry, or the close. For admins of the game or its source, and developers.
   * @throws RuleError 6602, 6607 for a pool that is not parked, 6610
   */
  async retry(principal: Principal, givenPoolId: string): Promise<{ pool_id: string }> {
    const { authority, database, timers, settings } = this.#deps;
    return await database.transaction('predictions.pool.retry', async (tx) => {
      const { poolId, gameId } = await readPool(tx, givenPoolId);
      const game = await lockGame(tx, gameId);
      const mayRetry =
        authority.can(principal, 'predictions.game.maintain', await readRoles(tx, principal, game)) ||
        authority.can(principal, 'predictions.source.open');
      if (!mayRetry) throw new RuleError('not_authorized');
      const pool = await lockPool(tx, poolId);
      if (!pool.isParked || pool.state !== 'open') throw invalidParameter('pool_id', 'This pool is not parked.');
      const [row] = await tx.query<{ decided_by: string | null }>(
        'update predictions_pools set parked_at = null, parked_reason = null where id = $1 returning decided_by',
        [poolId],
      );
      const topic = resolverTopic(gameId);
      if (row!.decided_by !== null) {
        const again: ResolverEvent = { type: 'event.registered', data: { event_id: row!.decided_by } };
        tx.append({ topic, ...again });
      } else if (game.state === 'closing') {
        const again: ResolverEvent = { type: 'close.requested', data: { force: false } };
        tx.append({ topic, ...again });
      } else {
        await timers.set(tx, timersOfPool(pool, settings.expiryGraceMs));
      }
      return { pool_id: poolId };
    });
  }
}
