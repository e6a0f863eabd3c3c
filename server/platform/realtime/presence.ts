import type { Database, Queryable } from '../database/types.ts';
import type { Ports } from '../ports.ts';

/** Somebody came to a topic who was nowhere in it, or left it altogether; told once in the whole installation. */
export interface PresenceChange {
  topic: string;
  accountId: string;
  kind: 'joined' | 'left';
}

export interface PresenceCount {
  /** Accounts that are there. */
  accounts: number;
  /** Connections, those of visitors without an account included. */
  connections: number;
  /** The first 1,000 of the accounts (DESIGN M5). */
  accountIds: string[];
  truncated: boolean;
}

export interface Presence {
  /** One connection more; `accountId` null = a visitor without an account. */
  join(topic: string, accountId: string | null): void;
  leave(topic: string, accountId: string | null): void;
  /** Ids of the processes that were heard of lately, this one included. */
  livingProcesses(): Promise<Set<string>>;
  /** Who is in `topic`, over all processes. */
  read(topic: string): Promise<PresenceCount>;
  /** Hears of changes this process writes, after their commit, and of those who left because their process died. */
  onChange(fn: (changes: readonly PresenceChange[]) => void): () => void;
  /** Registers this process. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface PresenceSettings {
  heartbeatMs: number;
  /** Silence after which a process counts as dead; with one heartbeat on top below 30 s (PF-27). */
  deadAfterMs: number;
  /** Shortest time between two writes. */
  flushEveryMs: number;
}

export const DEFAULT_PRESENCE_SETTINGS: Readonly<PresenceSettings> = {
  heartbeatMs: 5_000,
  deadAfterMs: 15_000,
  flushEveryMs: 1_000,
};

const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const MAX_TOLD = 1_000;
const MAX_BATCH = 1_000;
/** Writers of presence take turns, so that a change is seen by exactly one of them. */
const LOCK_KEY = 0x67727072; // "grpr"

/** Counts of this process by topic and account, and the writing of what changed. */
export function createPresence(
  deps: { database: Database; ports: Pick<Ports, 'clock' | 'ids' | 'log'>; processId?: string },
  settings: PresenceSettings = DEFAULT_PRESENCE_SETTINGS,
): Presence {
  return new DatabasePresence(deps, settings);
}

