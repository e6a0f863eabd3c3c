import { EXIT_CONFIG, StartFault } from '../config/start-fault.ts';
import { copyCluster } from './embedded/copy.ts';
import { type Migration, migrate, pendingMigrations } from './migrate.ts';
import { type OpenDatabase, type OpenOptions, openDatabase } from './open.ts';

export interface OpenCurrentOptions extends OpenOptions {
  migrations: readonly Migration[];
  /** The embedded database belongs to a server that runs: it is not ours to upgrade. */
  attached: boolean;
}

/**
 * Opens the database and brings its schema up to date. An embedded one that holds data is copied before it is upgraded (PF-50).
 * @throws as `openDatabase`, `migrate` and `copyCluster`; StartFault when a running server would have to be upgraded.
 */
export async function openCurrent(options: OpenCurrentOptions): Promise<OpenDatabase> {
  const { migrations, attached, settings, ports } = options;
  let opened = await openDatabase(options);
  try {
    const pending = await pendingMigrations(opened.database, migrations);
    if (attached && pending.length > 0) {
      throw new StartFault(
        EXIT_CONFIG,
        'the server that runs is older than this program: stop it, then start it with this one',
      );
    }
    if (opened.embedded !== null && pending.length > 0 && pending.length < migrations.length) {
      await opened.close();
      const copy = await copyCluster(settings.DATA_DIR, ports.clock.now());
      ports.log.info({ copy }, 'the database was copied before its upgrade; docs/decisions/0023 says how to go back');
      opened = await openDatabase(options);
    }
    await migrate(opened.database, migrations, ports.log, ports.clock.now());
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}
