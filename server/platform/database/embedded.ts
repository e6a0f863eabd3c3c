import { constants } from 'node:fs';
import { access, mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAccount, giveFolder } from './embedded/account.ts';
import { type Binaries, binariesOf, findBinaries, prepareBinaries } from './embedded/binaries.ts';
import { checkCluster, createCluster, DATABASE, recordRelease, USER, unusable } from './embedded/cluster.ts';
import { EmbeddedPostgresError } from './embedded/errors.ts';
import { type FolderLock, lockFolder } from './embedded/folder-lock.ts';
import { kernelLock } from './embedded/kernel-lock.ts';
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
  let socketDir: string | undefined;
  try {
    const clusterDir = join(dataDir, 'db');
    const exists = await checkCluster(clusterDir, packaged);
    const { runAs, binaries } = await chooseAccount({ dataDir, clusterDir, binaries: await prepareBinaries(packaged, dataDir) });
    if (!exists) {
      options.log.info({ dataDir, version: binaries.version }, 'making the database');
      await createCluster(clusterDir, binaries, runAs);
    }
    socketDir = await createSocketFolder(runAs);
    const lock = await kernelLock(clusterDir);
    const maxConnections = options.maxConnections ?? 60;
    const supervisor = new PostgresSupervisor({ dataDir, clusterDir, socketDir, maxConnections, binaries, runAs, lock }, options);
    await supervisor.start(() => giveFolder(clusterDir, runAs));
    if (options.release !== undefined) await recordRelease(dataDir, options.release);
    return new Running(supervisor, folderLock, socketDir);
  } catch (error) {
    if (socketDir !== undefined) await removeSocketFolder(socketDir);
    folderLock.release();
    throw error;
  }
}

/**
 * How to reach the embedded PostgreSQL that another process runs on `dataDir`, for the commands that work beside a running server
 * (DESIGN 3.2); undefined when none answers there.
 */
export async function findEmbeddedPostgres(dataDir: string): Promise<EmbeddedConnection | undefined> {
  const clusterDir = join(resolve(dataDir), 'db');
  const file = await readPostmasterFile(clusterDir);
  if (file === undefined || !file.ready || !(await isPostgresOn(clusterDir, file.pid))) return undefined;
  return connectionTo(file.socketDir, file.port);
}

class Running implements EmbeddedPostgres {
  readonly connection: EmbeddedConnection;
  readonly #supervisor: PostgresSupervisor;
  readonly #folderLock: FolderLock;
  readonly #onExit: () => void;
  #stopped: Promise<void> | undefined;

  constructor(supervisor: PostgresSupervisor, folderLock: FolderLock, socketDir: string) {
    this.connection = connectionTo(socketDir, SOCKET_PORT);
    this.#supervisor = supervisor;
    this.#folderLock = folderLock;
    // An exit that did not wait for stop() still asks the server to end, instead of leaving it to the next start.
    this.#onExit = () => supervisor.abandon();
    process.once('exit', this.#onExit);
  }

  get pid(): number {
    return this.#supervisor.pid;
  }

  state(): 'up' | 'down' | 'stopping' {
    return this.#supervisor.state;
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
}

function connectionTo(host: string, port: number): EmbeddedConnection {
  return { host, port, user: USER, database: DATABASE };
}

/** Makes the data folder if need be, private to its owner, and tells its one true path. */
async function openDataDir(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    throw unusable(error, resolve(path));
  }
}
