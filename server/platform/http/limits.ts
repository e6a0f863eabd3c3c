import type { Redis } from 'ioredis';
import type { Clock, Logger } from '../ports.ts';

/** At most `max` in a window of `windowMs` for one key. */
export interface Limit {
  max: number;
  windowMs: number;
}

/** What a count came to. */
export interface Taken {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Time until the window ends. */
  resetMs: number;
}

/** Counts requests per key. */
export interface LimitStore {
  take(key: string, limit: Limit): Taken | Promise<Taken>;
}

/** A limit per address alone is this much wider than per account, since crowds share an address (platform 3). */
export const ADDRESS_FACTOR = 30;

/**
 * Defaults per account (addresses without an account: 30 times as wide). They stop floods, not people: a busy client makes a few requests a second.
 */
export const DEFAULT_LIMITS = {
  read: { max: 6000, windowMs: 60_000 },
  write: { max: 3000, windowMs: 60_000 },
  /** Ready answers (PF-07) count per address only: they cost no more than a refusal would. */
  hot: { max: 20_000, windowMs: 60_000 },
} as const satisfies Record<string, Limit>;

const MAX_KEYS = 100_000;

interface Window {
  count: number;
  endsAt: number;
}

/** Counts in this process. At most 100,000 keys: the oldest window makes room. */
export class MemoryLimits implements LimitStore {
  readonly #windows = new Map<string, Window>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(key: string, limit: Limit): Taken {
    const now = this.#clock.now();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      // Deleted first, so that the map stays in the order in which windows began.
      this.#windows.delete(key);
      if (this.#windows.size >= MAX_KEYS) this.#makeRoom(now);
      window = { count: 0, endsAt: now + limit.windowMs };
      this.#windows.set(key, window);
    }
    window.count++;
    return taken(window.count, limit, window.endsAt - now);
  }

  get size(): number {
    return this.#windows.size;
  }

  #makeRoom(now: number): void {
    let looked = 0;
    for (const [key, window] of this.#windows) {
      if (looked > 0 && window.endsAt > now) break;
      this.#windows.delete(key);
      if (++looked >= 1000) break;
    }
  }
}

function taken(count: number, limit: Limit, resetMs: number): Taken {
  return { allowed: count <= limit.max, limit: limit.max, remaining: Math.max(0, limit.max - count), resetMs };
}

/** Counts and starts the window in one step, so that a key without expiry can never be left behind. */
const TAKE_SCRIPT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('PTTL', KEYS[1]) }
`;

/** After a failure Redis is left alone for so long: requests must not wait for it one after the other. */
const REDIS_PAUSE_MS = 1_000;

/** Counts for all processes in Redis; while Redis is away each process counts for itself. */
export class RedisLimits implements LimitStore {
  readonly #redis: Redis;
  readonly #fallback: MemoryLimits;
  readonly #log: Logger;
  readonly #prefix: string;
  /** `performance.now()` until which Redis is not asked. */
  #pausedUntilMs = 0;

  constructor(options: { redis: Redis; clock: Clock; log: Logger; prefix?: string }) {
    this.#redis = options.redis;
    this.#fallback = new MemoryLimits(options.clock);
    this.#log = options.log;
    this.#prefix = options.prefix ?? 'greenroom:limit:';
  }

  async take(key: string, limit: Limit): Promise<Taken> {
    if (this.#redis.status !== 'ready' || performance.now() < this.#pausedUntilMs)
      return this.#fallback.take(key, limit);
    try {
      const answer: unknown = await this.#redis.eval(TAKE_SCRIPT, 1, this.#prefix + key, limit.windowMs);
      const [count, resetMs] = Array.isArray(answer) ? answer.map(Number) : [];
      if (count === undefined || resetMs === undefined) throw new Error('unexpected answer of the limit script');
      return taken(count, limit, Math.max(0, resetMs));
    } catch (error) {
      this.#pausedUntilMs = performance.now() + REDIS_PAUSE_MS;
      this.#log.warn({ err: error }, 'rate limits are counted per process: Redis did not answer');
      return this.#fallback.take(key, limit);
    }
  }
}

/** `limit` as it stands for a whole address. */
export function forAddress(limit: Limit): Limit {
  return { max: limit.max * ADDRESS_FACTOR, windowMs: limit.windowMs };
}

/** Adds the `RateLimit-*` headers of an answer (PF-09), name, value, ...; seconds are whole and rounded up. */
export function addLimitHeaders(headers: string[], taken: Taken): void {
  headers.push(
    'RateLimit-Limit',
    String(taken.limit),
    'RateLimit-Remaining',
    String(taken.remaining),
    'RateLimit-Reset',
    String(Math.ceil(taken.resetMs / 1000)),
  );
}
