import type { Tx } from '../../../platform/database/types.ts';
import type { NewTimer } from '../../../platform/jobs/timers.ts';
import type { ServiceDeps } from './deps.ts';
import { findBreaches } from './invariants.ts';

const KIND = 'predictions.watch';
const EVERY_MS = 3_600_000;

/** Looks every full hour, once in the whole installation, whether what must hold at every commit does (RS12, PF-32), and raises an alarm if not. */
export class InvariantWatch {
  readonly #deps: Pick<ServiceDeps, 'database' | 'ports' | 'timers'>;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: Pick<ServiceDeps, 'database' | 'ports' | 'timers'>) {
    this.#deps = deps;
    deps.timers.handle(KIND, async (tx) => {
      await this.#setNext(tx);
      tx.afterCommit(() => {
        this.#looking = this.#looking.then(() => this.#look());
      });
    });
  }

  /** Sets the next look; every process of an installation names the same one. */
  async start(): Promise<void> {
    await this.#deps.database.transaction('predictions.watch', (tx) => this.#setNext(tx));
  }

  /** Resolves when the look that runs has ended. */
  async idle(): Promise<void> {
    await this.#looking;
  }

  async #setNext(tx: Tx): Promise<void> {
    const dueAt = (Math.floor(this.#deps.ports.clock.now() / EVERY_MS) + 1) * EVERY_MS;
    const next: NewTimer = { kind: KIND, key: String(dueAt), dueAt };
    await this.#deps.timers.set(tx, [next]);
  }

  async #look(): Promise<void> {
    const { database, ports } = this.#deps;
    try {
      for (const breach of await findBreaches(database))
        ports.log.fatal({ breach }, 'the books do not balance: an admin must look');
    } catch (error) {
      ports.log.warn({ err: error }, 'the books could not be checked; the next hour tries again');
    }
  }
}
