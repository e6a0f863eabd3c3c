import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { pino } from 'pino';
import { PostgresDatabase } from '../database/database.ts';
import { type Migration, migrate, readMigrations } from '../database/migrate.ts';
import { openPool } from '../database/pool.ts';
import type { Queryable } from '../database/types.ts';
import { systemPorts } from '../system-ports.ts';

/** The server that tests use: what the test run started, else PostgreSQL on the machine's default port. */
export function testServerUrl(): string {
  return process.env.GREENROOM_TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
}

export interface TestDatabase {
  /** For `DATABASE_URL`. */
  url: string;
  pool: pg.Pool;
  drop(): Promise<void>;
}

/**
 * A database of the test's own, cloned from a migrated template (DESIGN 5). The template is made once per server and set of migrations.
 * Call `drop` when done.
 */
export async function createTestDatabase(options: {
  migrationsFolder: string;
  owners: readonly string[];
}): Promise<TestDatabase> {
  const migrations = readMigrations(options.migrationsFolder, options.owners);
  const admin = openPool({ connectionString: testServerUrl() }, { max: 1, onIdleError: () => undefined });
  try {
    const template = await ensureTemplate(admin, migrations);
    const name = `greenroom_test_${ofThisRun()}${randomBytes(6).toString('hex')}`;
    await admin.query(`create database ${name} template ${template}`);
    const url = withDatabase(testServerUrl(), name);
    const pool = openPool({ connectionString: url }, { max: 16, onIdleError: () => undefined });
    return {
      url,
      pool,
      async drop() {
        if (!pool.ended) await pool.end();
        const dropper = openPool({ connectionString: testServerUrl() }, { max: 1, onIdleError: () => undefined });
        await dropper.query(`drop database if exists ${name} with (force)`);
        await dropper.end();
      },
    };
  } finally {
    await admin.end();
  }
}

/** Marks the databases of a test run, which drops them at its end, and no other run's. */
function ofThisRun(): string {
  const run = process.env.GREENROOM_TEST_RUN;
  return run === undefined ? '' : `${run}_`;
}

async function ensureTemplate(admin: pg.Pool, migrations: readonly Migration[]): Promise<string> {
  const fingerprint = createHash('sha256');
  for (const migration of migrations)
    fingerprint.update(`${migration.owner}/${migration.number}:${migration.checksum}\n`);
  const name = `greenroom_template_${ofThisRun()}${fingerprint.digest('hex').slice(0, 16)}`;
  const client = await admin.connect();
  try {
    // Test files run as processes of their own: one makes the template, the others wait.
    await client.query('select pg_advisory_lock(72157)');
    const found = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [name]);
    if (found.rows.length === 0) {
      await client.query(`drop database if exists ${name}`);
      await client.query(`create database ${name}`);
      await migrateTemplate(withDatabase(testServerUrl(), name), migrations);
      await client.query(`alter database ${name} is_template true`);
    }
    await client.query('select pg_advisory_unlock(72157)');
    return name;
  } finally {
    client.release();
  }
}

async function migrateTemplate(url: string, migrations: readonly Migration[]): Promise<void> {
  const ports = systemPorts(pino({ level: 'silent' }));
  const pool = openPool({ connectionString: url }, { max: 2, onIdleError: () => undefined });
  const database = new PostgresDatabase({ ports, pool });
  await migrate(database, migrations, ports.log, Date.now());
  await pool.end();
}

/** The content of tables as text, for comparing states (restore, simulation). */
export async function dumpTable(database: Queryable, table: string, orderBy: string): Promise<string> {
  const rows = await database.query<{ line: string }>(
    `select to_jsonb(t)::text as line from ${table} t order by ${orderBy}`,
  );
  return rows.map((row) => row.line).join('\n');
}

function withDatabase(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.toString();
}
