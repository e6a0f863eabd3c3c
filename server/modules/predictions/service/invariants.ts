import type { Database } from '../../../platform/database/types.ts';

/** What must hold at every commit (RS12). Each query gives a row per breach; `subject` names what is wrong. */
export const INVARIANTS_AT_EVERY_COMMIT: Readonly<Record<string, string>> = {
  'current balances add up to the grants (BT8)': `
    select currency as subject from (
      select currency, sum(available + exposure) as held from predictions_balances group by currency
    ) b full join (
      select currency, sum(amount) as granted from predictions_ledger where kind = 'grant' group by currency
    ) g using (currency) where coalesce(held, 0) <> coalesce(granted, 0)`,
  'balances follow from the ledger (BT1)': `
    select b.account_id::text as subject from predictions_balances b left join (
      select account_id, currency,
        sum(case kind when 'grant' then amount when 'credit' then amount when 'stake' then -amount else 0 end) as available,
        sum(case kind when 'stake' then amount when 'release' then -amount else 0 end) as exposure
      from predictions_ledger group by account_id, currency
    ) l using (account_id, currency) where b.available <> coalesce(l.available, 0) or b.exposure <> coalesce(l.exposure, 0)`,
  'exposure is the money in unresolved pools (RS12)': `
    select 'all' as subject where (select coalesce(sum(exposure), 0) from predictions_balances)
      <> (select coalesce(sum(m), 0) from predictions_pools p, unnest(p.money) m where p.state = 'open')`,
  'pools and positions count what the bets say': `
    select p.id::text as subject from predictions_pools p
      left join (select pool_id, sum(amount) as amount, count(*) as n, max(seq) as last from predictions_bets group by pool_id) b on b.pool_id = p.id
      left join (select pool_id, sum(amount) as amount, sum(late_amount) as late, sum(bets) as bets, count(*) filter (where amount > late_amount) as valid
        from predictions_positions group by pool_id) s on s.pool_id = p.id
    where (select coalesce(sum(m), 0) from unnest(p.money) m) <> coalesce(b.amount, 0) - coalesce(s.late, 0)
      or coalesce(s.amount, 0) <> coalesce(b.amount, 0) or coalesce(s.bets, 0) <> coalesce(b.n, 0) or p.participants <> coalesce(s.valid, 0)
      or p.next_bet_seq <> coalesce(b.n, 0) + 1 or coalesce(b.last, 0) <> coalesce(b.n, 0)`,
  'payouts of a settled pool are its stakes (PO5)': `
    select pool_id::text as subject from predictions_ledger where pool_id is not null group by pool_id
    having sum(amount) filter (where kind = 'release') is distinct from sum(amount) filter (where kind = 'credit')
      or (sum(amount) filter (where kind = 'release') is not null
        and sum(amount) filter (where kind = 'release') <> sum(amount) filter (where kind = 'stake'))`,
  'a pool is unresolved or settled, with its ledger lines, once': `
    select p.id::text as subject from predictions_pools p
      left join (select pool_id, count(*) as n from predictions_ledger where kind = 'release' group by pool_id) r on r.pool_id = p.id
      left join (select pool_id, count(*) as n from predictions_positions group by pool_id) s on s.pool_id = p.id
    where coalesce(r.n, 0) <> case when p.state = 'open' then 0 else coalesce(s.n, 0) end`,
  'a resolved pool has no timer (PL7)': `
    select t.kind || ' ' || t.key as subject from timers t join predictions_pools p on p.id::text = t.key
    where starts_with(t.kind, 'predictions.pool.') and p.state <> 'open' and t.kind <> 'predictions.pool.expire'`,
};

/** Looks for breaches in one snapshot, so that it may run beside everything else. Returns `rule: subject` texts, none when all is well. */
export async function findBreaches(
  database: Database,
  rules: Readonly<Record<string, string>> = INVARIANTS_AT_EVERY_COMMIT,
): Promise<string[]> {
  return await database.transaction(
    'predictions.invariants',
    async (tx) => {
      const breaches: string[] = [];
      for (const [rule, sql] of Object.entries(rules)) {
        const rows = await tx.query<{ subject: string }>(sql);
        breaches.push(...rows.map((row) => `${rule}: ${row.subject}`));
      }
      return breaches;
    },
    { snapshot: true },
  );
}
