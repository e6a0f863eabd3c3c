import type { DatabaseFaults } from '../../../platform/database/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import type { SeededRandom } from '../../../platform/testing/random.ts';

/** How often each fault meets a commit. */
export interface FaultRates {
  /** The connection is lost before COMMIT: nothing is written. */
  lostBefore: number;
  /** The database goes away before COMMIT, and the caller is told so. */
  away: number;
  /** The connection is lost after COMMIT: everything is written and nobody was told. */
  lostAfter: number;
  /** COMMIT takes its time. */
  delay: number;
}

export const NO_FAULTS: FaultRates = { lostBefore: 0, away: 0, lostAfter: 0, delay: 0 };

const LONGEST_DELAY_MS = 8;

/** Faults inside the database port, drawn from a seed. */
export class SeededFaults implements DatabaseFaults {
  rates: FaultRates = NO_FAULTS;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async beforeCommit(): Promise<void> {
    if (this.#random.fraction() < this.rates.delay) await pause(this.#random.below(LONGEST_DELAY_MS));
    const drawn = this.#random.fraction();
    if (drawn < this.rates.lostBefore) throw lostConnection();
    if (drawn < this.rates.lostBefore + this.rates.away) throw new Unavailable('injected', 'The database is away.');
  }

  async afterCommit(): Promise<void> {
    if (this.#random.fraction() < this.rates.lostAfter) throw lostConnection();
    if (this.#random.fraction() < this.rates.delay) await pause(this.#random.below(LONGEST_DELAY_MS));
  }
}

function lostConnection(): Error {
  return Object.assign(new Error('the connection is lost (injected)'), { code: 'ECONNRESET' });
}

/** The fault itself: a slow disk is slow in real time. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
