import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { EventRef, NewEvent } from '../events/types.ts';

/** Drizzle over the same connection, for single rows and reads (DESIGN M10). */
export type Orm = NodePgDatabase<Record<string, never>>;

/** Something that runs SQL with parameters. int8 columns arrive as `bigint`. */
export interface Queryable {
  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** As `query`, parsed and planned once per connection: for the few constant statements of hot paths (DESIGN M10). */
  hotQuery<Row extends object>(sql: string, params: readonly unknown[]): Promise<Row[]>;
  readonly orm: Orm;
}

/**
 * One transaction of a use case. Everything it appends, locks or schedules commits or vanishes together. The function given to
 * `Database.transaction` may run more than once (after a lost connection or a serialisation failure): it must have no effect outside.
 */
export interface Tx extends Queryable {
  /** The installation's clock when the transaction began, epoch ms. */
  readonly now: number;
  /**
   * Locks rows `FOR NO KEY UPDATE` (children that refer to them may still be inserted) in id order and returns them. Tables must be locked in the order of their rank (DESIGN M3): a lower rank after
   * a higher one throws. `columns` is SQL after SELECT. Ids that do not exist are simply absent from the result.
   */
  lock<Row extends object>(table: LockTable, columns: string, ids: readonly string[]): Promise<Row[]>;
  /** Adds an event to be written as the transaction's last statement; `seq` of the returned reference is known after commit (PF-20). */
  append(event: NewEvent): EventRef;
  /** Runs after a successful commit, in order. Must not throw. */
  afterCommit(fn: () => void): void;
}

/** A table that may be locked row by row, with its place in the house's one lock order (DESIGN M3). */
export interface LockTable {
  /** SQL name. */
  name: string;
  /** Primary key column. */
  key: string;
  /** SQL type of the key, for the array parameter. */
  keyType: 'uuid' | 'bigint' | 'text';
  /** Order in which rows are locked, when the key alone does not give one; default the key. */
  order?: string;
  /** Ascending through a transaction. Platform rows 0-99, module rows 100-899, balances 900-949; topics and audit chains come last by themselves. */
  rank: number;
}

export interface TransactionOptions {
  /** REPEATABLE READ READ ONLY: every statement sees one snapshot (PF-23). */
  snapshot?: boolean;
}

export interface Database extends Queryable {
  /**
   * Runs `fn` in one transaction. Errors thrown by `fn` roll back and pass through. Deadlocks and serialisation failures are retried; a
   * connection lost at COMMIT is looked up before a retry (DESIGN M2). `name` labels metrics and logs.
   * @throws Unavailable when the database cannot be reached.
   */
  transaction<T>(name: string, fn: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** A connection of its own for session-level work (advisory locks, COPY). Returns it when `fn` ends. */
  withConnection<T>(fn: (connection: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Faults a test may put inside the database port (simulation): each hook may throw or wait. */
export interface DatabaseFaults {
  beforeCommit?(name: string): Promise<void> | void;
  /** Throwing here looks to the caller like a connection lost after COMMIT was sent. */
  afterCommit?(name: string): Promise<void> | void;
}
