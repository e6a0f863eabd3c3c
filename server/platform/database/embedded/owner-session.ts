import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DATABASE, USER } from './cluster.ts';
import { errorCode } from './errors.ts';
import { isRunning, type ProcessIdentity } from './process-identity.ts';

/** Where the cluster listens. */
export interface SocketAddress {
  host: string;
  port: number;
}

/** Key of the session advisory lock that says "the process that started this PostgreSQL lives" (DESIGN 3.2). "gree" "room". */
const OWNER_LOCK = [0x67726565, 0x726f6f6d] as const;
const APPLICATION = 'greenroom owner';
/** Kept apart from the product's database, so that this session never stands in the way of replacing that one. */
const MAINTENANCE_DATABASE = 'postgres';
/** A start takes tens of milliseconds, a recovery may take minutes; each question leaves a line in PostgreSQL's log. */
const FIRST_ASK_AGAIN_MS = 15;
const LAST_ASK_AGAIN_MS = 500;
const ASK_LIMIT_MS = 2_000;

/** The one connection that the owning process keeps for as long as it lives. */
export interface OwnerSession {
  /** Resolves when the connection is gone, whoever closed it. */
  ended: Promise<void>;
  end(): Promise<void>;
}

/**
 * Connects as soon as PostgreSQL answers (it may be recovering for minutes), takes the owner's lock, and makes sure the product's database
 * exists. Ends with the reason of `signal` when that is aborted first.
 */
export async function openOwnerSession(
  address: SocketAddress,
  owner: ProcessIdentity,
  signal: AbortSignal,
): Promise<OwnerSession> {
  for (let waitMs = FIRST_ASK_AGAIN_MS; ; waitMs = Math.min(waitMs * 1.2, LAST_ASK_AGAIN_MS)) {
    signal.throwIfAborted();
    const client = new pg.Client({
      ...address,
      user: USER,
      database: MAINTENANCE_DATABASE,
      application_name: nameOf(owner),
      keepAlive: true,
    });
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
    });
    client.on('error', () => undefined); // 'end' follows
    try {
      await client.connect();
    } catch (error) {
      if (!isNotYet(error)) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      continue;
    }
    await takeLock(client);
    await ensureDatabase(client);
    return { ended, end: () => client.end() };
  }
}

/**
 * The living process that owns the PostgreSQL at `address`, or undefined when none does: not even if its dead owner's session has not
 * been noticed to be gone, or the server does not answer.
 */
export async function findOwner(address: SocketAddress): Promise<ProcessIdentity | undefined> {
  const client = new pg.Client({
    ...address,
    user: USER,
    database: MAINTENANCE_DATABASE,
    connectionTimeoutMillis: ASK_LIMIT_MS,
    query_timeout: ASK_LIMIT_MS,
  });
  client.on('error', () => undefined); // the pending call rejects
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.classid = $1 and l.objid = $2 and l.granted`,
      [...OWNER_LOCK],
    );
    const owner = rows[0] && ownerOf(rows[0].name);
    return owner && (await isRunning(owner)) ? owner : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function takeLock(client: pg.Client): Promise<void> {
  // A session of ours that broke off holds it until PostgreSQL has noticed; nobody else asks for it.
  await client.query('select pg_advisory_lock($1, $2)', [...OWNER_LOCK]);
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
  if (rowCount === 0) await client.query(`create database ${DATABASE}`);
}

/** Not listening yet, or listening but still starting, recovering or shutting down (57P03). */
function isNotYet(error: unknown): boolean {
  const code = errorCode(error);
  // node-postgres gives no code to a connection that ended while it was being made.
  return code === undefined || ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03'].includes(code);
}

function nameOf(owner: ProcessIdentity): string {
  return `${APPLICATION} ${owner.pid} ${owner.startedAt}`;
}

function ownerOf(applicationName: string): ProcessIdentity | undefined {
  const match = new RegExp(`^${APPLICATION} (\\d+) (\\S*)$`).exec(applicationName);
  return match ? { pid: Number(match[1]), startedAt: match[2]! } : undefined;
}
