import type { PlatformSettings } from '../config/platform-settings.ts';
import type { AppendedEvents } from '../events/append.ts';
import type { Ports } from '../ports.ts';
import { PostgresDatabase } from './database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';
import { openPool } from './pool.ts';
import type { DatabaseFaults } from './types.ts';

export interface OpenDatabase {
  database: PostgresDatabase;
  /** Null when the operator brought his own (`DATABASE_URL`). */
  embedded: EmbeddedPostgres | null;
  /** For people: where the data are, without secrets. */
  place: string;
  close(): Promise<void>;
}

/** The oldest PostgreSQL that is supported (DESIGN 3). */
const OLDEST_MAJOR = 15;

/**
 * Opens the installation's database: the embedded one in `DATA_DIR`, or that of `DATABASE_URL`.
 * @throws EmbeddedPostgresError, Unavailable, Error for a server that is too old
 */
export async function openDatabase(options: {
  settings: Pick<PlatformSettings, 'DATABASE_URL' | 'DATABASE_POOL' | 'DATA_DIR'>;
  ports: Pick<Ports, 'clock' | 'ids' | 'log' | 'random'>;
  version: string;
  onEvents(events: AppendedEvents): void;
  faults?: DatabaseFaults;
}): Promise<OpenDatabase> {
  const { settings, ports } = options;
  const embedded =
    settings.DATABASE_URL === null
      ? await startEmbeddedPostgres({
          dataDir: settings.DATA_DIR,
          log: ports.log,
          release: options.version,
          maxConnections: settings.DATABASE_POOL + 20,
          onDown: (reason) => ports.log.error({ reason }, 'the database is down; it is being restarted'),
          onUp: () => ports.log.info('the database is up again'),
        })
      : null;
  const pool = openPool(embedded ? embedded.connection : { connectionString: settings.DATABASE_URL! }, {
    max: settings.DATABASE_POOL,
    onIdleError: (error) => ports.log.warn({ err: error.message }, 'an idle database connection was lost'),
  });
  const database = new PostgresDatabase({ ports, pool, onEvents: options.onEvents, faults: options.faults });
  const close = async () => {
    await database.close();
    await embedded?.stop();
  };
  try {
    const [row] = await database.query<{ version: number; name: string }>(
      `select current_setting('server_version_num')::int / 10000 as version, current_database() as name`,
    );
    if (row!.version < OLDEST_MAJOR) throw new Error(`PostgreSQL ${row!.version} is too old: ${OLDEST_MAJOR} or newer is needed`);
    return { database, embedded, place: embedded ? settings.DATA_DIR : `PostgreSQL ${row!.version}, database ${row!.name}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}
