import { RuleError } from '../rules/errors.ts';
import { moneyOut } from '../rules/money.ts';
import { MOST_RESULT_ENTRIES } from '../rules/result.ts';
import type { ServiceDeps } from './deps.ts';
import { isUuid, readPool } from './store.ts';

interface PositionRow {
  account_id: string;
  target_id: string;
  valid: bigint;
  late_amount: bigint;
  net: bigint;
}

/** Results too large for one message, in pages (BO1). */
export class ResultService {
  readonly #database: ServiceDeps['database'];

  constructor(deps: Pick<ServiceDeps, 'database'>) {
    this.#database = deps.database;
  }

  /**
   * One page of a decided pool's result: the bettors after `cursor` (an account id) in order of their ids, `next` for the page after.
   * @throws RuleError 6610, 6627 while the pool is undecided
   */
  async page(poolId: string, cursor: string | null): Promise<Record<string, unknown>> {
    const pool = await readPool(this.#database, poolId);
    if (pool.state === 'open')
      throw new RuleError('unresolved_pools', { pools: [pool.poolId] }, { text: 'This pool is not resolved yet.' });
    const rows = await this.#database.query<PositionRow>(
      `select account_id, target_id, amount - late_amount as valid, late_amount, coalesce(net, 0) as net from predictions_positions
       where pool_id = $1 and ($2::uuid is null or account_id > $2) order by account_id limit $3`,
      [pool.poolId, cursor !== null && isUuid(cursor) ? cursor : null, MOST_RESULT_ENTRIES + 1],
    );
    const page = rows.slice(0, MOST_RESULT_ENTRIES);
    const isMoneyReturn = pool.isMoneyReturn ?? true;
    const decided = isMoneyReturn ? [] : page.filter((row) => row.valid > 0n);
    const winners = decided.filter((row) => row.target_id === pool.winningTarget);
    const losers = decided.filter((row) => row.target_id !== pool.winningTarget);
    return {
      pool_id: pool.poolId,
      game_id: pool.gameId,
      description: pool.description,
      winning_target: pool.winningTarget,
      winners: Object.fromEntries(winners.map((row) => [row.account_id, moneyOut(row.net)])),
      losers: Object.fromEntries(losers.map((row) => [row.account_id, moneyOut(row.valid)])),
      invalidated_bettors: page.filter((row) => row.late_amount > 0n).map((row) => row.account_id),
      is_money_return: isMoneyReturn,
      resolved_at: pool.resolvedAt,
      next: rows.length > MOST_RESULT_ENTRIES ? page.at(-1)!.account_id : null,
    };
  }
}
