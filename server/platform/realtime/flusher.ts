import type { Frame } from './types.ts';

/** What the flusher drives: an outlet with something to write, or one whose reader has fallen behind. */
export interface Flushable {
  flush(batches: Batches): void;
  /** Cuts the reader off if too much still waits; returns whether it must be looked at again. */
  checkOverrun(nowMs: number): boolean;
}

const SLICE_MS = 10;
const OVERRUN_CHECK_MS = 100;
const MAX_VARIANTS = 8;

/** Joins lists of frames; connections with the same list in one flush share one buffer (PF-25). */
export class Batches {
  readonly #byFirst = new Map<Frame, { frames: readonly Frame[]; bytes: Buffer }[]>();

  join(frames: readonly Frame[]): Buffer {
    const first = frames[0]!;
    if (frames.length === 1) return first;
    const variants = this.#byFirst.get(first) ?? [];
    if (variants.length === 0) this.#byFirst.set(first, variants);
    for (const variant of variants) if (isSameList(variant.frames, frames)) return variant.bytes;
    const bytes = Buffer.concat(frames as Frame[]);
    if (variants.length < MAX_VARIANTS) variants.push({ frames, bytes });
    return bytes;
  }

  clear(): void {
    this.#byFirst.clear();
  }
}

function isSameList(a: readonly Frame[], b: readonly Frame[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Decides when outlets write: at the end of the tick when idle, after at most `busyFlushMs` when flushing itself takes the time, so that more
 * frames share a write (PF-26). One for a process.
 */
export class Flusher {
  readonly #busyFlushMs: number;
  readonly #batches = new Batches();
  readonly #behind = new Set<Flushable>();
  #dirty: Flushable[] = [];
  #isScheduled = false;
  #lastEndMs = 0;
  #lastDurationMs = 0;
  #overrunTimer: NodeJS.Timeout | undefined;
  /** Counters for metrics (PF-52). */
  readonly stats = { flushes: 0, writes: 0, bytes: 0, overruns: 0 };

  constructor(options: { busyFlushMs: number }) {
    this.#busyFlushMs = options.busyFlushMs;
  }

  /** Has `outlet` flushed once, soon. The outlet asks only once per flush. */
  add(outlet: Flushable): void {
    this.#dirty.push(outlet);
    if (!this.#isScheduled) this.#schedule();
  }

  /** Looks after an outlet over its limit until it is below or cut. */
  watch(outlet: Flushable): void {
    this.#behind.add(outlet);
    this.#overrunTimer ??= setInterval(() => this.#checkOverruns(), OVERRUN_CHECK_MS).unref();
  }

  unwatch(outlet: Flushable): void {
    this.#behind.delete(outlet);
  }

  #schedule(): void {
    this.#isScheduled = true;
    // Waiting no longer than the last flush took keeps the cost of a wait below its gain.
    const gapMs = Math.min(this.#busyFlushMs, this.#lastDurationMs) - (performance.now() - this.#lastEndMs);
    if (gapMs < 1) setImmediate(() => this.#begin());
    else setTimeout(() => this.#begin(), gapMs);
  }

  #begin(): void {
    const outlets = this.#dirty;
    this.#dirty = [];
    this.#lastDurationMs = 0;
    this.#flushSlice(outlets, 0);
  }

  /**
   * Reading must go on between slices: a flush to 50,000 connections takes most of a second. What is sent meanwhile waits for the next flush, or
   * those written already would get their frames one by one.
   */
  #flushSlice(outlets: readonly Flushable[], from: number): void {
    const startMs = performance.now();
    let done = from;
    let elapsedMs = 0;
    while (done < outlets.length && elapsedMs < SLICE_MS) {
      const end = Math.min(outlets.length, done + 64);
      for (; done < end; done++) outlets[done]!.flush(this.#batches);
      elapsedMs = performance.now() - startMs;
    }
    this.#lastDurationMs += elapsedMs;
    if (done < outlets.length) {
      setImmediate(() => this.#flushSlice(outlets, done));
      return;
    }
    this.#batches.clear();
    this.stats.flushes++;
    this.#lastEndMs = performance.now();
    if (this.#dirty.length > 0) this.#schedule();
    else this.#isScheduled = false;
  }

  #checkOverruns(): void {
    const nowMs = performance.now();
    for (const outlet of this.#behind) if (!outlet.checkOverrun(nowMs)) this.#behind.delete(outlet);
    if (this.#behind.size > 0) return;
    clearInterval(this.#overrunTimer);
    this.#overrunTimer = undefined;
  }
}
