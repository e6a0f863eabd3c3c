import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, type FileHandle, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandAs, type RunAs } from './account.ts';
import { type Binaries, unsupported } from './binaries.ts';
import { postgresEnvironment } from './cluster.ts';
import { EmbeddedPostgresError, errorCode } from './errors.ts';
import { HELD_EXIT_CODE, heldElsewhere, type KernelLock } from './kernel-lock.ts';
import { settingsArguments } from './settings.ts';

/** Fast shutdown ends every session and writes one checkpoint of at most `shared_buffers`. */
export const FAST_SHUTDOWN_LIMIT_MS = 8_000;
/** Immediate shutdown only kills: the next start recovers from the log. */
export const IMMEDIATE_SHUTDOWN_LIMIT_MS = 5_000;
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;
const LOG_TAIL_BYTES = 2_000;

export interface PostmasterOptions {
  dataDir: string;
  clusterDir: string;
  socketDir: string;
  maxConnections: number;
  binaries: Binaries;
  runAs: RunAs;
  lock: KernelLock;
}

/** One PostgreSQL server process that this process started. */
export class Postmaster {
  readonly #child: ChildProcess;
  readonly #clusterDir: string;
  readonly #logFile: string;
  readonly #logStart: number;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, clusterDir: string, logFile: string, logStart: number) {
    this.#child = child;
    this.#clusterDir = clusterDir;
    this.#logFile = logFile;
    this.#logStart = logStart;
    this.#exited = once(child, 'exit');
  }

  /** Starts PostgreSQL, detached: a Ctrl-C in the terminal must not end it before the requests in flight are answered. */
  static async start(options: PostmasterOptions): Promise<Postmaster> {
    const logFile = join(options.dataDir, 'postgres.log');
    const log = await openLog(logFile);
    try {
      const logStart = (await log.stat()).size;
      const server = ['-D', options.clusterDir, ...settingsArguments(options)];
      const locked = options.lock.wrap(options.binaries.postgres, server);
      const { file, args, uid, gid } = commandAs(options.runAs, locked.file, locked.args);
      const child = spawn(file, args, {
        cwd: '/',
        env: postgresEnvironment(),
        uid,
        gid,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn').catch((error: Error) => {
        throw unsupported(`${error.message}.`, error);
      });
      child.unref();
      return new Postmaster(child, options.clusterDir, logFile, logStart);
    } finally {
      await log.close();
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process has ended, with what there is to say about it. */
  async exited(): Promise<EmbeddedPostgresError> {
    if (this.isAlive) await this.#exited;
    if (this.#child.exitCode === HELD_EXIT_CODE) return heldElsewhere(this.#clusterDir);
    const how = this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
    return new EmbeddedPostgresError(
      'start-failed',
      `PostgreSQL ended (${how}). ${await this.#lastWords()}See ${this.#logFile}.`,
    );
  }

  /** Sends a signal without waiting; for a process that is exiting itself. */
  signal(signal: 'SIGINT' | 'SIGQUIT'): void {
    if (this.isAlive) this.#child.kill(signal);
  }

  /** Fast shutdown, then, past the limit, immediate shutdown. Nothing committed is lost by either. */
  async stop(): Promise<void> {
    this.signal('SIGINT');
    if (await this.#endsWithin(FAST_SHUTDOWN_LIMIT_MS)) return;
    this.signal('SIGQUIT');
    await this.#endsWithin(IMMEDIATE_SHUTDOWN_LIMIT_MS);
  }

  async #endsWithin(limitMs: number): Promise<boolean> {
    if (!this.isAlive) return true;
    const given = new AbortController();
    await Promise.race([this.#exited, sleep(limitMs, undefined, { signal: given.signal }).catch(() => undefined)]);
    given.abort();
    return !this.isAlive;
  }

  /** The severe lines that this server wrote, for the operator. */
  async #lastWords(): Promise<string> {
    const log = await open(this.#logFile, 'r');
    try {
      const { size } = await log.stat();
      const from = Math.max(this.#logStart, size - LOG_TAIL_BYTES);
      const { buffer, bytesRead } = await log.read(Buffer.alloc(LOG_TAIL_BYTES), 0, LOG_TAIL_BYTES, from);
      const severe = buffer
        .toString('utf8', 0, bytesRead)
        .split('\n')
        .filter((line) => /FATAL|PANIC|error|cannot|failed/i.test(line));
      return severe.length === 0 ? '' : `It said: ${severe.join(' / ')}. `;
    } finally {
      await log.close();
    }
  }
}

/** Opens the log to append to it; one that is full, or another user's from a start as root, is moved away. */
async function openLog(file: string): Promise<FileHandle> {
  const usable = await Promise.all([stat(file), access(file, constants.W_OK)]).then(
    ([{ size }]) => size <= LOG_LIMIT_BYTES,
    (error: unknown) => errorCode(error) === 'ENOENT',
  );
  if (!usable) await rename(file, `${file}.1`);
  return open(file, 'a', 0o600);
}
