import pg from 'pg';

/** How to reach PostgreSQL: a connection string, or the embedded server's socket. */
export type ConnectionOptions =
  | { connectionString: string }
  | { host: string; port?: number; user: string; database: string; password?: string };

const INT8_OID = 20;
const INT8_ARRAY_OID = 1016;
const TEXT_ARRAY_OID = 1009;

/**
 * Type parsers of every connection: int8 becomes `bigint` (node-postgres would hand out text, a `number` would lose money), json stays
 * as parsed by default. Kept per pool, not global.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8_OID) return BigInt;
    if (oid === INT8_ARRAY_OID) {
      const parseTexts = pg.types.getTypeParser(TEXT_ARRAY_OID as never, 'text') as (
        value: string,
      ) => (string | null)[];
      return (value: string) => parseTexts(value).map((item) => (item === null ? null : BigInt(item)));
    }
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};

/** Opens a pool. Idle connections that break are only logged: the next query finds out by itself. */
export function openPool(
  connection: ConnectionOptions,
  options: { max: number; onIdleError(error: Error): void; applicationName?: string },
): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max: options.max,
    types,
    application_name: options.applicationName ?? 'greenroom',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
  });
  pool.on('error', options.onIdleError);
  // A connection that breaks between two statements of a transaction says so as an event: the next statement fails, that is enough.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** PostgreSQL's five-character code of an error, if it has one. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  // The system's EPIPE, a write to a connection that is gone, looks like one.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE' ? code : undefined;
}

/**
 * Whether the connection broke (as opposed to the server refusing a statement): the fate of a COMMIT on it is unknown. A server without room
 * (class 53: connections, memory, disk) counts too: it is an outage, not a fault of what was written.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined)
    return ['08', '53'].includes(state.slice(0, 2)) || ['57P01', '57P02', '57P03'].includes(state);
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code ?? '';
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EACCES', 'ENOTFOUND'].includes(code) ||
    /terminated|timeout exceeded when trying to connect|Connection ended|not queryable/i.test(error.message)
  );
}
