import type pg from 'pg';

/**
 * Baseline: settling a pool as one chain of multi-row SQL statements in one transaction, written by hand for this very case (no late bets): payouts with
 * largest remainder, ledger, positions, balances, pool, event.
 */
export async function resolveBySql(client: pg.PoolClient, poolId: string, winner: string): Promise<void> {
  const now = Date.now();
  await client.query('begin');
  await client.query('select 1 from predictions_pools where id = $1 for update', [poolId]);
  await client.query(
    `select 1 from predictions_balances where account_id in (select account_id from predictions_positions where pool_id = $1) order by account_id for update`,
    [poolId],
  );
  await client.query(
    `create temp table settled on commit drop as
     with totals as (
       select sum(amount) as total, sum(amount) filter (where target_id = $2) as winning from predictions_positions where pool_id = $1
     ), first_bets as (
       select account_id, min(seq) as first_seq from predictions_bets where pool_id = $1 group by account_id
     ), shares as (
       select p.account_id, p.amount, p.target_id = $2 as won,
              case when p.target_id = $2 then div(t.total * p.amount, t.winning) else 0 end as units,
              case when p.target_id = $2 then mod(t.total * p.amount, t.winning) else 0 end as remainder, f.first_seq, t.total
       from predictions_positions p cross join totals t join first_bets f using (account_id) where p.pool_id = $1
     ), ranked as (
       select s.*, row_number() over (order by won desc, remainder desc, first_seq) as place, total - sum(units) over () as left_over from shares s
     )
     select account_id, amount, won, (units + case when won and place <= left_over then 1 else 0 end)::bigint as payout from ranked`,
    [poolId, winner],
  );
  await client.query(
    `update predictions_positions p set payout = s.payout, returned = 0, net = s.payout - s.amount from settled s where p.pool_id = $1 and p.account_id = s.account_id`,
    [poolId],
  );
  await client.query(
    `insert into predictions_ledger (at, kind, account_id, currency, pool_id, amount)
     select $2::bigint, 'release', account_id, 'DON', $1::uuid, amount from settled
     union all select $2::bigint, 'credit', account_id, 'DON', $1::uuid, payout from settled where payout > 0`,
    [poolId, now],
  );
  await client.query(
    `update predictions_balances b set exposure = b.exposure - s.amount, available = b.available + s.payout from settled s where b.account_id = s.account_id and b.currency = 'DON'`,
  );
  await client.query(
    `update predictions_pools set state = 'resolved', winning_target = $2, is_money_return = false, resolved_at = $3 where id = $1`,
    [poolId, winner, now],
  );
  await client.query(
    `select * from append_events(array[$1], array['pool.resolved'], array[null]::text[], array['{}'], $2, gen_random_uuid())`,
    [`baseline/${poolId}`, now],
  );
  await client.query('commit');
}
