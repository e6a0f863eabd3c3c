import type { Logger } from 'pino';

export type { Logger } from 'pino';

/** Time of the installation (DESIGN M12), in epoch milliseconds, never going backwards within a process. Tests own it (PF-33). */
export interface Clock {
  now(): number;
  /**
   * Calls `fn` once when the clock has reached `atMs` (at once when it already has), and never sleeps longer than 60 s at a stretch.
   * Returns a cancel function. Waiting does not keep the process alive.
   */
  at(atMs: number, fn: () => void): () => void;
}

/** Randomness that tests can seed (PF-33). */
export interface Random {
  bytes(length: number): Buffer;
  /** A number in [0, 1). Not for secrets. */
  fraction(): number;
}

/** Identifiers that tests can make predictable (PF-33). */
export interface Ids {
  /** A UUID v4 in lower case. */
  uuid(): string;
}

/** What every part of the platform is given. */
export interface Ports {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Logger;
}
