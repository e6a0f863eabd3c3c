import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, unlinkSync } from 'node:fs';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError, errorCode } from './errors.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** Who holds a lock: the process, and a random token so that two locks of one process differ. */
interface Holder extends ProcessIdentity {
  token: string;
}

export interface FolderLock {
  /** Gives the folder free, unless somebody took the lock away meanwhile. Synchronous: it also runs while the process exits. */
  release(): void;
}

const LOCK_FILE = 'greenroom.lock';
/** Only other starters change a lock between two looks, and each try lets one of them finish. */
const MAX_TRIES = 100;

/**
 * Makes this process the owner of `dataDir` until it releases the lock or ends. Of several starters at the same instant one wins; a lock
 * that outlived its owner is taken over.
 * @throws EmbeddedPostgresError `already-running`, naming the owner's pid.
 */
export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const path = join(dataDir, LOCK_FILE);
  const own: Holder = { ...(await ownIdentity()), token: randomUUID() };
  await claim(path, own, dataDir);
  return {
    release() {
      if (existsSync(path) && parseHolder(readFileSync(path, 'utf8'))?.token === own.token) unlinkSync(path);
    },
  };
}

/**
 * Creates the lock at `path` with its content in one step (`link`). The lock of a dead holder must not simply be removed: between looking
 * and removing, another starter may have put its own in place. So the right to succeed exactly that holder is a lock itself, named by
 * the holder's token; whoever has it is alone in replacing the dead lock.
 */
async function claim(path: string, own: Holder, dataDir: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    if (await createWhole(path, own)) return;
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (holder.token === own.token) return;
    if (await isRunning(holder)) throw alreadyRunning(dataDir, holder.pid);
    const succession = `${path}.${holder.token}`;
    await claim(succession, own, dataDir);
    const still = await readHolder(path);
    if (still?.token === holder.token) {
      await rename(succession, path);
      return;
    }
    await unlink(succession);
  }
  throw new EmbeddedPostgresError(
    'already-running',
    `Several processes are starting on the data folder ${dataDir} at once; try again.`,
  );
}

/** Refusal of a second process on the same folder, naming the first (platform 1.1). */
export function alreadyRunning(dataDir: string, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'already-running',
    `Another Greenroom (process ${pid}) is running on the data folder ${dataDir}. Stop it first, or give this one another DATA_DIR and PORT.`,
  );
}

async function createWhole(path: string, own: Holder): Promise<boolean> {
  const draft = `${path}.${own.token}.draft`;
  // Readable by all: a start as another user must be able to name the owner.
  await writeFile(draft, JSON.stringify(own), { mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    // A lock appears whole: one that cannot be read was torn by a power cut, and its holder (no process has pid 0) is gone.
    return parseHolder(await readFile(path, 'utf8')) ?? { pid: 0, startedAt: '', token: 'unreadable' };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  const match = /^\{"pid":(\d+),"startedAt":"([^"]*)","token":"([0-9a-f-]{36})"\}$/.exec(text);
  return match ? { pid: Number(match[1]), startedAt: match[2]!, token: match[3]! } : undefined;
}
