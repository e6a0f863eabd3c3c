import { DomainError, Unavailable } from '../errors.ts';
import type { Ports } from '../ports.ts';

/** What became of one command of a batch. */
export type Outcome<Answer> = { answer: Answer } | { refused: Error };

export interface BatcherOptions<Command, Answer> {
  name: string;
  ports: Pick<Ports, 'log' | 'ids'>;
  /** Commands of one key meet in one lane, in order. */
  keyOf(command: Command): string;
  /**
   * Decides and writes all commands in one transaction; one outcome a command, in order. Rules refuse a bad command before the write: an error thrown
   * here is a bug or an outage, never the caller's fault (DESIGN M1).
   */
  run(commands: readonly Command[]): Promise<Outcome<Answer>[]>;
  lanes?: number;
  maxCommands?: number;
  maxWaiting?: number;
}

interface Waiting<Command, Answer> {
  command: Command;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Batching in (DESIGN 3): few lanes, no timer. An idle lane starts at once; while its transaction is open the next batch gathers. Each caller
 * gets his own answer, after commit.
 */
export class Batcher<Command, Answer> {
  readonly #options: Required<BatcherOptions<Command, Answer>>;
  readonly #lanes: Lane<Command, Answer>[];
  #waiting = 0;

  constructor(options: BatcherOptions<Command, Answer>) {
    this.#options = { lanes: 3, maxCommands: 1_000, maxWaiting: 4_096, ...options };
    this.#lanes = Array.from({ length: this.#options.lanes }, () => ({ queue: [], running: undefined }));
  }

  /** @throws Unavailable when too many commands wait already; whatever the rules refuse with. */
  submit(command: Command): Promise<Answer> {
    if (this.#waiting >= this.#options.maxWaiting) {
      return Promise.reject(
        new Unavailable('busy', 'Too much is waiting to be written. Nothing was changed; try again shortly.', 500),
      );
    }
    const lane = this.#lanes[hash(this.#options.keyOf(command)) % this.#lanes.length]!;
    this.#waiting++;
    return new Promise<Answer>((resolve, reject) => {
      lane.queue.push({
        command,
        resolve: (answer) => {
          this.#waiting--;
          resolve(answer);
        },
        reject: (error) => {
          this.#waiting--;
          reject(error);
        },
      });
      lane.running ??= this.#drain(lane);
    });
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#waiting > 0) await Promise.all(this.#lanes.map((lane) => lane.running));
  }

  async #drain(lane: Lane<Command, Answer>): Promise<void> {
    // Commands that arrive in the tick of the first one still join its batch.
    await Promise.resolve();
    while (lane.queue.length > 0) {
      await this.#flush(lane.queue.splice(0, this.#options.maxCommands));
    }
    // In the tick in which the queue was seen empty: a command that comes later must start the lane again.
    lane.running = undefined;
  }

  async #flush(batch: readonly Waiting<Command, Answer>[]): Promise<void> {
    let outcomes: Outcome<Answer>[];
    try {
      outcomes = await this.#options.run(batch.map((waiting) => waiting.command));
    } catch (error) {
      await this.#isolate(batch, error);
      return;
    }
    batch.forEach((waiting, i) => {
      const outcome = outcomes[i]!;
      if ('answer' in outcome) waiting.resolve(outcome.answer);
      else waiting.reject(outcome.refused);
    });
  }

  /** A batch failed as a whole: halves it until the culprit stands alone, so that innocent commands still succeed (DESIGN M1). */
  async #isolate(batch: readonly Waiting<Command, Answer>[], error: unknown): Promise<void> {
    if (error instanceof Unavailable || batch.length === 1) {
      if (!(error instanceof DomainError)) {
        this.#options.ports.log.error(
          { err: error, batcher: this.#options.name, culprit: this.#options.ports.ids.uuid() },
          'a command broke its batch',
        );
      }
      for (const waiting of batch) waiting.reject(error);
      return;
    }
    const middle = batch.length >> 1;
    await this.#flush(batch.slice(0, middle));
    await this.#flush(batch.slice(middle));
  }
}

interface Lane<Command, Answer> {
  queue: Waiting<Command, Answer>[];
  running: Promise<void> | undefined;
}

/** FNV-1a, 32 bits: spreads keys over lanes. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
