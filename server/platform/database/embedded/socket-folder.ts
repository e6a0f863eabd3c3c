import { chown, mkdtemp, rmdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { canReach, type RunAs } from './account.ts';
import { EmbeddedPostgresError, errorCode } from './errors.ts';

/** Only names the socket's file: there is no TCP port, and the folder is private. */
export const SOCKET_PORT = 5432;
const PREFIX = 'greenroom-';
/** What the kernel allows for the path of a Unix socket, less its closing zero; macOS has the least. */
const LONGEST_SOCKET_PATH_BYTES = 103;

/**
 * Makes a short private folder for the socket, since the data folder's path may be longer than a socket's may be (platform 1.1).
 * @throws EmbeddedPostgresError `unusable-folder`.
 */
export async function createSocketFolder(runAs: RunAs): Promise<string> {
  for (const base of temporaryFolders()) {
    const longest = Buffer.byteLength(join(base, `${PREFIX}XXXXXX`, socketFiles()[0]));
    if (longest > LONGEST_SOCKET_PATH_BYTES) continue;
    if (runAs.kind === 'account' && !(await canReach(join(base, PREFIX), runAs.account))) continue;
    try {
      const folder = await mkdtemp(join(base, PREFIX));
      if (runAs.kind === 'account') await chown(folder, runAs.account.uid, runAs.account.gid);
      return folder;
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EROFS', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
    }
  }
  throw new EmbeddedPostgresError(
    'unusable-folder',
    `The embedded PostgreSQL needs a temporary folder for its socket, writable and with a short path; none of ${temporaryFolders().join(', ')} is. Set TMPDIR.`,
  );
}

/** Removes what a dead PostgreSQL left in its socket folder, so that no file of it can be taken for a living one's. */
export async function emptySocketFolder(folder: string): Promise<void> {
  if (!isSocketFolder(folder)) return;
  for (const name of socketFiles()) await ignoreAbsence(unlink(join(folder, name)));
}

/** Removes a socket folder. Never more than an empty folder under a name that we give. */
export async function removeSocketFolder(folder: string): Promise<void> {
  if (!isSocketFolder(folder)) return;
  await emptySocketFolder(folder);
  await ignoreAbsence(rmdir(folder));
}

function isSocketFolder(folder: string): boolean {
  return temporaryFolders().includes(dirname(folder)) && /^greenroom-[A-Za-z0-9]{6}$/.test(basename(folder));
}

function temporaryFolders(): string[] {
  return [...new Set([tmpdir(), '/tmp'])];
}

function socketFiles(): [string, string] {
  return [`.s.PGSQL.${SOCKET_PORT}`, `.s.PGSQL.${SOCKET_PORT}.lock`];
}

async function ignoreAbsence(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}
