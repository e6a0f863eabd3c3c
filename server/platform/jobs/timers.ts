import type { Database, Queryable, Tx } from '../database/types.ts';
import { Unavailable } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { takeLease } from './leases.ts';

/** A due row (PF-31): (kind, key) is unique; setting it again moves it. */
export interface NewTimer {
  kind: string;
  key: string;
  /** Epoch ms. */
  dueAt: number;
  /** Fired by the consumer of this topic, merged with its events, instead of by the general runner. */
  stream?: string;
  /** Order among timers of one instant (predictions SC3). */
  rank?: number;
  data?: unknown;
}

export interface Timer {
  kind: string;
  key: string;
  dueAt: number;
  stream: string | null;
  rank: number;
  data: unknown;
}

interface TimerRow {
  kind: string;
  key: string;
  due_at: bigint;
  stream: string | null;
  rank: number;
  data: unknown;
}

export const TIMER_COLUMNS = 'kind, key, due_at, stream, rank, data';

export function timerFromRow(row: TimerRow): Timer {
  return {
    kind: row.kind,
    key: row.key,
    dueAt: Number(row.due_at),
    stream: row.stream,
    rank: row.rank,
    data: row.data,
  };
}

/** Handles one due timer inside the transaction that removes it. */
export type TimerHandler = (tx: Tx, timer: Timer) => Promise<void>;

/** Moved, cancelled or fired by another process since it was read: what its handler did is rolled back. */
class TimerGone extends Error {}

const FAILURES_BEFORE_PARKING = 10;
const POLL_MS = 1_000;
/** Failed timers that a round goes past; with more of them something else is wrong, and the round ends. */
const MAX_FAILED_IN_ROUND = 100;

