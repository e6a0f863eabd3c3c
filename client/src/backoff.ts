export interface BackoffOptions {
  /** Longest first wait, in milliseconds. */
  baseMs: number;
  /** Longest wait ever, in milliseconds. */
  maxMs: number;
}

/**
 * Wait before reconnect number `attempt` (0-based): anything from 0 to the doubled limit, so that a crowd cut off together
 * does not come back together (full jitter).
 * @returns milliseconds
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  const limitMs = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(attempt, 20));
  return Math.floor(random() * limitMs);
}
