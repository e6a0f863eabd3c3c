import type { Queryable } from '../../../platform/database/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import type { ConsumerRunner } from '../../../platform/events/consumers.ts';
import type { Clock } from '../../../platform/ports.ts';
import { resolverTopic } from '../events.ts';

/** Name of the Resolver's durable consumer. */
export const RESOLVER_CONSUMER = 'predictions.resolver';

/** Tells when the Resolver has worked through a game's log. */
export interface ResolverProgress {
  /** Resolves when everything up to `seq` of the game's Resolver topic is done. @throws Unavailable after `timeoutMs`. */
  waitFor(gameId: string, seq: number, timeoutMs: number): Promise<void>;
}

/** Between two looks at the database, for a Resolver that works in another process. */
const POLL_MS = 250;

/** Progress of the Resolver's consumer: told by the runner in this process, else read from the consumer's stored position. */
export class ConsumerProgress implements ResolverProgress {
  readonly #database: Queryable;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #stop: () => void;

  constructor(options: { database: Queryable; clock: Clock; runner: Pick<ConsumerRunner, 'onMoved'> }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#stop = options.runner.onMoved((topic) => {
      for (const wake of this.#waiting.get(topic) ?? []) wake();
    });
  }

  async waitFor(gameId: string, seq: number, timeoutMs: number): Promise<void> {
    const topic = resolverTopic(gameId);
    const deadline = this.#clock.now() + timeoutMs;
    for (;;) {
      // Listens before it looks: a move in between is heard.
      const moved = this.#nextMove(topic, Math.min(this.#clock.now() + POLL_MS, deadline));
      try {
        if ((await this.#position(topic)) >= seq) return;
        if (this.#clock.now() >= deadline) {
          throw new Unavailable('still_settling', 'The pools are still being settled. Ask again shortly.');
        }
        await moved.heard;
      } finally {
        moved.forget();
      }
    }
  }

  stop(): void {
    this.#stop();
  }

  #nextMove(topic: string, latestAt: number): { heard: Promise<void>; forget(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelPoll = this.#clock.at(latestAt, resolve);
    const wakes = this.#waiting.get(topic) ?? new Set();
    this.#waiting.set(topic, wakes.add(resolve));
    return {
      heard: promise,
      forget: () => {
        cancelPoll();
        wakes.delete(resolve);
        if (wakes.size === 0 && this.#waiting.get(topic) === wakes) this.#waiting.delete(topic);
      },
    };
  }

  async #position(topic: string): Promise<number> {
    const [row] = await this.#database.query<{ seq: bigint }>(
      'select seq from consumer_positions where consumer = $1 and topic = $2',
      [RESOLVER_CONSUMER, topic],
    );
    return row ? Number(row.seq) : 0;
  }
}
