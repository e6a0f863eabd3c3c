import { fileURLToPath } from 'node:url';
import { createTestDatabase, type TestDatabase } from '../../server/platform/testing/database.ts';
import { People } from './people.ts';
import { type ServerOptions, startServer, type TestServer } from './server.ts';

const MIGRATIONS = fileURLToPath(new URL('../../server/migrations', import.meta.url));

export type Store = TestDatabase;

/** A database of a test file's own. */
export function createStore(): Promise<Store> {
  return createTestDatabase({ migrationsFolder: MIGRATIONS, owners: ['platform', 'predictions'] });
}

/** A server on a database of its own, with the people who use it. */
export interface Installation {
  store: Store;
  server: TestServer;
  people: People;
  /** Checks every message anybody got, then ends everything. */
  close(): Promise<void>;
}

export async function openInstallation(options: Omit<ServerOptions, 'databaseUrl'> = {}): Promise<Installation> {
  const store = await createStore();
  try {
    const server = await startServer({ ...options, databaseUrl: store.url });
    const people = new People(server, store.pool);
    return {
      ...{ store, server, people },
      async close() {
        try {
          await people.disperse();
          await server.stop();
        } finally {
          await store.drop();
        }
      },
    };
  } catch (error) {
    await store.drop();
    throw error;
  }
}