class DatabasePresence implements Presence {
  readonly #database: Database;
  readonly #ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
  readonly #settings: PresenceSettings;
  readonly #processId: string;
  readonly #topics = new Map<string, Map<string, number>>();
  readonly #listeners = new Set<(changes: readonly PresenceChange[]) => void>();
  /** Topic -> accounts whose count is to be written. */
  #dirty = new Map<string, Set<string>>();
  #flushing: Promise<void> | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #heartbeat: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    deps: { database: Database; ports: Pick<Ports, 'clock' | 'ids' | 'log'>; processId?: string },
    settings: PresenceSettings,
  ) {
    this.#database = deps.database;
    this.#ports = deps.ports;
    this.#settings = settings;
    this.#processId = deps.processId ?? deps.ports.ids.uuid();
  }

  join(topic: string, accountId: string | null): void {
    this.#change(topic, accountId ?? NIL_UUID, 1);
  }

  leave(topic: string, accountId: string | null): void {
    this.#change(topic, accountId ?? NIL_UUID, -1);
  }

  async livingProcesses(): Promise<Set<string>> {
    const rows = await this.#database.query<{ id: string }>('select id from processes where seen_at >= $1', [
      this.#ports.clock.now() - this.#settings.deadAfterMs,
    ]);
    return new Set([this.#processId, ...rows.map((row) => row.id)]);
  }

  async read(topic: string): Promise<PresenceCount> {
    const rows = await this.#database.query<{ account_id: string; connections: bigint }>(
      `select p.account_id, sum(p.connections) as connections
         from presence p join processes s on s.id = p.process_id
        where p.topic = $1 and p.process_id <> $2 and s.seen_at >= $3
        group by p.account_id`,
      [topic, this.#processId, this.#ports.clock.now() - this.#settings.deadAfterMs],
    );
    const counts = new Map(this.#topics.get(topic));
    for (const row of rows) {
      counts.set(row.account_id, (counts.get(row.account_id) ?? 0) + Number(row.connections));
    }
    let connections = 0;
    for (const count of counts.values()) connections += count;
    counts.delete(NIL_UUID);
    const accountIds = [...counts.keys()].sort();
    const truncated = accountIds.length > MAX_TOLD;
    return { accounts: counts.size, connections, accountIds: accountIds.slice(0, MAX_TOLD), truncated };
  }

  onChange(fn: (changes: readonly PresenceChange[]) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#heartbeat = setInterval(() => {
      this.#beat().catch((error: unknown) =>
        this.#ports.log.warn({ err: error }, 'presence: no heartbeat was written'),
      );
    }, this.#settings.heartbeatMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#flushTimer);
    await this.#flushing;
    await this.#bury([this.#processId]);
  }

  #change(topic: string, accountId: string, by: 1 | -1): void {
    const counts = this.#topics.get(topic) ?? new Map<string, number>();
    const count = (counts.get(accountId) ?? 0) + by;
    if (count > 0) counts.set(accountId, count);
    else counts.delete(accountId);
    if (counts.size > 0) this.#topics.set(topic, counts);
    else this.#topics.delete(topic);
    this.#markDirty(topic, accountId);
  }

  #markDirty(topic: string, accountId: string): void {
    const accounts = this.#dirty.get(topic);
    if (accounts === undefined) this.#dirty.set(topic, new Set([accountId]));
    else accounts.add(accountId);
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushTimer !== undefined || this.#flushing !== undefined || this.#isStopped) return;
    const waitMs = Math.max(0, this.#lastFlushMs + this.#settings.flushEveryMs - performance.now());
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined;
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined;
        this.#lastFlushMs = performance.now();
        if (this.#dirty.size > 0) this.#scheduleFlush();
      });
    }, waitMs).unref();
  }

  async #flush(): Promise<void> {
    const dirty = this.#dirty;
    this.#dirty = new Map();
    const keys = [...dirty].flatMap(([topic, accounts]) => [...accounts].map((accountId) => ({ topic, accountId })));
    for (let from = 0; from < keys.length; from += MAX_BATCH) {
      const batch = keys.slice(from, from + MAX_BATCH);
      try {
        await this.#write(batch);
      } catch (error) {
        this.#ports.log.warn({ err: error }, 'presence could not be written; tried again soon');
        for (const { topic, accountId } of batch) this.#markDirty(topic, accountId);
      }
    }
  }

  async #write(keys: readonly { topic: string; accountId: string }[]): Promise<void> {
    const counts = keys.map(({ topic, accountId }) => this.#topics.get(topic)?.get(accountId) ?? 0);
    const changes = await this.#database.transaction('presence', async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
      return await tx.query<{ topic: string; account_id: string; joined: boolean }>(
        `with changed as (
           select * from unnest($1::text[], $2::uuid[], $3::int[]) as c (topic, account_id, connections)
         ), before as (
           select c.topic, c.account_id, c.connections as here, coalesce(sum(p.connections), 0) as total,
                  coalesce(sum(p.connections) filter (where p.process_id <> $4), 0) as elsewhere
             from changed c left join presence p on p.topic = c.topic and p.account_id = c.account_id
            group by c.topic, c.account_id, c.connections
         ), gone as (
           delete from presence p using changed c
            where p.topic = c.topic and p.account_id = c.account_id and p.process_id = $4 and c.connections = 0
         ), present as (
           insert into presence (topic, account_id, process_id, connections)
           select topic, account_id, $4, connections from changed where connections > 0
           on conflict (topic, account_id, process_id) do update set connections = excluded.connections
         )
         select topic, account_id, here > 0 as joined from before
          where (total = 0 and here > 0) or (total > 0 and elsewhere + here = 0)`,
        [keys.map(({ topic }) => topic), keys.map(({ accountId }) => accountId), counts, this.#processId],
      );
    });
    this.#report(
      changes.map((row) => ({ topic: row.topic, accountId: row.account_id, kind: row.joined ? 'joined' : 'left' })),
    );
  }

  /** Says that this process lives, and buries those that do not. */
  async #beat(): Promise<void> {
    const nowMs = this.#ports.clock.now();
    const [row] = await this.#database.query<{ is_new: boolean }>(
      `insert into processes (id, seen_at) values ($1, $2)
       on conflict (id) do update set seen_at = excluded.seen_at returning xmax = 0 as is_new`,
      [this.#processId, nowMs],
    );
    // Taken for dead while it could not write (or the database crashed): what it has is written anew.
    if (row?.is_new) {
      for (const [topic, counts] of this.#topics)
        for (const accountId of counts.keys()) this.#markDirty(topic, accountId);
    }
    const dead = await this.#database.query<{ id: string }>('select id from processes where seen_at < $1', [
      nowMs - this.#settings.deadAfterMs,
    ]);
    if (dead.length > 0) await this.#bury(dead.map(({ id }) => id));
  }

  async #bury(processIds: readonly string[]): Promise<void> {
    const left = await this.#database.transaction('presence-bury', async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
      return await this.#removeProcesses(tx, processIds);
    });
    this.#report(left.map((row) => ({ topic: row.topic, accountId: row.account_id, kind: 'left' })));
  }

  /** Returns who is nowhere any more. */
  async #removeProcesses(
    tx: Queryable,
    processIds: readonly string[],
  ): Promise<{ topic: string; account_id: string }[]> {
    const silentSince = this.#ports.clock.now() - this.#settings.deadAfterMs;
    const dead = await tx.query<{ id: string }>(
      'delete from processes where id = any ($1::uuid[]) and (id = $2 or seen_at < $3) returning id',
      [processIds, this.#processId, silentSince],
    );
    const gone = await tx.query<{ topic: string; account_id: string }>(
      'delete from presence where process_id = any ($1::uuid[]) returning topic, account_id',
      [dead.map(({ id }) => id)],
    );
    return await tx.query(
      `select distinct g.topic, g.account_id from unnest($1::text[], $2::uuid[]) as g (topic, account_id)
        where not exists (select from presence p where p.topic = g.topic and p.account_id = g.account_id)`,
      [gone.map(({ topic }) => topic), gone.map(({ account_id }) => account_id)],
    );
  }

  #report(changes: PresenceChange[]): void {
    const ofAccounts = changes.filter(({ accountId }) => accountId !== NIL_UUID);
    if (ofAccounts.length > 0) for (const listener of this.#listeners) listener(ofAccounts);
  }
}
