import { constants, rmSync } from 'node:fs';
import { access, mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { chooseAccount } from './embedded/account.ts';
import { binariesOf, findBinaries, prepareBinaries } from './embedded/binaries.ts';
import { checkCluster, createCluster, DATABASE, recordRelease, USER, unusable } from './embedded/cluster.ts';
import { errorCode } from './embedded/errors.ts';
import { type FolderLock, lockFolder } from './embedded/folder-lock.ts';
import { kernelLock } from './embedded/kernel-lock.ts';
import type { PostmasterOptions } from './embedded/postmaster.ts';
import { isPostgresOn, readPostmasterFile } from './embedded/postmaster-file.ts';
import { createSocketFolder, removeSocketFolder, SOCKET_PORT } from './embedded/socket-folder.ts';
import { PostgresSupervisor } from './embedded/supervisor.ts';

export { EmbeddedPostgresError } from './embedded/errors.ts';

/** The part of a logger that the embedded server uses; pino fits. */
export interface EmbeddedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface EmbeddedOptions {
  /** `DATA_DIR`; the cluster lies in `db` inside it. Made when it does not exist. */
  dataDir: string;
  log: EmbeddedLog;
  /** Server-side limit of connections, 60 when not given; one of them is the owner's own. */
  maxConnections?: number;
  /** Version of the program, remembered in the data folder for the message of PF-50. */
  release?: string;
  /** The server is gone, with the reason; it is being restarted. */
  onDown?(reason: string): void;
  /** The server answers again. */
  onUp?(): void;
  /** Root folder of another package of binaries than the installed one (tests). */
  packageRoot?: string;
}

/** What a PostgreSQL client needs. */
export interface EmbeddedConnection {
  /** Folder of the Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
}

export interface EmbeddedPostgres {
  /** Stays the same when the server is restarted. */
  readonly connection: EmbeddedConnection;
  /** The server process of this moment. */
  readonly pid: number;
  /** Ends every session and the server, and gives the data folder free. May be called again. */
  stop(): Promise<void>;
  state(): 'up' | 'down' | 'stopping';
}

/**
 * Starts a private PostgreSQL on `dataDir/db` and keeps it running until `stop` (DESIGN 3.2). Makes the cluster on the first start. This
 * process owns the folder meanwhile; a PostgreSQL that a killed owner left over is stopped first.
 * @throws EmbeddedPostgresError when it cannot be started, with a message for the operator and an exit code.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const packaged = options.packageRoot === undefined ? await findBinaries() : await binariesOf(options.packageRoot);
  const dataDir = await openDataDir(options.dataDir);
  const folderLock = await lockFolder(dataDir);
  try {
    const clusterDir = join(dataDir, 'db');
    const exists = await checkCluster(clusterDir, packaged);
    const { runAs, binaries } = await chooseAccount({
      dataDir,
      clusterDir,
      binaries: await prepareBinaries(packaged, dataDir),
    });
    if (!exists) {
      options.log.info({ dataDir, version: binaries.version }, 'making the database');
      await createCluster(clusterDir, binaries, runAs);
    }
    if (options.release !== undefined) await recordRelease(dataDir, options.release);
    const socketDir = await createSocketFolder(runAs);
    const maxConnections = options.maxConnections ?? 60;
    const lock = await kernelLock(clusterDir);
    const server = new EmbeddedServer(
      { dataDir, clusterDir, socketDir, maxConnections, binaries, runAs, lock },
      options,
      folderLock,
    );
    await server.start();
    return server;
  } catch (error) {
    folderLock.release();
    throw error;
  }
}

/**
 * How to reach the embedded PostgreSQL that another process runs on `dataDir`, for the commands that work beside a running server
 * (DESIGN 3.2); undefined when none answers there.
 * @throws EmbeddedPostgresError `unusable-folder` when this user may not look.
 */
export async function findEmbeddedPostgres(dataDir: string): Promise<EmbeddedConnection | undefined> {
  const clusterDir = join(resolve(dataDir), 'db');
  const file = await readPostmasterFile(clusterDir).catch((error: unknown) => {
    throw unusable(error, clusterDir);
  });
  if (file === undefined || !file.ready || !(await isPostgresOn(clusterDir, file.pid))) return undefined;
  return connectionTo(file.socketDir, file.port);
}

class EmbeddedServer implements EmbeddedPostgres {
  readonly connection: EmbeddedConnection;
  readonly #supervisor: PostgresSupervisor;
  readonly #folderLock: FolderLock;
  #stopped: Promise<void> | undefined;

  constructor(postmaster: PostmasterOptions, options: EmbeddedOptions, folderLock: FolderLock) {
    this.connection = connectionTo(postmaster.socketDir, SOCKET_PORT);
    this.#supervisor = new PostgresSupervisor(postmaster, options);
    this.#folderLock = folderLock;
  }

  get pid(): number {
    return this.#supervisor.pid;
  }

  state(): 'up' | 'down' | 'stopping' {
    return this.#supervisor.state;
  }

  async start(): Promise<void> {
    process.once('exit', this.#onExit);
    try {
      await this.#supervisor.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    await this.#supervisor.stop();
    process.removeListener('exit', this.#onExit);
    await removeSocketFolder(this.connection.host);
    this.#folderLock.release();
  }

  /** An exit that did not wait for `stop` still tells the server to end, instead of leaving it to the next start. */
  readonly #onExit = () => {
    this.#supervisor.abandon();
    rmSync(this.connection.host, { recursive: true, force: true });
    this.#folderLock.release();
  };
}

function connectionTo(host: string, port: number): EmbeddedConnection {
  return { host, port, user: USER, database: DATABASE };
}

/** Makes the data folder if need be, private to its owner, and tells its one true path. */
async function openDataDir(path: string): Promise<string> {
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
    await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    throw unusable(error, resolve(path));
  }
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}
