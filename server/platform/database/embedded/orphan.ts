import { unlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, errorCode } from './errors.ts';
import { alreadyRunning } from './folder-lock.ts';
import { heldElsewhere, type KernelLock } from './kernel-lock.ts';
import { findOwner } from './owner-session.ts';
import { FAST_SHUTDOWN_LIMIT_MS, IMMEDIATE_SHUTDOWN_LIMIT_MS } from './postmaster.ts';
import { isPostgresOn, postmasterFilePath, readPostmasterFile } from './postmaster-file.ts';
import { isRunning, type ProcessIdentity, startOf } from './process-identity.ts';
import { emptySocketFolder, removeSocketFolder } from './socket-folder.ts';

const LOOK_AGAIN_MS = 20;

/**
 * Makes the cluster's folder free for a new server (platform 1.1). A PostgreSQL left over by a killed owner is stopped; one whose owner
 * lives is left alone. A stale `postmaster.pid` is PostgreSQL's own to clear, except when its pid now belongs to another program.
 * @param socketDir the folder that the new server will use; others that a dead one has used are removed.
 * @returns the pid of the left-over server that was stopped, if there was one.
 * @throws EmbeddedPostgresError `already-running`, or `start-failed` when the left-over server cannot be stopped.
 */
export async function clearTheWay(options: {
  dataDir: string;
  clusterDir: string;
  socketDir: string;
  lock: KernelLock;
}): Promise<number | undefined> {
  const { clusterDir } = options;
  const file = await readPostmasterFile(clusterDir);
  if (file === undefined) return undefined;
  const pid = (await isPostgresOn(clusterDir, file.pid)) ? file.pid : undefined;
  if (pid !== undefined) {
    const owner = await findOwner({ host: file.socketDir, port: file.port });
    if (owner && owner.pid !== process.pid) throw alreadyRunning(options.dataDir, owner.pid);
    await stopOrphan(clusterDir, pid);
  } else if ((await startOf(file.pid)) !== undefined) {
    if (await options.lock.isHeld()) throw heldElsewhere(clusterDir);
    await unlink(postmasterFilePath(clusterDir));
  }
  await (file.socketDir === options.socketDir ? emptySocketFolder(file.socketDir) : removeSocketFolder(file.socketDir));
  return pid;
}

async function stopOrphan(clusterDir: string, pid: number): Promise<void> {
  const orphan: ProcessIdentity = { pid, startedAt: (await startOf(pid)) ?? '' };
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_LIMIT_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_LIMIT_MS],
  ] as const;
  for (const [signal, limitMs] of steps) {
    if (!sendSignal(pid, signal)) break;
    if (await endsWithin(orphan, limitMs)) return;
  }
  if (!(await isRunning(orphan))) return;
  throw new EmbeddedPostgresError(
    'start-failed',
    `A PostgreSQL left over on ${clusterDir} (process ${pid}) cannot be stopped by this user. End it, then start again.`,
  );
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) === 'EPERM' || errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}

async function endsWithin(orphan: ProcessIdentity, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  while (await isRunning(orphan)) {
    if (performance.now() > untilMs) return false;
    await sleep(LOOK_AGAIN_MS);
  }
  return true;
}
