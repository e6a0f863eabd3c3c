import type { Database, Tx } from '../database/types.ts';
import { Unavailable } from '../errors.ts';
import { LEASE_MS, releaseLease, takeLease } from '../jobs/leases.ts';
import { parkFailedTimer, TIMER_COLUMNS, type Timer, timerFromRow } from '../jobs/timers.ts';
import type { Ports } from '../ports.ts';
import { readEvents } from './log.ts';
import type { LoggedEvent } from './types.ts';

/** One thing a consumer has to do: an event of its topic, or a timer of it, merged by time (predictions SC2). */
export interface Step {
  readonly topic: string;
  readonly event?: LoggedEvent;
  readonly timer?: Timer;
  /** A transaction that fails when another process has taken over the topic meanwhile (fencing). */
  transaction<T>(name: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The step's last transaction: moves the cursor (or removes the timer) together with `fn`'s effect (PF-22). A handler that does not
   * call it gets it called without effect.
   */
  complete<T>(name: string, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * For timers, after the row lock under which the topic's producers write has been taken: gives way when an event was registered before
   * the timer was due, so that it is handled first.
   */
  giveWayToEarlierEvents(tx: Tx): Promise<void>;
}

export interface ConsumerDefinition {
  name: string;
  /** All topics that begin with this. */
  topicPrefix: string;
  handle(step: Step): Promise<void>;
}

/** The runner's own control flow, thrown through a handler: not a fault of what it works on. */
export class StepInterrupted extends Error {}
/** Another process works on the topic now: this one lets go without harm. */
class LeaseLost extends StepInterrupted {}
/** The step must be chosen anew. */
class StepOvertaken extends StepInterrupted {}

const SCAN_MS = 1_000;
/** Timers due within this time are waited for to the millisecond; later ones are found by the scan before them. */
const LOOK_AHEAD_MS = 2 * SCAN_MS;
/** Topics queued, and timers waited for, at most; what finds no room is found by a later scan. */
const MAX_QUEUED = 10_000;
const CHUNK = 200;
const TOPICS_AT_ONCE = 4;
const FAILURES_BEFORE_PARKING = 8;

interface Lease {
  fence: bigint;
  expiresAt: number;
}

/** Runs one durable consumer: in order per topic, exactly once in effect, on one process at a time per topic (PF-22, RS6). */
export class ConsumerRunner {
  readonly definition: ConsumerDefinition;
  readonly #ports: Ports;
  readonly #database: Database;
  readonly #owner: string;
  readonly #maxQueued: number;
  readonly #leases = new Map<string, Lease>();
  readonly #queued = new Set<string>();
  readonly #active = new Map<string, Promise<void>>();
  readonly #retryAt = new Map<string, number>();
  /** Cancels the waits for timers that are due soon, by stream and instant. */
  readonly #waits = new Map<string, () => void>();
  readonly #moved = new Set<(topic: string, seq: number) => void>();
  #stopped = true;
  #cancelScan: (() => void) | undefined;
  #scanning: Promise<void> | undefined;

  constructor(options: {
    definition: ConsumerDefinition;
    ports: Ports;
    database: Database;
    owner: string;
    maxQueued?: number;
  }) {
    this.definition = options.definition;
    this.#ports = options.ports;
    this.#database = options.database;
    this.#owner = options.owner;
    this.#maxQueued = options.maxQueued ?? MAX_QUEUED;
  }

  start(): void {
    this.#stopped = false;
    void this.scan();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelScan?.();
    this.#queued.clear();
    for (const cancel of this.#waits.values()) cancel();
    this.#waits.clear();
    await this.#scanning;
    await Promise.all(this.#active.values());
    await Promise.allSettled(
      [...this.#leases.keys()].map((topic) => releaseLease(this.#database, this.#leaseName(topic), this.#owner)),
    );
  }

  /** Work for a topic may have come. */
  hint(topic: string): void {
    if (this.#stopped || !topic.startsWith(this.definition.topicPrefix)) return;
    if (this.#queued.size < this.#maxQueued) this.#queued.add(topic);
    this.#startNext();
  }

  /** A stream timer was set: look again when it is due. */
  hintTimer(stream: string, dueAt: number): void {
    const { clock } = this.#ports;
    if (this.#stopped || !stream.startsWith(this.definition.topicPrefix) || dueAt > clock.now() + LOOK_AHEAD_MS) return;
    const key = `${dueAt} ${stream}`;
    if (this.#waits.has(key) || this.#waits.size >= this.#maxQueued) return;
    const cancel = clock.at(dueAt, () => {
      this.#waits.delete(key);
      this.hint(stream);
    });
    this.#waits.set(key, cancel);
  }

  /** Topics and timers that wait in memory; bounded. */
  get waiting(): number {
    return this.#queued.size + this.#waits.size;
  }

  /** Called whenever the cursor of a topic has moved in this process. */
  onMoved(fn: (topic: string, seq: number) => void): () => void {
    this.#moved.add(fn);
    return () => this.#moved.delete(fn);
  }

  /** Looks in the database for topics with work (DESIGN M6). */
  scan(): Promise<void> {
    this.#scanning ??= this.#scanNow().finally(() => {
      this.#scanning = undefined;
    });
    return this.#scanning;
  }

  /** Resolves when all work that is there has been done; for tests that move the clock. */
  async idle(): Promise<void> {
    do {
      await this.scan();
      while (this.#active.size > 0) await Promise.all(this.#active.values());
    } while (this.#queued.size > 0);
  }

  async #scanNow(): Promise<void> {
    this.#cancelScan?.();
    const now = this.#ports.clock.now();
    try {
      const rows = await this.#database.query<{ topic: string; due_at: bigint | null }>(
        `(select t.topic, null::bigint as due_at from topics t left join consumer_positions p on p.consumer = $1 and p.topic = t.topic
           where starts_with(t.topic, $2) and t.seq > coalesce(p.seq, 0) and p.parked_at is null limit ${this.#maxQueued})
         union all
         (select distinct stream, due_at from timers where starts_with(stream, $2) and due_at <= $3 and parked_at is null
           order by due_at limit ${this.#maxQueued})`,
        [this.definition.name, this.definition.topicPrefix, now + LOOK_AHEAD_MS],
      );
      for (const { topic, due_at: dueAt } of rows) {
        if (dueAt === null || Number(dueAt) <= now) this.hint(topic);
        else this.hintTimer(topic, Number(dueAt));
      }
      this.#forgetPast(now);
    } catch (error) {
      this.#ports.log.warn(
        { err: error, consumer: this.definition.name },
        'looking for work failed; trying again shortly',
      );
    }
    if (!this.#stopped)
      this.#cancelScan = this.#ports.clock.at(this.#ports.clock.now() + SCAN_MS, () => void this.scan());
  }

  /** What is over is not kept: a topic may never be worked on again. */
  #forgetPast(now: number): void {
    for (const [topic, at] of this.#retryAt) if (at <= now) this.#retryAt.delete(topic);
    for (const [topic, lease] of this.#leases) if (lease.expiresAt <= now) this.#leases.delete(topic);
  }

  #startNext(): void {
    for (const topic of this.#queued) {
      if (this.#stopped || this.#active.size >= TOPICS_AT_ONCE) return;
      if (this.#active.has(topic)) continue;
      this.#queued.delete(topic);
      if ((this.#retryAt.get(topic) ?? 0) > this.#ports.clock.now()) continue;
      const work = this.#work(topic)
        .catch((error: unknown) =>
          this.#ports.log.error({ err: error, consumer: this.definition.name, topic }, 'consumer stopped on a topic'),
        )
        .finally(() => {
          this.#active.delete(topic);
          this.#startNext();
        });
      this.#active.set(topic, work);
    }
  }

  async #work(topic: string): Promise<void> {
    let position: number | undefined;
    let events: LoggedEvent[] = [];
    while (!this.#stopped) {
      const lease = await this.#lease(topic);
      if (!lease) return;
      position ??= await this.#position(topic);
      if (position === undefined) return;
      if (events.length === 0) events = await readEvents(this.#database, topic, position, CHUNK);
      const event = events[0];
      const timer = await this.#dueTimer(topic);
      if (!event && !timer) return;
      const takeEvent = event !== undefined && (timer === undefined || event.at <= timer.dueAt);
      const step = takeEvent
        ? this.#step(topic, lease, { event, position })
        : this.#step(topic, lease, { timer: timer!, position });
      const result = await this.#attempt(step);
      if (result === 'lost') {
        this.#leases.delete(topic);
        return;
      }
      if (result === 'failed') return;
      if (result === 'overtaken') {
        events = [];
        position = undefined;
      } else if (takeEvent) {
        events.shift();
        position = event.seq;
        for (const fn of this.#moved) fn(topic, position);
      }
    }
  }

  async #attempt(step: Step & { completed(): boolean }): Promise<'done' | 'lost' | 'failed' | 'overtaken'> {
    try {
      await this.definition.handle(step);
      if (!step.completed()) await step.complete(`${this.definition.name} skip`, async () => undefined);
      this.#retryAt.delete(step.topic);
      return 'done';
    } catch (error) {
      if (error instanceof LeaseLost) return 'lost';
      if (error instanceof StepOvertaken) return 'overtaken';
      this.#ports.log.error(
        {
          err: error,
          consumer: this.definition.name,
          topic: step.topic,
          seq: step.event?.seq,
          timer: step.timer?.kind,
        },
        'consumer failed',
      );
      await this.#recordFailure(step, error);
      return 'failed';
    }
  }

  /** Back-off, then parking with an alarm: a consumer that cannot go on holds up nobody else (DESIGN M8). */
  async #recordFailure(step: Step, error: unknown): Promise<void> {
    const now = this.#ports.clock.now();
    if (error instanceof Unavailable) {
      // An outage is no fault of the step: however long it lasts, nothing is parked for it.
      this.#retryAt.set(step.topic, now + error.retryAfterMs);
    } else if (step.timer) {
      await parkFailedTimer(this.#database, step.timer, error, now);
    } else {
      const [row] = await this.#database.query<{ failures: number; parked_at: bigint | null }>(
        `update consumer_positions set failures = failures + 1, error = $3, parked_at = case when failures + 1 >= $4 then $5::bigint end
         where consumer = $1 and topic = $2 returning failures, parked_at`,
        [
          this.definition.name,
          step.topic,
          String((error as Error)?.message ?? error).slice(0, 500),
          FAILURES_BEFORE_PARKING,
          now,
        ],
      );
      if (row?.parked_at)
        this.#ports.log.fatal(
          { consumer: this.definition.name, topic: step.topic },
          'consumer is parked: an admin must look',
        );
      this.#retryAt.set(step.topic, now + Math.min(100 * 2 ** (row?.failures ?? 1), 60_000));
    }
  }

  #step(
    topic: string,
    lease: Lease,
    what: { event?: LoggedEvent; timer?: Timer; position: number },
  ): Step & { completed(): boolean } {
    const { name } = this.definition;
    let completed = false;
    const guard = async (tx: Tx) => {
      const rows = await tx.query(
        'select 1 from consumer_positions where consumer = $1 and topic = $2 and fence = $3 for update',
        [name, topic, lease.fence],
      );
      if (rows.length === 0) throw new LeaseLost(topic);
    };
    return {
      topic,
      event: what.event,
      timer: what.timer,
      completed: () => completed,
      transaction: (label, fn) =>
        this.#database.transaction(label, async (tx) => {
          await guard(tx);
          return await fn(tx);
        }),
      complete: async (label, fn) => {
        const result = await this.#database.transaction(label, async (tx) => {
          await guard(tx);
          // The effect's row locks come before the timer's, as in every transaction that sets one (DESIGN M3).
          const result = await fn(tx);
          if (what.event) {
            await tx.query(
              `update consumer_positions set seq = $3, moved_at = $4, failures = 0, error = null where consumer = $1 and topic = $2`,
              [name, topic, what.event.seq, tx.now],
            );
          } else if (what.timer) {
            const gone = await tx.query(
              'delete from timers where kind = $1 and key = $2 and due_at = $3 returning 1 as one',
              [what.timer.kind, what.timer.key, what.timer.dueAt],
            );
            // Moved or cancelled since it was read: it is not due any more.
            if (gone.length === 0) throw new StepOvertaken();
          }
          return result;
        });
        completed = true;
        return result;
      },
      giveWayToEarlierEvents: async (tx) => {
        if (!what.timer) return;
        const earlier = await tx.query(
          'select 1 as one from events where topic = $1 and seq > $2 and at <= $3 limit 1',
          [topic, what.position, what.timer.dueAt],
        );
        if (earlier.length > 0) throw new StepOvertaken();
      },
    };
  }

  async #lease(topic: string): Promise<Lease | undefined> {
    const now = this.#ports.clock.now();
    const held = this.#leases.get(topic);
    if (held && held.expiresAt - now > LEASE_MS / 2) return held;
    const fence = await takeLease(this.#database, this.#leaseName(topic), this.#owner, now);
    if (fence === undefined) {
      this.#leases.delete(topic);
      return undefined;
    }
    const lease = { fence, expiresAt: now + LEASE_MS };
    // The position row carries the fence: who took the lease later has raised it, and an older owner's transaction finds no row.
    if (held?.fence !== fence) {
      await this.#database.query(
        `insert into consumer_positions as p (consumer, topic, fence) values ($1, $2, $3)
         on conflict (consumer, topic) do update set fence = greatest(p.fence, excluded.fence)`,
        [this.definition.name, topic, fence],
      );
    }
    this.#leases.set(topic, lease);
    return lease;
  }

  async #position(topic: string): Promise<number | undefined> {
    const [row] = await this.#database.query<{ seq: bigint; parked_at: bigint | null }>(
      'select seq, parked_at from consumer_positions where consumer = $1 and topic = $2',
      [this.definition.name, topic],
    );
    return row && row.parked_at === null ? Number(row.seq) : undefined;
  }

  async #dueTimer(topic: string): Promise<Timer | undefined> {
    const [row] = await this.#database.query<Parameters<typeof timerFromRow>[0]>(
      `select ${TIMER_COLUMNS} from timers where stream = $1 and due_at <= $2 and parked_at is null order by due_at, rank, key limit 1`,
      [topic, this.#ports.clock.now()],
    );
    return row && timerFromRow(row);
  }

  #leaseName(topic: string): string {
    return `consumer/${this.definition.name}/${topic}`;
  }
}
