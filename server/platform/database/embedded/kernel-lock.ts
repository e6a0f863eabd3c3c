import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './errors.ts';

/** What `flock` exits with when another process holds the lock; PostgreSQL itself never does. */
export const HELD_EXIT_CODE = 75;

/**
 * A lock of the kernel on the cluster's folder, held by PostgreSQL and every process of it, free the instant the last one ends. Process ids
 * say nothing across containers that share a volume; this lock does. It is a second guard, used where util-linux is installed.
 */
export interface KernelLock {
  /** The command that takes the lock, then becomes `file` with `args`. Exits with `HELD_EXIT_CODE` when it cannot. */
  wrap(file: string, args: string[]): { file: string; args: string[] };
  isHeld(): Promise<boolean>;
}

export async function kernelLock(folder: string): Promise<KernelLock> {
  // `--no-fork` came with util-linux 2.29; BusyBox has a `flock` without it; some shared folders have no locks at all.
  const options = ['--no-fork', '--nonblock', '--conflict-exit-code', String(HELD_EXIT_CODE), folder];
  const attempt = () =>
    promisify(execFile)('flock', [...options, 'true']).then(
      () => 'free' as const,
      (error: { code?: unknown }) => (error.code === HELD_EXIT_CODE ? 'held' : 'unavailable'),
    );
  if ((await attempt()) === 'unavailable') return { wrap: (file, args) => ({ file, args }), isHeld: async () => false };
  return {
    wrap: (file, args) => ({ file: 'flock', args: [...options, file, ...args] }),
    isHeld: async () => (await attempt()) === 'held',
  };
}

export function heldElsewhere(clusterDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'already-running',
    `A process that is not ours, perhaps in another container, runs PostgreSQL on ${clusterDir}. Stop it first.`,
  );
}
