import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './errors.ts';
import { startOf } from './process-identity.ts';

/** What PostgreSQL writes about itself into its folder while it runs. */
export interface PostmasterFile {
  pid: number;
  port: number;
  socketDir: string;
  ready: boolean;
}

export function postmasterFilePath(clusterDir: string): string {
  return join(clusterDir, 'postmaster.pid');
}

/** Reads `postmaster.pid`; undefined when there is none. Lines: pid, folder, start, port, socket folder, address, shared memory, status. */
export async function readPostmasterFile(clusterDir: string): Promise<PostmasterFile | undefined> {
  try {
    const lines = (await readFile(postmasterFilePath(clusterDir), 'utf8')).split('\n');
    return {
      pid: Number(lines[0]) || 0,
      port: Number(lines[3]) || 0,
      socketDir: lines[4] ?? '',
      ready: lines[7]?.trim() === 'ready',
    };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Whether the process `pid` is a PostgreSQL that works on `clusterDir`, and not another one that got its number. When the system hides
 * where a PostgreSQL works, it counts as ours: nothing is taken from it.
 */
export async function isPostgresOn(clusterDir: string, pid: number): Promise<boolean> {
  if ((await startOf(pid)) === undefined) return false;
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }));
    return stdout.includes('postgres') && stdout.includes(clusterDir);
  }
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (name.trim() !== 'postgres') return false;
  try {
    // PostgreSQL works inside its folder. Compared by what the folders are, since a container may see it under another path.
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(clusterDir)]);
    return its.dev === ours.dev && its.ino === ours.ino;
  } catch (error) {
    return errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM';
  }
}
