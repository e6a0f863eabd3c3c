import type { Database } from '../../../platform/database/types.ts';

/** A rule that does not hold, with the first rows that show it. */
export interface Violation {
  /** Rule ids of the contract. */
  rule: string;
  what: string;
  /** How many rows break it. */
  count: number;
  examples: readonly Record<string, unknown>[];
}

interface Invariant {
  rule: string;
  what: string;
  /** Gives the rows that break the rule. */
  sql: string;
}

const MOST_EXAMPLES = 5;

/** What holds at every commit (RS12). Each statement reads whole tables: for tests, the end of a demo match and an operator's check. */
export const INVARIANTS: readonly Invariant[] = [
  {
    rule: 'BT1',
    what: 'available and exposure of a balance are what the ledger says, and never negative',
    sql: `
      select coalesce(b.account_id, l.account_id) as account_id, coalesce(b.currency, l.currency) as currency,
        b.available::text, l.available::text as booked_available, b.exposure::text, l.exposure::text as booked_exposure
      from predictions_balances b
      full join (
        select account_id, currency,
          sum(case kind when 'grant' then amount when 'credit' then amount when 'stake' then -amount else 0 end) as available,
          sum(case kind when 'stake' then amount when 'release' then -amount else 0 end) as exposure
        from predictions_ledger group by account_id, currency
      ) l on l.account_id = b.account_id and l.currency = b.currency
      where b.available is distinct from coalesce(l.available, 0) or b.exposure is distinct from coalesce(l.exposure, 0)
        or b.available < 0 or b.exposure < 0`,
  },
  {
    rule: 'BT8',
    what: 'the sum of all current balances is the sum of all grants',
    sql: `
      select b.currency, b.total::text as balances, coalesce(g.total, 0)::text as grants
      from (select currency, sum(available + exposure) as total from predictions_balances group by currency) b
      full join (select currency, sum(amount) as total from predictions_ledger where kind = 'grant' group by currency) g on g.currency = b.currency
      where b.total is distinct from g.total and coalesce(b.total, 0) <> coalesce(g.total, 0)`,
  },
  {
    rule: 'PO5',
    what: 'a settled pool has credited exactly what was released into it, which is what was bet in it',
    sql: `
      select p.id as pool_id, coalesce(l.released, 0)::text as released, coalesce(l.credited, 0)::text as credited, coalesce(s.bet, 0)::text as bet
      from predictions_pools p
      left join (
        select pool_id, sum(amount) filter (where kind = 'release') as released, sum(amount) filter (where kind = 'credit') as credited
        from predictions_ledger where pool_id is not null group by pool_id
      ) l on l.pool_id = p.id
      left join (select pool_id, sum(amount) as bet from predictions_bets group by pool_id) s on s.pool_id = p.id
      where p.state <> 'open'
        and (coalesce(l.released, 0) <> coalesce(s.bet, 0) or coalesce(l.credited, 0) <> coalesce(s.bet, 0))`,
  },
  {
    rule: 'RS12',
    what: 'the sum of all exposure is the sum of the totals of unresolved pools',
    sql: `
      select coalesce(e.currency, t.currency) as currency, coalesce(e.total, 0)::text as exposure, coalesce(t.total, 0)::text as pools
      from (select currency, sum(exposure) as total from predictions_balances group by currency) e
      full join (
        select g.currency, sum((select sum(m) from unnest(p.money) as m)) as total
        from predictions_pools p join predictions_games g on g.id = p.game_id where p.state = 'open' group by g.currency
      ) t on t.currency = e.currency
      where coalesce(e.total, 0) <> coalesce(t.total, 0)`,
  },
  {
    rule: 'RS3',
    what: 'every position of a settled pool is settled once, none of an unresolved pool is',
    sql: `
      select s.pool_id, s.account_id, p.state, s.amount::text, l.releases, l.released::text, s.payout::text, s.returned::text
      from predictions_positions s
      join predictions_pools p on p.id = s.pool_id
      left join (
        select pool_id, account_id, count(*) filter (where kind = 'release') as releases, sum(amount) filter (where kind = 'release') as released,
          coalesce(sum(amount) filter (where kind = 'credit'), 0) as credited
        from predictions_ledger where kind in ('release', 'credit') group by pool_id, account_id
      ) l on l.pool_id = s.pool_id and l.account_id = s.account_id
      where case when p.state = 'open' then l.pool_id is not null or s.payout is not null
        else l.releases is distinct from 1 or l.released <> s.amount or l.credited is distinct from coalesce(s.payout, 0) + coalesce(s.returned, 0) end`,
  },
  {
    rule: 'PL11',
    what: 'a pool is recreated at most once, and only when it has ended',
    sql: `
      select f.id as pool_id, count(*) as successors, f.state
      from predictions_pools p join predictions_pools f on f.id = p.recreated_from
      group by f.id, f.state having count(*) > 1 or f.state = 'open'`,
  },
  {
    rule: 'PO1',
    what: 'money and people of a pool are those of its valid bets',
    sql: `
      select p.id as pool_id, p.state, p.shown_money::text, b.money::text, p.participants, b.participants as bettors
      from (select id, state, late_from, participants, coalesce((select sum(m) from unnest(money) as m), 0) as shown_money from predictions_pools) p
      cross join lateral (
        select coalesce(sum(amount), 0) as money, count(distinct account_id) as participants
        from predictions_bets where pool_id = p.id and (p.late_from is null or p.state = 'open' or placed_at < p.late_from)
      ) b
      where p.shown_money <> b.money or p.participants <> b.participants`,
  },
  {
    rule: 'BT4',
    what: 'a position is the sum of its bets, all on one target',
    sql: `
      select coalesce(s.pool_id, b.pool_id) as pool_id, coalesce(s.account_id, b.account_id) as account_id, s.amount::text, b.amount::text as bet, b.targets
      from predictions_positions s
      full join (
        select pool_id, account_id, sum(amount) as amount, count(distinct target_id) as targets, min(target_id) as target_id
        from predictions_bets group by pool_id, account_id
      ) b on b.pool_id = s.pool_id and b.account_id = s.account_id
      where s.amount is distinct from b.amount or b.targets <> 1 or s.target_id is distinct from b.target_id`,
  },
];

/** Checks every invariant on one snapshot; empty when all hold (RS12). */
export async function findViolations(database: Database): Promise<Violation[]> {
  return await database.transaction(
    'predictions.invariants',
    async (tx) => {
      const violations: Violation[] = [];
      for (const { rule, what, sql } of INVARIANTS) {
        const rows = await tx.query<Record<string, unknown>>(sql);
        if (rows.length > 0) violations.push({ rule, what, count: rows.length, examples: rows.slice(0, MOST_EXAMPLES) });
      }
      return violations;
    },
    { snapshot: true },
  );
}
