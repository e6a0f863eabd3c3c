import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { pino } from 'pino';
import { asset } from '../../server/platform/config/asset.ts';
import { PostgresDatabase } from '../../server/platform/database/database.ts';
import { startEmbeddedPostgres } from '../../server/platform/database/embedded.ts';
import { migrate, readMigrations } from '../../server/platform/database/migrate.ts';
import { openPool } from '../../server/platform/database/pool.ts';
import { systemPorts } from '../../server/platform/system-ports.ts';

/** A fresh embedded PostgreSQL with the schema of the program, real fsync, for one benchmark. */
export async function openBenchInstallation(connections: number) {
  const dataDir = await mkdtemp(join(tmpdir(), 'greenroom-bench-'));
  const ports = systemPorts(pino({ level: 'warn' }));
  const embedded = await startEmbeddedPostgres({ dataDir, log: ports.log, maxConnections: connections + 20 });
  const pool: pg.Pool = openPool(embedded.connection, { max: connections, onIdleError: () => undefined });
  const database = new PostgresDatabase({ ports, pool });
  await migrate(
    database,
    readMigrations(asset('server/migrations'), ['platform', 'predictions']),
    pino({ level: 'silent' }),
    Date.now(),
  );
  const fsyncsPerSecond = await measureFsync(dataDir);
  return {
    ports,
    pool,
    database,
    dataDir,
    fsyncsPerSecond,
    async close() {
      await pool.end();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** How many 8 KiB writes with fsync the disk takes in a second: what every durable figure hangs on. */
async function measureFsync(folder: string): Promise<number> {
  const file = await open(join(folder, 'fsync-probe'), 'w');
  const page = Buffer.alloc(8192, 1);
  const endsAt = performance.now() + 500;
  let count = 0;
  while (performance.now() < endsAt) {
    await file.write(page, 0, page.length, (count % 64) * 8192);
    await file.datasync();
    count++;
  }
  await file.close();
  return Math.round(count / 0.5);
}
