/** What holds at every commit (RS12); each query gives a row per breach. */
export const MONEY: Readonly<Record<string, string>> = {
  'current balances add up to the grants (BT8)': `
    select currency from (
      select currency, sum(available + exposure) as held from predictions_balances group by currency
    ) b full join (
      select currency, sum(amount) as granted from predictions_ledger where kind = 'grant' group by currency
    ) g using (currency) where held is distinct from granted`,
  'balances follow from the ledger (BT1)': `
    select b.account_id from predictions_balances b left join (
      select account_id, currency,
        sum(case kind when 'grant' then amount when 'credit' then amount when 'stake' then -amount else 0 end) as available,
        sum(case kind when 'stake' then amount when 'release' then -amount else 0 end) as exposure
      from predictions_ledger group by account_id, currency
    ) l using (account_id, currency) where b.available is distinct from l.available or b.exposure is distinct from l.exposure`,
  'exposure is the money in unresolved pools (RS12)': `
    select 1 as breach where (select coalesce(sum(exposure), 0) from predictions_balances)
      <> (select coalesce(sum(m), 0) from predictions_pools p, unnest(p.money) m where p.state = 'open')`,
  'pools count what their bets say': `
    select p.id from predictions_pools p where p.state = 'open' and (
      (select coalesce(sum(m), 0) from unnest(p.money) m) <> (select coalesce(sum(amount), 0) from predictions_bets b where b.pool_id = p.id)
      or (select coalesce(sum(amount), 0) from predictions_positions s where s.pool_id = p.id) <> (select coalesce(sum(amount), 0) from predictions_bets b where b.pool_id = p.id)
      or p.participants <> (select count(*) from predictions_positions s where s.pool_id = p.id))`,
  'payouts of a pool are its stakes (PO5)': `
    select pool_id from predictions_ledger where pool_id is not null group by pool_id
    having sum(amount) filter (where kind = 'release') is distinct from sum(amount) filter (where kind = 'credit')`,
  'each settled pool is told once': `
    select data -> 'body' ->> 'pool_id' as pool from events where type in ('pool.resolved', 'pool.expired') group by pool having count(*) > 1`,
};

/** What holds besides when nothing is under way. */
export const AT_REST: Readonly<Record<string, string>> = {
  'recreated pools were announced (EV8)': 'select id from predictions_pools where not is_announced',
  'no step failed': `
    select topic, error from consumer_positions where failures > 0 or parked_at is not null
    union all select kind, error from timers where failures > 0
    union all select id::text, parked_reason from predictions_pools where parked_at is not null`,
};
