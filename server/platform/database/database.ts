import { createHash } from 'node:crypto';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { Unavailable } from '../errors.ts';
import { type AppendedEvents, EventQueue } from '../events/append.ts';
import type { Ports } from '../ports.ts';
import { LockOrder } from './lock-order.ts';
import { isConnectionLost, sqlState } from './pool.ts';
import type { Database, DatabaseFaults, LockTable, Orm, Queryable, TransactionOptions, Tx } from './types.ts';

const MAX_TRIES = 6;
/** Callers that may wait for a connection; further ones are sent away (each waits 5 s at most). */
const MAX_WAITING = 2_048;
/** How long the fate of a lost COMMIT is looked for before the caller hears that it is unknown. */
const FATE_LIMIT_MS = 15_000;

export interface DatabaseOptions {
  ports: Pick<Ports, 'clock' | 'ids' | 'log' | 'random'>;
  pool: pg.Pool;
  /** Called with the events of a transaction after its commit, before `afterCommit` callbacks. */
  onEvents?(events: AppendedEvents): void;
  faults?: DatabaseFaults;
  /** A deadlock is a bug of lock order: tests make it fatal (DESIGN M3). */
  onDeadlock?(name: string, error: unknown): void;
}

type Outcome<T> = { tx: Transaction; value: T } | { error: unknown; retry: boolean };

/** PostgreSQL behind the platform's `Database` port. */
export class PostgresDatabase implements Database {
  readonly orm: Orm;
  readonly #options: DatabaseOptions;
  readonly #pool: pg.Pool;
  readonly #statements = new Statements();

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#pool = options.pool;
    this.orm = drizzle(options.pool) as unknown as Orm;
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    this.#refuseCrowd();
    try {
      return (await this.#pool.query(sql, params as unknown[])).rows as Row[];
    } catch (error) {
      throw isConnectionLost(error) ? databaseAway(error) : error;
    }
  }

  async hotQuery<Row extends object>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    this.#refuseCrowd();
    try {
      return (await this.#pool.query(this.#statements.named(sql, params))).rows as Row[];
    } catch (error) {
      throw isConnectionLost(error) ? databaseAway(error) : error;
    }
  }

