import type { Clock } from '../ports.ts';
import type { SessionRecord } from './sessions.ts';

export interface SessionCacheOptions {
  clock: Clock;
  /** Bounds what a process believes whose event feed is behind. */
  freshMs?: number;
  maxEntries?: number;
}

interface Entry {
  record: SessionRecord;
  freshUntil: number;
}

/** Hot sessions of this process, so that a request costs no database call (PF-07). Correct by being told what to forget (`Access`). */
export class SessionCache {
  readonly #clock: Clock;
  readonly #freshMs: number;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry>();
  readonly #keysOfAccount = new Map<string, Set<string>>();
  readonly #loading = new Map<string, Promise<SessionRecord | null>>();
  /** Rises with every `forget`: a row read before one may be out of date and is not kept. */
  #generation = 0;

  constructor(options: SessionCacheOptions) {
    this.#clock = options.clock;
    this.#freshMs = options.freshMs ?? 10_000;
    this.#maxEntries = options.maxEntries ?? 10_000;
  }

  /** The live session under `key`; `load` is called at most once at a time per key. */
  async get(key: string, load: () => Promise<SessionRecord | null>): Promise<SessionRecord | null> {
    const now = this.#clock.now();
    const entry = this.#entries.get(key);
    if (entry && entry.freshUntil > now) return entry.record.expiresAt > now ? entry.record : null;
    let loading = this.#loading.get(key);
    if (!loading) {
      loading = this.#load(key, load);
      this.#loading.set(key, loading);
    }
    return await loading;
  }

  forget(accountId: string): void {
    this.#generation++;
    // A load under way may have read the row before the change: later callers must not join it.
    this.#loading.clear();
    for (const key of this.#keysOfAccount.get(accountId) ?? []) this.#entries.delete(key);
    this.#keysOfAccount.delete(accountId);
  }

  get size(): number {
    return this.#entries.size;
  }

  async #load(key: string, load: () => Promise<SessionRecord | null>): Promise<SessionRecord | null> {
    const generation = this.#generation;
    try {
      const record = await load();
      if (!record) this.#drop(key);
      else if (generation === this.#generation) this.#keep(key, record);
      return record;
    } finally {
      if (generation === this.#generation) this.#loading.delete(key);
    }
  }

  #keep(key: string, record: SessionRecord): void {
    this.#drop(key);
    const oldest = this.#entries.size >= this.#maxEntries ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#drop(oldest);
    this.#entries.set(key, { record, freshUntil: this.#clock.now() + this.#freshMs });
    const keys = this.#keysOfAccount.get(record.accountId) ?? new Set();
    this.#keysOfAccount.set(record.accountId, keys.add(key));
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    const keys = this.#keysOfAccount.get(entry.record.accountId);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOfAccount.delete(entry.record.accountId);
  }
}
