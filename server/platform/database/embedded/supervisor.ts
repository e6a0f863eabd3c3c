import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedLog } from '../embedded.ts';
import { giveFolder } from './account.ts';
import { clearTheWay } from './orphan.ts';
import { type OwnerSession, openOwnerSession } from './owner-session.ts';
import { Postmaster, type PostmasterOptions } from './postmaster.ts';
import { ownIdentity } from './process-identity.ts';
import { SOCKET_PORT } from './socket-folder.ts';

/** A first start is tried again this often: processes of a server killed a moment ago may still be leaving. */
const FIRST_START_TRIES = 5;
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 30_000;
/** A server that ran this long has proven itself: the next failure is waited for from the shortest wait again. */
const PROVEN_AFTER_MS = 60_000;
const NOTICE_EVERY_MS = 10_000;

interface Listener {
  log: EmbeddedLog;
  onDown?(reason: string): void;
  onUp?(): void;
}

/** Keeps one PostgreSQL running: says when it dies, restarts it with growing waits, says when it answers again (platform 1.1). */
export class PostgresSupervisor {
  readonly #options: PostmasterOptions;
  readonly #listener: Listener;
  readonly #stopping = new AbortController();
  #postmaster: Postmaster | undefined;
  #session: OwnerSession | undefined;
  readonly #stopAsked: Promise<unknown>;
  #isUp = false;
  #waitMs = SHORTEST_WAIT_MS;
  #watch: Promise<void> = Promise.resolve();

  constructor(options: PostmasterOptions, listener: Listener) {
    this.#options = options;
    this.#listener = listener;
    this.#stopAsked = once(this.#stopping.signal, 'abort');
  }

  get state(): 'up' | 'down' | 'stopping' {
    if (this.#stopping.signal.aborted) return 'stopping';
    return this.#isUp ? 'up' : 'down';
  }

  get pid(): number {
    return this.#postmaster?.pid ?? 0;
  }

  /**
   * Starts the server and returns when it answers.
   * @throws EmbeddedPostgresError; no server is left running then.
   */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#bringUp();
        break;
      } catch (error) {
        const mayPass = this.#postmaster !== undefined && attempt < FIRST_START_TRIES;
        if (!mayPass) {
          await this.#postmaster?.stop();
          throw error;
        }
        await this.#wait();
      }
    }
    this.#isUp = true;
    this.#watch = this.#keepUp();
  }

  /** Fast shutdown of the server, with limits. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watch;
    await this.#postmaster?.stop();
  }

  /** Tells the server to stop without waiting for it; for a process that is exiting. */
  abandon(): void {
    this.#stopping.abort();
    this.#postmaster?.signal('SIGINT');
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      const upSince = performance.now();
      await Promise.race([this.#session!.ended, this.#stopAsked]);
      if (signal.aborted) return;
      this.#isUp = false;
      const reason = await this.#reasonOfEnd();
      this.#listener.log.error({ reason, pid: this.pid }, 'the database is down; restarting it');
      this.#listener.onDown?.(reason);
      if (performance.now() - upSince > PROVEN_AFTER_MS) this.#waitMs = SHORTEST_WAIT_MS;
      if (!(await this.#bringUpAgain())) return;
      this.#isUp = true;
      this.#listener.log.info({ pid: this.pid }, 'the database is up again');
      this.#listener.onUp?.();
    }
  }

  /** Tries for as long as nobody asks for a stop; whether it succeeded. */
  async #bringUpAgain(): Promise<boolean> {
    for (;;) {
      await this.#wait();
      if (this.#stopping.signal.aborted) return false;
      try {
        await this.#bringUp();
        return true;
      } catch (error) {
        if (this.#stopping.signal.aborted) return false;
        this.#listener.log.error(
          { reason: (error as Error).message, nextTryMs: this.#waitMs },
          'the database could not be restarted',
        );
      }
    }
  }

  /** Starts a server unless the one there is alive (then only its sessions were lost), and opens the owner's session. */
  async #bringUp(): Promise<void> {
    const { signal } = this.#stopping;
    if (!this.#postmaster?.isAlive) {
      const orphan = await clearTheWay(this.#options);
      if (orphan !== undefined)
        this.#listener.log.warn({ pid: orphan }, 'stopped a PostgreSQL that a killed process had left over');
      await giveFolder(this.#options.clusterDir, this.#options.runAs);
      signal.throwIfAborted();
      this.#postmaster = await Postmaster.start(this.#options);
    }
    const postmaster = this.#postmaster;
    const ended = new AbortController();
    void postmaster.exited().then((error) => ended.abort(error));
    const notice = setInterval(
      () => this.#listener.log.info({ pid: postmaster.pid }, 'waiting for the database, which recovers'),
      NOTICE_EVERY_MS,
    );
    try {
      const address = { host: this.#options.socketDir, port: SOCKET_PORT };
      this.#session = await openOwnerSession(address, await ownIdentity(), AbortSignal.any([signal, ended.signal]));
    } finally {
      clearInterval(notice);
    }
  }

  /** The session ends a moment before its dying server does: the server's own end says more. */
  async #reasonOfEnd(): Promise<string> {
    const lost = 'PostgreSQL has ended all sessions, as it does to recover from the crash of one.';
    const given = new AbortController();
    const noted = sleep(SHORTEST_WAIT_MS, lost, { signal: given.signal }).catch(() => lost);
    const reason = await Promise.race([this.#postmaster!.exited().then(({ message }) => message), noted]);
    given.abort();
    return reason;
  }

  /** Waits longer from time to time; cut short by a stop. */
  async #wait(): Promise<void> {
    await sleep(this.#waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}
