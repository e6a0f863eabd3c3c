import { constants } from 'node:fs';
import { cp, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CONFIG, StartFault } from '../../config/start-fault.ts';
import { errorCode } from './errors.ts';
import { lockFolder } from './folder-lock.ts';

/** Beside the cluster in the data folder. */
const FOLDER = 'before-upgrade';
const COPIES_KEPT = 2;

/**
 * Copies the cluster of a data folder on which nothing runs, as it lies, to `before-upgrade/<time>` (PF-50). Where the file system can, the copy
 * shares its blocks with the original. The newest two copies are kept.
 * @returns the copy's folder.
 * @throws StartFault when there is no room or right to write; EmbeddedPostgresError `already-running`.
 */
export async function copyCluster(dataDir: string, nowMs: number): Promise<string> {
  const lock = await lockFolder(await realpath(dataDir));
  const parent = join(dataDir, FOLDER);
  const copy = join(parent, new Date(nowMs).toISOString().replaceAll(':', '-'));
  const draft = `${copy}.draft`;
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await cp(join(dataDir, 'db'), draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    await rename(draft, copy);
    await dropOlder(parent);
    return copy;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    const reason = errorCode(error) === 'ENOSPC' ? 'no room is left' : (error as Error).message;
    throw new StartFault(
      EXIT_CONFIG,
      `DATA_DIR: the database could not be copied to ${parent} before its upgrade (${reason}). Nothing was changed.`,
      { cause: error },
    );
  } finally {
    lock.release();
  }
}

async function dropOlder(parent: string): Promise<void> {
  const entries = (await readdir(parent)).sort().reverse();
  for (const entry of entries.slice(COPIES_KEPT)) await rm(join(parent, entry), { recursive: true });
}
