import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CONFIG, StartFault } from '../config/start-fault.ts';
import type { Logger } from '../ports.ts';
import type { Database, Queryable } from './types.ts';

/** One numbered SQL file of a folder `migrations/<owner>/NNNN_name.sql`. */
export interface Migration {
  owner: string;
  number: number;
  name: string;
  sql: string;
  checksum: string;
}

/** The start must stop: the schema is not one this program can work on (PF-50). */
export class MigrationFault extends StartFault {
  constructor(message: string) {
    super(EXIT_CONFIG, message);
  }
}

const LOCK_KEY = 0x67726d67; // "grmg"

/** Reads the migrations of the platform and the given modules, platform first, each in order of number. */
export function readMigrations(folder: string, owners: readonly string[]): Migration[] {
  return owners.flatMap((owner) =>
    listFolder(join(folder, owner)).map((file) => {
      const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
      if (!match) throw new MigrationFault(`migrations/${owner}/${file}: the name must be NNNN_name.sql`);
      const sql = readFileSync(join(folder, owner, file), 'utf8');
      return {
        owner,
        number: Number(match[1]),
        name: match[2]!,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}

/**
 * Brings the schema up to date, each file in a transaction of its own, all under one lock, so that several processes may start at once.
 * Forward only (PF-50). Returns what was applied.
 * @throws MigrationFault when the schema is newer than this program, or an applied file was changed since.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  log: Logger,
  nowMs: number,
): Promise<Migration[]> {
  return await database.withConnection(async (connection) => {
    await connection.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    try {
      await connection.query(
        `create table if not exists migrations (owner text, number int, name text not null, checksum text not null, applied_at bigint not null, primary key (owner, number))`,
      );
      const pending = await findPending(connection, migrations);
      for (const migration of pending) await apply(connection, migration, log, nowMs);
      return pending;
    } finally {
      await connection.query('select pg_advisory_unlock($1)', [LOCK_KEY]);
    }
  });
}

/** Migrations that are not applied yet, without changing anything; for `readyz` and `doctor`. */
export async function pendingMigrations(database: Queryable, migrations: readonly Migration[]): Promise<Migration[]> {
  const [row] = await database.query<{ present: boolean }>(`select to_regclass('migrations') is not null as present`);
  return row?.present ? await findPending(database, migrations) : [...migrations];
}

async function findPending(connection: Queryable, migrations: readonly Migration[]): Promise<Migration[]> {
  const rows = await connection.query<{ owner: string; number: number; name: string; checksum: string }>(
    'select owner, number, name, checksum from migrations',
  );
  const applied = new Map(rows.map((row) => [`${row.owner}/${row.number}`, row]));
  const owners = new Set(migrations.map((migration) => migration.owner));
  for (const row of rows) {
    const known = migrations.find((migration) => migration.owner === row.owner && migration.number === row.number);
    if (!known && owners.has(row.owner)) {
      throw new MigrationFault(
        `The database is newer than this program: it has ${row.owner}/${row.number} (${row.name}). Start a newer version.`,
      );
    }
    if (known && known.checksum !== row.checksum) {
      throw new MigrationFault(`migrations/${row.owner}/${row.number} (${row.name}) was changed after it was applied.`);
    }
  }
  return migrations.filter((migration) => !applied.has(`${migration.owner}/${migration.number}`));
}

async function apply(connection: Queryable, migration: Migration, log: Logger, nowMs: number): Promise<void> {
  await connection.query('begin');
  try {
    await connection.query(migration.sql);
    await connection.query(
      'insert into migrations (owner, number, name, checksum, applied_at) values ($1, $2, $3, $4, $5)',
      [migration.owner, migration.number, migration.name, migration.checksum, nowMs],
    );
    await connection.query('commit');
  } catch (error) {
    await connection.query('rollback');
    throw new Error(`migration ${migration.owner}/${migration.number} (${migration.name}) failed`, { cause: error });
  }
  log.info({ migration: `${migration.owner}/${migration.number}_${migration.name}` }, 'migration applied');
}

function listFolder(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
}
