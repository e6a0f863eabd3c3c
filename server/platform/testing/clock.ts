import type { Clock } from '../ports.ts';

/** A clock that moves only when the test says so (PF-33). Waiters are called in order of their time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #waiting: { atMs: number; fn: () => void }[] = [];

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  at(atMs: number, fn: () => void): () => void {
    const waiter = { atMs, fn };
    if (atMs <= this.#nowMs) {
      const immediate = setImmediate(fn);
      return () => clearImmediate(immediate);
    }
    this.#waiting.push(waiter);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
    };
  }

  set(nowMs: number): void {
    if (nowMs < this.#nowMs) throw new Error('the clock never goes back');
    this.#nowMs = nowMs;
    const due = this.#waiting.filter((waiter) => waiter.atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
    this.#waiting = this.#waiting.filter((waiter) => waiter.atMs > nowMs);
    for (const waiter of due) waiter.fn();
  }

  advance(ms: number): void {
    this.set(this.#nowMs + ms);
  }
}
