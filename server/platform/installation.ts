import type { Database } from './database/types.ts';
import type { Ports } from './ports.ts';

/** Identity of an installation's data. A restore makes a new epoch, so that positions from before are not taken for positions now (PF-23). */
export async function readInstallation(
  database: Database,
  ports: Pick<Ports, 'clock' | 'ids'>,
): Promise<{ epoch: string; createdAt: number; isNew: boolean }> {
  const inserted = await database.query(
    'insert into installation (epoch, created_at) values ($1, $2) on conflict do nothing returning 1 as one',
    [ports.ids.uuid(), ports.clock.now()],
  );
  const [row] = await database.query<{ epoch: string; created_at: bigint }>(
    'select epoch, created_at from installation',
  );
  return { epoch: row!.epoch, createdAt: Number(row!.created_at), isNew: inserted.length > 0 };
}
