import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../server/platform/database/embedded.ts';

const DEFAULT_POSTGRES = 'postgres://postgres@127.0.0.1:5432/postgres';
const DEFAULT_REDIS = 'redis://127.0.0.1:6379';
const OLDEST_POSTGRES_MAJOR = 15;
const CONNECT_TIMEOUT_MS = 3_000;
/** Two test files at a time, each with the pools of several servers. */
const EMBEDDED_CONNECTIONS = 200;

/** A service that tests use, or why there is none. */
export type Service = { url: string; version: string } | { missing: string };

/** The machine's own PostgreSQL: `DATABASE_URL`, else the default local port (platform section 1). */
export async function findPostgres(env: NodeJS.ProcessEnv): Promise<Service> {
  const url = env.DATABASE_URL ?? DEFAULT_POSTGRES;
  const where = env.DATABASE_URL === undefined ? 'on 127.0.0.1:5432, and DATABASE_URL is not set' : 'at DATABASE_URL';
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that goes away while idle is told by the next query; without a listener it would end the run.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
         (select rolcreatedb or rolsuper from pg_roles where rolname = current_user) as may_create`,
    );
    const { version, major, may_create } = rows[0] as { version: string; major: number; may_create: boolean };
    if (major < OLDEST_POSTGRES_MAJOR)
      return { missing: `PostgreSQL ${version} is older than ${OLDEST_POSTGRES_MAJOR}` };
    if (!may_create) return { missing: 'the user of PostgreSQL may not create databases' };
    return { url, version };
  } catch (error) {
    return { missing: `no PostgreSQL answers ${where} (${messageOf(error)})` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Redis or Valkey: `REDIS_URL`, else the default local port. */
export async function findRedis(env: NodeJS.ProcessEnv): Promise<Service> {
  const url = env.REDIS_URL ?? DEFAULT_REDIS;
  const where = env.REDIS_URL === undefined ? 'on 127.0.0.1:6379, and REDIS_URL is not set' : 'at REDIS_URL';
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'of an unknown version';
    return { url, version };
  } catch (error) {
    return { missing: `no Redis answers ${where} (${messageOf(error)})` };
  } finally {
    redis.disconnect();
  }
}

export interface EmbeddedRun {
  url: string;
  version: string;
  stop(): Promise<void>;
}

/** One embedded PostgreSQL for the whole run (DESIGN 5), in a temporary folder that goes with it. */
export async function startEmbedded(): Promise<EmbeddedRun> {
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-test-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    maxConnections: EMBEDDED_CONNECTIONS,
    log: { info() {}, warn: complain, error: complain },
  });
  const { host, port, user, database } = server.connection;
  const url = `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  const found = await findPostgres({ DATABASE_URL: url });
  return {
    url,
    version: 'version' in found ? found.version : found.missing,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function complain(fields: object, message: string): void {
  process.stderr.write(`embedded PostgreSQL: ${message} ${JSON.stringify(fields)}\n`);
}

/** Drops the databases that a run's test files made and left: the templates, and those of files that were cut off. */
export async function dropDatabases(url: string, runId: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select datname from pg_database where datname like 'greenroom\\_%' and position($1 in datname) > 0`,
      [`_${runId}_`],
    );
    for (const { datname } of rows as { datname: string }[]) {
      const name = client.escapeIdentifier(datname);
      await client.query(`alter database ${name} is_template false`);
      await client.query(`drop database if exists ${name} with (force)`);
    }
  } finally {
    await client.end();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
