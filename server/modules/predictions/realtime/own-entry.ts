import type { Queryable } from '../../../platform/database/types.ts';
import type { UserSettlement } from '../rules/payout.ts';
import type { ResultBody } from '../rules/result.ts';

/** What a settled pool did to each of these accounts, with one query an event (BO1, DESIGN M4). */
export async function readOwnSettlements(
  database: Queryable,
  body: ResultBody,
  accountIds: readonly string[],
): Promise<Map<string, UserSettlement>> {
  const rows = await database.query<{
    account_id: string;
    target_id: string;
    amount: bigint;
    late_amount: bigint;
    payout: bigint;
    returned: bigint;
    net: bigint;
  }>(
    `select account_id, target_id, amount, late_amount, payout, returned, net from predictions_positions
     where pool_id = $1 and account_id = any ($2::uuid[]) and net is not null`,
    [body.pool_id, accountIds],
  );
  return new Map(
    rows.map((row) => {
      const stake = row.amount - row.late_amount;
      const isWinner = row.target_id === body.winning_target;
      const outcome = stake === 0n ? 'invalidated' : body.is_money_return ? 'returned' : isWinner ? 'won' : 'lost';
      const settlement: UserSettlement = {
        userId: row.account_id,
        stake,
        stakeOnWinner: isWinner ? stake : 0n,
        lateStake: row.late_amount,
        payout: row.payout,
        returned: row.returned,
        credited: row.payout + row.returned,
        released: row.amount,
        net: row.net,
        outcome,
      };
      return [row.account_id, settlement];
    }),
  );
}
