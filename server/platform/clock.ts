import type { Queryable } from './database/types.ts';
import type { Clock } from './ports.ts';

const LONGEST_SLEEP_MS = 60_000;
const SAMPLE_EVERY_MS = 30_000;

/** The machine's clock corrected by the database's, so that all processes of an installation agree (DESIGN M12). */
export class InstallationClock implements Clock {
  #offsetMs = 0;
  #last = 0;
  #sampler: NodeJS.Timeout | undefined;

  now(): number {
    this.#last = Math.max(this.#last, Date.now() + this.#offsetMs);
    return this.#last;
  }

  at(atMs: number, fn: () => void): () => void {
    return sleepUntil(this, atMs, fn);
  }

  /** How far the machine's clock is from the database's; `doctor` warns above 100. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Takes the offset now, then every 30 s. Failing samples keep the last offset. */
  async follow(database: Queryable): Promise<void> {
    await this.#sample(database);
    this.#sampler = setInterval(() => void this.#sample(database).catch(() => undefined), SAMPLE_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#sampler);
  }

  async #sample(database: Queryable): Promise<void> {
    const before = Date.now();
    const [row] = await database.query<{ ms: number }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    const after = Date.now();
    // Half of a round trip is the sample's uncertainty: an offset below it is no offset.
    const offsetMs = Math.round(row!.ms - (before + after) / 2);
    this.#offsetMs = Math.abs(offsetMs) <= (after - before) / 2 + 1 ? 0 : offsetMs;
  }
}

function sleepUntil(clock: Clock, atMs: number, fn: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const leftMs = atMs - clock.now();
    if (leftMs <= 0) fn();
    else timer = setTimeout(look, Math.min(leftMs, LONGEST_SLEEP_MS)).unref();
  };
  timer = setTimeout(look, Math.max(0, Math.min(atMs - clock.now(), LONGEST_SLEEP_MS))).unref();
  return () => clearTimeout(timer);
}
