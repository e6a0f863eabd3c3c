import type { LockTable } from './types.ts';

/** Watches one transaction's locks and refuses an order that could deadlock with the rest of the house (DESIGN M3). */
export class LockOrder {
  #rank = -1;
  #held: string | undefined;

  /** @throws Error when `table` ranks below one that is locked already. */
  enter(table: LockTable): void {
    if (table.rank < this.#rank) {
      throw new Error(`lock order: ${table.name} (rank ${table.rank}) after ${this.#held} (rank ${this.#rank})`);
    }
    this.#rank = table.rank;
    this.#held = table.name;
  }
}