  async withConnection<T>(fn: (connection: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    let broken: Error | undefined;
    try {
      return await fn(new ConnectionQueryable(client, this.#statements));
    } catch (error) {
      broken = isConnectionLost(error) ? (error as Error) : undefined;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async transaction<T>(name: string, fn: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(name, fn, options);
      if ('tx' in outcome) {
        this.#committed(outcome.tx);
        return outcome.value;
      }
      const { error } = outcome;
      if (sqlState(error) === '40P01') this.#options.onDeadlock?.(name, error);
      if (!outcome.retry || attempt >= MAX_TRIES) throw isConnectionLost(error) ? databaseAway(error) : error;
      this.#options.ports.log.warn({ transaction: name, attempt, err: error }, 'transaction is tried again');
      await pause(2 ** attempt * (0.5 + this.#options.ports.random.fraction()));
    }
  }

  /** Connections of this process, for metrics (PF-52). */
  get connections(): { open: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { open: totalCount, idle: idleCount, waiting: waitingCount };
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** One try. */
  async #attempt<T>(name: string, fn: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<Outcome<T>> {
    const { ports, faults } = this.#options;
    const client = await this.#connect();
    const tx = new Transaction(client, this.#statements, { now: ports.clock.now(), commitId: ports.ids.uuid() });
    let broken: Error | undefined;
    let ended: { value: T } | undefined;
    try {
      await client.query(options.snapshot ? 'begin isolation level repeatable read read only' : 'begin');
      const value = await fn(tx);
      if (!options.snapshot) {
        await tx.finish(ports.clock.now());
        await faults?.beforeCommit?.(name);
      }
      ended = { value };
      await client.query('commit');
      if (!options.snapshot) await faults?.afterCommit?.(name);
      return { tx, value };
    } catch (error) {
      const lost = isConnectionLost(error);
      if (ended && (lost || sqlState(error) === undefined)) {
        broken = error as Error;
        return options.snapshot ? { error, retry: true } : await this.#learnFate(tx, ended.value, error);
      }
      if (lost) broken = error as Error;
      else broken = await rollBack(client);
      return { error, retry: lost || ['40001', '40P01'].includes(sqlState(error) ?? '') };
    } finally {
      client.release(broken);
    }
  }

  /** The connection was lost at COMMIT: asks the server what became of the transaction (DESIGN M2). */
  async #learnFate<T>(tx: Transaction, value: T, error: unknown): Promise<Outcome<T>> {
    const fate = await this.#fateOf(tx);
    this.#options.ports.log.warn(
      { commitId: tx.commitId, fate, err: error },
      'connection lost at commit; looked up what became of it',
    );
    if (fate === 'committed') return { tx, value };
    if (fate === 'aborted') return { error, retry: true };
    return { error: fateUnknown(error), retry: false };
  }

  /** Committed when its row is there; aborted when it is not and the session that might still be committing is gone. */
  async #fateOf(tx: Transaction): Promise<'committed' | 'aborted' | undefined> {
    for (
      let waitedMs = 0, waitMs = 20;
      waitedMs < FATE_LIMIT_MS;
      waitedMs += waitMs, waitMs = Math.min(waitMs * 2, 1000)
    ) {
      // This process is closing its database: nobody can be told any more.
      if (this.#pool.ending) return undefined;
      try {
        // The session is looked for first: were it last, its commit could fall between the two looks.
        const [session] = await this.query<{ busy: boolean }>(
          'select exists (select from pg_stat_activity where pid = $1 and xact_start is not null) as busy',
          [tx.sessionPid],
        );
        const rows = await this.query('select 1 from commits where id = $1', [tx.commitId]);
        if (rows.length > 0) return 'committed';
        if (!session?.busy) return 'aborted';
      } catch (error) {
        this.#options.ports.log.debug({ err: error }, 'database still away while a commit is looked up');
      }
      await pause(waitMs);
    }
    return undefined;
  }

  #committed(tx: Transaction): void {
    if (!tx.events.isEmpty) this.#options.onEvents?.(tx.events.appended);
    for (const fn of tx.callbacks) fn();
  }

  /** @throws Unavailable `busy` */
  #refuseCrowd(): void {
    if (this.#pool.waitingCount < MAX_WAITING) return;
    throw new Unavailable('busy', 'Too many wait for the database. Nothing was changed; try again shortly.', 1000);
  }

  async #connect(): Promise<pg.PoolClient> {
    this.#refuseCrowd();
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw isConnectionLost(error) ? databaseAway(error) : error;
    }
  }
}

class ConnectionQueryable implements Queryable {
  protected readonly client: pg.PoolClient;
  readonly #statements: Statements;
  #orm: Orm | undefined;

  constructor(client: pg.PoolClient, statements: Statements) {
    this.client = client;
    this.#statements = statements;
  }

  get orm(): Orm {
    this.#orm ??= drizzle(this.client) as unknown as Orm;
    return this.#orm;
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    return (await this.client.query(sql, params as unknown[])).rows as Row[];
  }

  async hotQuery<Row extends object>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return (await this.client.query(this.#statements.named(sql, params))).rows as Row[];
  }
}

class Transaction extends ConnectionQueryable implements Tx {
  readonly now: number;
  readonly commitId: string;
  readonly events = new EventQueue();
  readonly callbacks: (() => void)[] = [];
  readonly #locks = new LockOrder();

  constructor(client: pg.PoolClient, statements: Statements, mark: { now: number; commitId: string }) {
    super(client, statements);
    this.now = mark.now;
    this.commitId = mark.commitId;
  }

  get sessionPid(): number | null {
    return (this.client as { processID?: number }).processID ?? null;
  }

  async lock<Row extends object>(table: LockTable, columns: string, ids: readonly string[]): Promise<Row[]> {
    this.#locks.enter(table, ids);
    if (ids.length === 0) return [];
    return await this.hotQuery<Row>(
      `select ${columns} from ${table.name} where ${table.key} = any ($1::${table.keyType}[]) order by ${table.order ?? table.key} for no key update`,
      [ids],
    );
  }

  append(event: Parameters<Tx['append']>[0]): ReturnType<Tx['append']> {
    return this.events.add(event);
  }

  afterCommit(fn: () => void): void {
    this.callbacks.push(fn);
  }

  /** Last statement before commit: writes the events, and the commit's id if anything was changed. */
  async finish(now: number): Promise<void> {
    if (this.events.isEmpty) {
      await this.query(
        'insert into commits (id, at) select $1, $2 where pg_current_xact_id_if_assigned() is not null',
        [this.commitId, now],
      );
    } else {
      await this.events.write(this, now, this.commitId);
    }
  }
}

/** Rolls back; a connection that cannot even do that is broken. */
async function rollBack(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Names the prepared statements of one database: constant texts only, so it never grows beyond the program's hot statements. */
class Statements {
  readonly #names = new Map<string, string>();

  named(sql: string, params: readonly unknown[]): { name: string; text: string; values: unknown[] } {
    let name = this.#names.get(sql);
    if (name === undefined) {
      // By its text: several databases may share the connections of one pool.
      name = createHash('sha256').update(sql).digest('base64url');
      this.#names.set(sql, name);
    }
    return { name, text: sql, values: params as unknown[] };
  }
}

function databaseAway(cause: unknown): Unavailable {
  const error = new Unavailable(
    'database_unavailable',
    'The database cannot be reached just now. Nothing was changed; try again shortly.',
    1000,
  );
  error.cause = cause;
  return error;
}

function fateUnknown(cause: unknown): Unavailable {
  const message =
    'The database went away while it was writing. Whether the change was made is not known: look before you try again.';
  const error = new Unavailable('database_unavailable', message, 5000);
  error.cause = cause;
  return error;
}

/** Waits before another try of a lost race; real time on purpose, since it concerns the machine and not the installation's clock. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