/** Sets, moves, cancels and fires timers. Rows, so that they survive the process; fired in order of due time after a downtime (PF-31). */
export class Timers {
  readonly #ports: Ports;
  readonly #database: Database;
  readonly #owner: string;
  readonly #handlers = new Map<string, TimerHandler>();
  readonly #onSet: ((stream: string | null, dueAt: number) => void)[] = [];
  #cancelWait: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  constructor(options: { ports: Ports; database: Database; owner: string }) {
    this.#ports = options.ports;
    this.#database = options.database;
    this.#owner = options.owner;
  }

  /** Registers what a kind does. A kind has one handler. */
  handle(kind: string, handler: TimerHandler): void {
    if (this.#handlers.has(kind)) throw new Error(`two handlers for timers of kind ${kind}`);
    this.#handlers.set(kind, handler);
  }

  /** Hears of timers set by this process, after commit. */
  onSet(fn: (stream: string | null, dueAt: number) => void): void {
    this.#onSet.push(fn);
  }

  /** Sets timers in the transaction that wants them; an existing (kind, key) is moved. */
  async set(tx: Tx, timers: readonly NewTimer[]): Promise<void> {
    if (timers.length === 0) return;
    await tx.query(
      `insert into timers (kind, key, stream, due_at, rank, data)
       select kind, key, stream, due_at, rank, data::json from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::smallint[], $6::text[])
         as t(kind, key, stream, due_at, rank, data) order by kind, key
       on conflict (kind, key) do update set stream = excluded.stream, due_at = excluded.due_at, rank = excluded.rank, data = excluded.data,
         failures = 0, parked_at = null, error = null`,
      [
        timers.map((timer) => timer.kind),
        timers.map((timer) => timer.key),
        timers.map((timer) => timer.stream ?? null),
        timers.map((timer) => Math.ceil(timer.dueAt)),
        timers.map((timer) => timer.rank ?? 0),
        timers.map((timer) => JSON.stringify(timer.data ?? null)),
      ],
    );
    tx.afterCommit(() => {
      for (const timer of timers) {
        for (const fn of this.#onSet) fn(timer.stream ?? null, timer.dueAt);
        if (!timer.stream) this.wake();
      }
    });
  }

  /** Cancels timers; those that do not exist are ignored. Returns how many were cancelled. */
  async cancel(tx: Queryable, timers: readonly { kind: string; key: string }[]): Promise<number> {
    if (timers.length === 0) return 0;
    const rows = await tx.query(
      `delete from timers where (kind, key) in (
         select kind, key from timers where (kind, key) in (select * from unnest($1::text[], $2::text[])) order by kind, key for update
       ) returning 1 as one`,
      [timers.map((timer) => timer.kind), timers.map((timer) => timer.key)],
    );
    return rows.length;
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWait?.();
    await this.#running;
  }

  /** Looks for due timers now (general ones; those of streams belong to their consumers). */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Resolves when no general timer that is due waits any more; for tests that move the clock. */
  async idle(): Promise<void> {
    this.wake();
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Yields first, so that `#running` is set before anything can end.
    await Promise.resolve();
    while (this.#again && !this.#stopped) {
      this.#again = false;
      this.#cancelWait?.();
      const nextDueAt = await this.#fireDue().catch((error: unknown) => {
        this.#ports.log.warn({ err: error }, 'timers could not be fired; trying again shortly');
        return undefined;
      });
      if (this.#stopped) break;
      // Other processes set timers too: look again after a while even without a hint.
      const lookAt = Math.min(nextDueAt ?? Number.POSITIVE_INFINITY, this.#ports.clock.now() + POLL_MS);
      this.#cancelWait = this.#ports.clock.at(lookAt, () => this.wake());
    }
    this.#running = undefined;
  }

  /** Fires what is due, in order, and returns when the next one is. One that fails is tried again by the next round, and holds up nobody. */
  async #fireDue(): Promise<number | undefined> {
    const kinds = [...this.#handlers.keys()];
    if (kinds.length === 0) return undefined;
    const failed: Timer[] = [];
    for (;;) {
      const now = this.#ports.clock.now();
      const [row] = await this.#database.query<TimerRow>(
        `select ${TIMER_COLUMNS} from timers where stream is null and parked_at is null and kind = any ($1)
           and (kind, key) not in (select * from unnest($2::text[], $3::text[])) order by due_at, rank, key limit 1`,
        [kinds, failed.map(({ kind }) => kind), failed.map(({ key }) => key)],
      );
      if (!row || this.#stopped) return undefined;
      const timer = timerFromRow(row);
      if (timer.dueAt > now) return timer.dueAt;
      if ((await takeLease(this.#database, 'timers', this.#owner, now)) === undefined) return now + POLL_MS;
      if (await this.#fire(timer)) continue;
      failed.push(timer);
      if (failed.length >= MAX_FAILED_IN_ROUND) return now + POLL_MS;
    }
  }

  /**
   * Returns false when the handler failed.
   * @throws Unavailable when it is the installation that cannot: no fault of the timer.
   */
  async #fire(timer: Timer): Promise<boolean> {
    try {
      await this.#database.transaction(`timer ${timer.kind}`, async (tx) => {
        // The effect's row locks come before the timer's, as in every transaction that sets one (DESIGN M3).
        await this.#handlers.get(timer.kind)!(tx, timer);
        const taken = await tx.query(
          'delete from timers where kind = $1 and key = $2 and due_at = $3 returning 1 as one',
          [timer.kind, timer.key, timer.dueAt],
        );
        if (taken.length === 0) throw new TimerGone();
      });
      return true;
    } catch (error) {
      if (error instanceof TimerGone) return true;
      if (error instanceof Unavailable) throw error;
      this.#ports.log.error({ err: error, kind: timer.kind, key: timer.key }, 'timer failed');
      await parkFailedTimer(this.#database, timer, error, this.#ports.clock.now());
      return false;
    }
  }
}

/** Counts a failure; after the last try the timer is parked with its error, visible to admins, and no longer holds up others. */
export async function parkFailedTimer(database: Queryable, timer: Timer, error: unknown, nowMs: number): Promise<void> {
  await database.query(
    `update timers set failures = failures + 1, error = $3, parked_at = case when failures + 1 >= $4 then $5::bigint end
     where kind = $1 and key = $2`,
    [timer.kind, timer.key, String((error as Error)?.message ?? error).slice(0, 500), FAILURES_BEFORE_PARKING, nowMs],
  );
}
