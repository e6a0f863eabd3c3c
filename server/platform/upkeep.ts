import type { Platform } from './platform.ts';

const EVERY_MS = 60_000;
/** How long a commit's id is kept: far longer than a lost connection is ever looked up (DESIGN M2). */
const COMMITS_KEPT_MS = 10 * 60_000;

type UpkeepPlatform = Pick<Platform, 'database' | 'ports' | 'accounts' | 'settings'>;

/** Small housekeeping of the platform's own tables; every process with the role may do it, each time again. */
export class Upkeep {
  readonly #platform: UpkeepPlatform;
  /** Further work of each round, by the parts that know their own tables. */
  readonly #others: readonly (() => Promise<unknown>)[];
  #timer: NodeJS.Timeout | undefined;

  constructor(platform: UpkeepPlatform, others: readonly (() => Promise<unknown>)[] = []) {
    this.#platform = platform;
    this.#others = others;
  }

  /** Makes the partitions that the first events need; before anything is appended (DESIGN M8). */
  async prepare(): Promise<void> {
    await keepPartitions(this.#platform, this.#platform.ports.clock.now());
  }

  start(): void {
    const run = () =>
      void this.run().catch((error: unknown) =>
        this.#platform.ports.log.warn({ err: error }, 'housekeeping failed; the next round tries again'),
      );
    this.#timer = setInterval(run, EVERY_MS).unref();
    run();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async run(): Promise<void> {
    const { database, ports, accounts, settings } = this.#platform;
    const now = ports.clock.now();
    await database.query('delete from commits where at < $1', [now - COMMITS_KEPT_MS]);
    await keepPartitions(this.#platform, now);
    await dropOldPartitions(this.#platform, now, settings.EVENTS_MAX_BYTES);
    await accounts.purge();
    for (const other of this.#others) await other();
  }
}

const PARTITION_MS = 6 * 3_600_000;
/** Events are kept 72 h (PF-77). */
const EVENTS_KEPT_MS = 72 * 3_600_000;

/** Processes that start together make partitions one after the other. "ptns" */
const PARTITIONS_LOCK = 0x70746e73;

/** Makes the partitions of the next day ahead, so that no event ever falls into the default one (DESIGN M8). */
async function keepPartitions({ database }: UpkeepPlatform, now: number): Promise<void> {
  await database.transaction('upkeep.partitions', async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [PARTITIONS_LOCK]);
    const first = Math.floor(now / PARTITION_MS) * PARTITION_MS;
    for (let from = first; from < now + 24 * 3_600_000; from += PARTITION_MS) {
      const name = `events_${from}`;
      const [known] = await tx.query<{ known: boolean }>('select to_regclass($1) is not null as known', [name]);
      if (known?.known) continue;
      // Rows that came before the partition was there stay in the default one: they must not fall into its range.
      const [stray] = await tx.query<{ n: boolean }>(
        'select exists (select from events_default where at >= $1 and at < $2) as n',
        [from, from + PARTITION_MS],
      );
      if (!stray?.n) {
        await tx.query(
          `create table ${name} partition of events for values from (${from}) to (${from + PARTITION_MS})`,
        );
      }
    }
  });
}

/** Drops whole partitions: those past the time, and the oldest while the log is too large (DESIGN M8, PF-77). */
async function dropOldPartitions({ database, ports }: UpkeepPlatform, now: number, maxBytes: number): Promise<void> {
  const partitions = await database.query<{ name: string; bytes: bigint }>(
    `select c.relname as name, pg_total_relation_size(c.oid) as bytes from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'events'::regclass and c.relname <> 'events_default' order by c.relname`,
  );
  let dropped = 0;
  let total = partitions.reduce((sum, partition) => sum + partition.bytes, 0n);
  for (const { name, bytes } of partitions) {
    const endsAt = Number(name.slice('events_'.length)) + PARTITION_MS;
    const isTooOld = endsAt < now - EVENTS_KEPT_MS;
    const isTooMuch = total > BigInt(maxBytes) && endsAt < now;
    if (!isTooOld && !isTooMuch) continue;
    await database.query(`drop table if exists ${name}`);
    total -= bytes;
    dropped++;
    ports.log.info({ partition: name, bytes: Number(bytes) }, 'old events dropped');
  }
  await database.query('delete from events_default where at < $1', [now - EVENTS_KEPT_MS]);
  if (dropped > 0) await parkLeftBehind({ database, ports }, now);
}

/** A consumer whose next event is gone must not go on as if nothing had been there: it is parked with an alarm (DESIGN M8, PF-77). */
async function parkLeftBehind(
  { database, ports }: Pick<UpkeepPlatform, 'database' | 'ports'>,
  now: number,
): Promise<void> {
  const parked = await database.query<{ consumer: string; topic: string }>(
    `update consumer_positions p set parked_at = $1, error = 'left behind: its next events are no longer kept'
       from topics t
      where t.topic = p.topic and t.seq > p.seq and p.parked_at is null
        and not exists (select from events e where e.topic = p.topic and e.seq = p.seq + 1)
      returning p.consumer, p.topic`,
    [now],
  );
  for (const { consumer, topic } of parked)
    ports.log.fatal({ consumer, topic }, 'a consumer was left behind and is parked: an admin must look');
}
