import type { Platform } from '../platform.ts';
import type { SocketServer } from '../realtime/types.ts';

/** Metrics of the platform's parts, read when they are scraped (PF-52). */
export function registerPlatformMetrics(platform: Platform, parts: { native: SocketServer }): void {
  registerSocketMetrics(platform, 'native', parts.native);
  registerProcessMetrics(platform);
  registerWorkMetrics(platform);
}

/** What this process holds: connections, flushes, topics, ready answers. */
function registerProcessMetrics({ metrics, hot, feed, opened, sockets }: Platform): void {
  metrics.sampled(
    {
      name: 'database_pool',
      help: 'Database connections of this process, and callers that wait for one',
      labels: { what: ['open', 'idle', 'waiting'] },
    },
    () => {
      const { open, idle, waiting } = opened.database.connections;
      return Object.entries({ open, idle, waiting }).map(([what, value]) => ({ labels: { what }, value }));
    },
  );
  metrics.sampled(
    {
      name: 'realtime_flushes',
      help: 'Flushes to connections, their writes and bytes, and readers cut off (PF-26)',
      labels: { what: ['flushes', 'writes', 'bytes', 'overruns'] },
    },
    () => Object.entries(sockets.flusher.stats).map(([what, value]) => ({ labels: { what }, value })),
  );
  metrics.sampled({ name: 'followed_topics', help: 'Topics this process follows', labels: {} }, () => [
    { labels: {}, value: feed.followedTopics },
  ]);
  metrics.sampled(
    {
      name: 'hot_cache',
      help: 'Ready answers: hits, misses, entries, bytes',
      labels: { what: ['hits', 'misses', 'invalidated', 'evicted', 'entries', 'bytes'] },
    },
    () =>
      (['hits', 'misses', 'invalidated', 'evicted', 'entries', 'bytes'] as const).map((what) => ({
        labels: { what },
        value: hot.stats[what],
      })),
  );
}

/** Work that waits in the database: consumers and timers. */
function registerWorkMetrics({ metrics, database }: Platform): void {
  metrics.sampled(
    {
      name: 'consumer_lag_events',
      help: 'Events a durable consumer has not worked through',
      labels: { consumer: { max: 50 } },
    },
    async () => {
      const rows = await database.query<{ consumer: string; lag: number }>(
        `select p.consumer, sum(t.seq - p.seq)::float8 as lag from consumer_positions p join topics t on t.topic = p.topic group by p.consumer`,
      );
      return rows.map((row) => ({ labels: { consumer: row.consumer }, value: row.lag }));
    },
  );
  metrics.sampled(
    {
      name: 'consumers_parked',
      help: 'Topics on which a durable consumer is parked: an admin must look',
      labels: { consumer: { max: 50 } },
    },
    async () => {
      const rows = await database.query<{ consumer: string; parked: number }>(
        'select consumer, count(parked_at)::float8 as parked from consumer_positions group by consumer',
      );
      return rows.map((row) => ({ labels: { consumer: row.consumer }, value: row.parked }));
    },
  );
  metrics.sampled(
    {
      name: 'timers_waiting',
      help: 'Timers that are not fired yet, and those parked',
      labels: { state: ['waiting', 'parked'] },
    },
    async () => {
      const [row] = await database.query<{ waiting: bigint; parked: bigint }>(
        'select count(*) filter (where parked_at is null) as waiting, count(*) filter (where parked_at is not null) as parked from timers',
      );
      return [
        { labels: { state: 'waiting' }, value: Number(row!.waiting) },
        { labels: { state: 'parked' }, value: Number(row!.parked) },
      ];
    },
  );
}

/** Counters of one websocket wire. */
export function registerSocketMetrics(platform: Pick<Platform, 'metrics'>, name: string, server: SocketServer): void {
  const kinds = [
    'opened',
    'closed',
    'refused',
    'received',
    'receivedBytes',
    'dropped',
    'slowReaders',
    'deadPeers',
  ] as const;
  platform.metrics.sampled(
    { name: `websocket_${name}`, help: `Sockets of the ${name} wire`, labels: { what: ['open', ...kinds] } },
    () => [
      { labels: { what: 'open' as const }, value: server.size },
      ...kinds.map((what) => ({ labels: { what }, value: server.stats[what] })),
    ],
  );
}
