import type { Platform } from '../../../platform/platform.ts';

/** The ledger's invariant as a metric: 0 while the sum of all balances is the sum of all grants (BT8, PF-52). */
export function registerLedgerMetric({ metrics, database }: Pick<Platform, 'metrics' | 'database'>): void {
  metrics.sampled(
    {
      name: 'predictions_ledger_difference',
      help: 'Balances less grants, in hundredths; anything but 0 is a bug',
      labels: { currency: { max: 20 } },
    },
    async () => {
      const rows = await database.query<{ currency: string; difference: number }>(
        `select b.currency, (b.total - coalesce(g.total, 0))::float8 as difference
       from (select currency, sum(available + exposure) as total from predictions_balances group by currency) b
       left join (select currency, sum(amount) as total from predictions_ledger where kind = 'grant' group by currency) g using (currency)`,
      );
      return rows.map((row) => ({ labels: { currency: row.currency }, value: row.difference }));
    },
  );
  metrics.sampled(
    {
      name: 'predictions_pools',
      help: 'Unresolved pools, and those parked with an alarm',
      labels: { state: ['open', 'parked'] },
    },
    async () => {
      const [row] = await database.query<{ open: bigint; parked: bigint }>(
        `select count(*) filter (where parked_at is null) as open, count(*) filter (where parked_at is not null) as parked from predictions_pools where state = 'open'`,
      );
      return [
        { labels: { state: 'open' as const }, value: Number(row!.open) },
        { labels: { state: 'parked' as const }, value: Number(row!.parked) },
      ];
    },
  );
}
