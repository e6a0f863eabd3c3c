import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { commandAs, giveFolder, type RunAs } from './account.ts';
import { type Binaries, unsupported } from './binaries.ts';
import { EmbeddedPostgresError, errorCode } from './errors.ts';

/** The one superuser, and the one database of the product. */
export const USER = 'greenroom';
export const DATABASE = 'greenroom';

/** Which Greenroom used the folder last; beside the cluster, whose folder may belong to another account. */
const RELEASE_FILE = 'greenroom.release';

/**
 * Makes sure that the cluster in `clusterDir`, if there is one, is of this PostgreSQL's major version (PF-50).
 * @returns whether there is a cluster.
 * @throws EmbeddedPostgresError `other-major`, naming the release that can still read the folder, or `unusable-folder`.
 */
export async function checkCluster(clusterDir: string, binaries: Binaries): Promise<boolean> {
  const version = await readIfThere(join(clusterDir, 'PG_VERSION'));
  if (version === undefined) {
    const entries = await readdir(clusterDir).catch((error: unknown) => emptyIfAbsent(error, clusterDir));
    if (entries.length === 0) return false;
    throw new EmbeddedPostgresError(
      'unusable-folder',
      `The folder ${clusterDir} holds files, but no PostgreSQL cluster. Move them away, or set another DATA_DIR.`,
    );
  }
  if (version === String(binaries.major)) return true;
  const release = await readIfThere(join(dirname(clusterDir), RELEASE_FILE));
  const writer = release === undefined ? 'the Greenroom that wrote it' : `Greenroom ${release}`;
  throw new EmbeddedPostgresError(
    'other-major',
    `The data in ${clusterDir} is of PostgreSQL ${version}, this Greenroom brings PostgreSQL ${binaries.major}. ` +
      `Run "greenroom backup FILE" with ${writer}, move the folder away, then run "greenroom restore FILE" with this one.`,
  );
}

/** Notes which Greenroom uses the cluster, for the message above in years to come. */
export async function recordRelease(dataDir: string, release: string): Promise<void> {
  const file = join(dataDir, RELEASE_FILE);
  if ((await readIfThere(file)) === release) return;
  await rm(file, { force: true }); // it may be another user's, of a start as root
  await writeFile(file, `${release}\n`, { mode: 0o644 });
}

/**
 * Makes an empty cluster: UTF-8, compared and sorted by the built-in C.UTF-8 so that no library of the machine changes an order, data
 * checksums on. It appears under its name only when it is whole and on disk.
 */
export async function createCluster(clusterDir: string, binaries: Binaries, runAs: RunAs): Promise<void> {
  const parent = dirname(clusterDir);
  for (const entry of await readdir(parent)) {
    if (entry.startsWith('db.draft-')) await rm(join(parent, entry), { recursive: true });
  }
  const draft = join(parent, `db.draft-${randomUUID()}`);
  await mkdir(draft, { mode: 0o700 });
  await giveFolder(draft, runAs);
  await initdb(draft, binaries, runAs);
  await rename(draft, clusterDir).catch((error: unknown) => {
    if (!['EBUSY', 'EXDEV', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
    throw new EmbeddedPostgresError(
      'unusable-folder',
      `The folder ${clusterDir} is a mount point or a link. Mount the volume at ${parent} instead, or make that the link.`,
    );
  });
  const folder = await open(parent, 'r');
  await folder.sync();
  await folder.close();
}

async function initdb(folder: string, binaries: Binaries, runAs: RunAs): Promise<void> {
  const { file, args, uid, gid } = commandAs(runAs, binaries.initdb, [
    `--pgdata=${folder}`,
    `--username=${USER}`,
    // The socket lies in a folder that only this user can enter; there is no TCP port.
    '--auth-local=trust',
    '--auth-host=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--text-search-config=simple',
    '--no-instructions',
  ]);
  try {
    await promisify(execFile)(file, args, { cwd: '/', env: postgresEnvironment(), uid, gid });
  } catch (error) {
    await rm(folder, { recursive: true });
    const said = (error as { stderr?: string }).stderr?.trim() ?? '';
    // The binaries themselves do not run: another C library (Alpine), another processor, a folder mounted noexec.
    if (said === '' || /error while loading shared libraries|GLIBC_|Exec format/.test(said))
      throw unsupported(`${said || (error as Error).message}.`, error);
    throw new EmbeddedPostgresError(
      'start-failed',
      `PostgreSQL could not make its data folder in ${dirname(folder)}: ${said}`,
      { cause: error },
    );
  }
}

/** What PostgreSQL sees of the environment: none of the variables by which a user of the machine configures PostgreSQL clients or servers. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw unusable(error, file);
  }
}

function emptyIfAbsent(error: unknown, folder: string): string[] {
  if (errorCode(error) === 'ENOENT') return [];
  throw unusable(error, folder);
}

/** A folder or file that the system does not let us use. */
export function unusable(error: unknown, path: string): EmbeddedPostgresError {
  const user = process.getuid?.() ?? 'unknown';
  return new EmbeddedPostgresError(
    'unusable-folder',
    `Greenroom (user id ${user}) cannot use ${path}: ${(error as Error).message}. Give it that folder (chown), or set another DATA_DIR.`,
    { cause: error },
  );
}
