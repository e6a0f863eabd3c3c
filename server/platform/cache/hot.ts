import { createHash } from 'node:crypto';
import type { Clock } from '../ports.ts';

/** Bytes that an entry costs besides its body: key, headers, bookkeeping. */
const ENTRY_OVERHEAD_BYTES = 600;
/** One body may take this share of the cache, else it would push out everything else. */
const LARGEST_SHARE = 8;

/** An answer that only needs to be written (PF-07). */
export interface ReadyAnswer {
  readonly body: Buffer;
  /** The same bytes as a string of one character a byte: Node writes head and body as one piece then. Null for large bodies. */
  readonly text: string | null;
  /** Strong unless the route has set a weak one (restaurants section 5). */
  readonly etag: string;
  /** Name, value, name, value: as they are written, without the headers that every answer gets. */
  readonly headers: readonly string[];
  /** Route template, for metrics. */
  readonly route: string;
}

/** Above this a body is written as it is, since a string would be copied. */
const LARGEST_TEXT_BYTES = 64 * 1024;

/** An answer of these bytes; `headers` are name, value, name, value. */
export function readyAnswer(answer: Pick<ReadyAnswer, 'body' | 'etag' | 'headers' | 'route'>): ReadyAnswer {
  const { body, headers } = answer;
  return {
    ...answer,
    headers: [...headers, 'Content-Length', String(body.length)],
    text: body.length <= LARGEST_TEXT_BYTES ? body.toString('latin1') : null,
  };
}

/** A fill that runs. The first of `finish` and `abandon` ends it. */
export interface Refill {
  kind: 'fill';
  /** Keeps the answer, unless one of its tags was invalidated since the fill began. */
  finish(answer: ReadyAnswer, maxAgeMs: number): void;
  /** No answer worth keeping came of it. */
  abandon(): void;
}

/** Somebody else fills already. */
export interface RefillWait {
  kind: 'wait';
  /** The answer, or null when the fill brought none: then ask yourself. */
  answer: Promise<ReadyAnswer | null>;
}

export interface HotCacheStats {
  hits: number;
  misses: number;
  invalidated: number;
  evicted: number;
  entries: number;
  bytes: number;
}

interface Entry {
  readonly key: string;
  readonly answer: ReadyAnswer;
  readonly tags: readonly string[];
  readonly bytes: number;
  readonly filledAt: number;
  expiresAt: number;
  /** False once a tag was invalidated: the bytes are then only good while the database is away. */
  fresh: boolean;
  /** Second chance: set by a hit, cleared when the entry would be evicted. */
  used: boolean;
}

interface Flight {
  readonly tags: readonly string[];
  readonly answer: Promise<ReadyAnswer | null>;
  stale: boolean;
}

/**
 * Ready answers in memory by URL (PF-07): bounded by bytes, least used out first, dropped by tag when an event changes what they show. A fill
 * that an invalidation overtakes is given to those who asked before, and not kept.
 */
export class HotCache {
  readonly #entries = new Map<string, Entry>();
  readonly #byTag = new Map<string, Set<Entry>>();
  readonly #flights = new Map<string, Flight>();
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly stats: HotCacheStats = { hits: 0, misses: 0, invalidated: 0, evicted: 0, entries: 0, bytes: 0 };

  constructor(options: { maxBytes: number; clock: Clock }) {
    this.#maxBytes = options.maxBytes;
    this.#clock = options.clock;
  }

