import type { PlatformSettings } from '../config/platform-settings.ts';
import { EXIT_CONFIG, EXIT_TRY_AGAIN, StartFault } from '../config/start-fault.ts';
import { Unavailable } from '../errors.ts';
import type { AppendedEvents } from '../events/append.ts';
import type { Ports } from '../ports.ts';
import { PostgresDatabase } from './database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';
import { isConnectionLost, openPool, sqlState } from './pool.ts';
import type { DatabaseFaults } from './types.ts';

export interface OpenDatabase {
  database: PostgresDatabase;
  /** Null when the operator brought his own (`DATABASE_URL`). */
  embedded: EmbeddedPostgres | null;
  /** For people: where the data are, without secrets. */
  place: string;
  /** May be called again. */
  close(): Promise<void>;
}

export interface OpenOptions {
  settings: Pick<PlatformSettings, 'DATABASE_URL' | 'DATABASE_POOL' | 'DATA_DIR'>;
  ports: Pick<Ports, 'clock' | 'ids' | 'log' | 'random'>;
  version: string;
  onEvents(events: AppendedEvents): void;
  faults?: DatabaseFaults;
}

/** The oldest PostgreSQL that is supported (DESIGN 3). */
const OLDEST_MAJOR = 15;

/**
 * Opens the installation's database: the embedded one in `DATA_DIR`, or that of `DATABASE_URL`.
 * @throws EmbeddedPostgresError, StartFault
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const { settings, ports } = options;
  const embedded =
    settings.DATABASE_URL === null
      ? await startEmbeddedPostgres({
          dataDir: settings.DATA_DIR,
          log: ports.log,
          release: options.version,
          maxConnections: settings.DATABASE_POOL + 20,
        })
      : null;
  const pool = openPool(embedded ? embedded.connection : { connectionString: settings.DATABASE_URL! }, {
    max: settings.DATABASE_POOL,
    onIdleError: (error) => ports.log.warn({ err: error.message }, 'an idle database connection was lost'),
  });
  const database = new PostgresDatabase({ ports, pool, onEvents: options.onEvents, faults: options.faults });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= database.close().finally(() => embedded?.stop());
    return closed;
  };
  try {
    const [row] = await database.query<{ version: number; name: string }>(
      `select current_setting('server_version_num')::int / 10000 as version, current_database() as name`,
    );
    if (row!.version < OLDEST_MAJOR)
      throw new StartFault(
        EXIT_CONFIG,
        `DATABASE_URL: PostgreSQL ${row!.version} is too old; accepted: ${OLDEST_MAJOR} or newer`,
      );
    return {
      database,
      embedded,
      place: embedded ? settings.DATA_DIR : `PostgreSQL ${row!.version}, database ${row!.name}`,
      close,
    };
  } catch (error) {
    await close();
    throw embedded === null ? unreachable(error) : error;
  }
}

/** What the server or the network said, without the address, which may hold a password. */
function unreachable(error: unknown): unknown {
  if (error instanceof StartFault) return error;
  const cause = error instanceof Unavailable ? error.cause : error;
  const code = (cause as { code?: string } | undefined)?.code;
  const reason = sqlState(cause) === undefined ? (code ?? 'no answer') : (cause as Error).message;
  const exitCode = sqlState(cause) === undefined || isConnectionLost(cause) ? EXIT_TRY_AGAIN : EXIT_CONFIG;
  return new StartFault(exitCode, `DATABASE_URL: the database cannot be used (${reason})`, { cause: error });
}