  /** The answer for a URL while it is fresh. */
  get(key: string): ReadyAnswer | undefined {
    const entry = this.#entries.get(key);
    if (!entry?.fresh || entry.expiresAt <= this.#clock.now()) return undefined;
    entry.used = true;
    this.stats.hits++;
    return entry.answer;
  }

  /** The last known answer and its age, fresh or not: for the time that the database is away (DESIGN 3.2). */
  last(key: string): { answer: ReadyAnswer; ageMs: number } | undefined {
    const entry = this.#entries.get(key);
    return entry && { answer: entry.answer, ageMs: this.#clock.now() - entry.filledAt };
  }

  /** Begins to fill `key`, or joins the fill that runs (single flight). */
  begin(key: string, tags: readonly string[]): Refill | RefillWait {
    this.stats.misses++;
    const running = this.#flights.get(key);
    if (running) return { kind: 'wait', answer: running.answer };
    const { promise, resolve } = Promise.withResolvers<ReadyAnswer | null>();
    const flight: Flight = { tags, answer: promise, stale: false };
    this.#flights.set(key, flight);
    let landed = false;
    const land = (answer: ReadyAnswer | null, maxAgeMs: number) => {
      // Only the first counts: after it the flight is no longer in `#flights`, where an invalidation would find it.
      if (landed) return;
      landed = true;
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      if (answer && !flight.stale) this.#put(key, answer, tags, maxAgeMs);
      resolve(answer);
    };
    return {
      kind: 'fill',
      finish: (answer, maxAgeMs) => land(answer, maxAgeMs),
      abandon: () => land(null, 0),
    };
  }

  /** What these tags name has changed: no later request gets the old bytes, nor those of a fill that began before. */
  invalidate(tags: readonly string[]): void {
    for (const tag of tags) {
      for (const entry of this.#byTag.get(tag) ?? []) this.#expire(entry);
    }
    for (const [key, flight] of this.#flights) {
      if (flight.tags.some((tag) => tags.includes(tag))) this.#overtake(key, flight);
    }
  }

  /** The same for everything, for example after a restore or from the admin panel. */
  invalidateAll(): void {
    for (const entry of this.#entries.values()) this.#expire(entry);
    for (const [key, flight] of this.#flights) this.#overtake(key, flight);
  }

  #expire(entry: Entry): void {
    if (!entry.fresh) return;
    entry.fresh = false;
    entry.used = false;
    this.stats.invalidated++;
  }

  #overtake(key: string, flight: Flight): void {
    flight.stale = true;
    this.#flights.delete(key);
  }

  #put(key: string, answer: ReadyAnswer, tags: readonly string[], maxAgeMs: number): void {
    const bytes = answer.body.length + (answer.text?.length ?? 0) + key.length * 2 + ENTRY_OVERHEAD_BYTES;
    const before = this.#entries.get(key);
    if (before) this.#remove(before);
    if (bytes * LARGEST_SHARE > this.#maxBytes) return;
    const now = this.#clock.now();
    const entry: Entry = {
      key,
      answer,
      tags,
      bytes,
      filledAt: now,
      expiresAt: now + maxAgeMs,
      fresh: true,
      used: false,
    };
    this.#entries.set(key, entry);
    for (const tag of tags) {
      const tagged = this.#byTag.get(tag) ?? new Set();
      tagged.add(entry);
      this.#byTag.set(tag, tagged);
    }
    this.stats.entries++;
    this.stats.bytes += bytes;
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const entry of this.#entries.values()) {
      if (this.stats.bytes <= this.#maxBytes) return;
      if (entry.used) {
        entry.used = false;
        this.#entries.delete(entry.key);
        this.#entries.set(entry.key, entry);
      } else {
        this.#remove(entry);
        this.stats.evicted++;
      }
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
    this.stats.entries--;
    this.stats.bytes -= entry.bytes;
  }
}

/** A strong validator of these bytes. */
export function strongEtag(body: Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/** Whether `If-None-Match` names the tag; comparison is weak, as RFC 9110 asks for GET and HEAD. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch === '*') return true;
  const opaque = etag.startsWith('W/') ? etag.slice(2) : etag;
  return ifNoneMatch.split(',').some((candidate) => {
    const trimmed = candidate.trim();
    return (trimmed.startsWith('W/') ? trimmed.slice(2) : trimmed) === opaque;
  });
}
