import type { LockTable } from './types.ts';

/** Watches one transaction's locks and refuses an order that could deadlock with the rest of the house (DESIGN M3). */
export class LockOrder {
  #table: LockTable | undefined;
  /** Rows of the present table, and the last of them in its order. */
  #held = new Set<string>();
  #last: string | undefined;

  /**
   * Rows of one table have their order too: who comes back to a table for a row before one he holds could meet somebody who goes the right way.
   * A table with an order of its own (`LockTable.order`) is not looked at that closely, since what it is ordered by is not known here.
   * @throws Error when `table` ranks below one that is locked already, or shares its rank, or a row comes too late.
   */
  enter(table: LockTable, ids: readonly string[]): void {
    const before = this.#table;
    if (before?.name !== table.name) {
      if (before !== undefined && table.rank <= before.rank) {
        throw new Error(`lock order: ${table.name} (rank ${table.rank}) after ${before.name} (rank ${before.rank})`);
      }
      this.#table = table;
      this.#held = new Set();
      this.#last = undefined;
    }
    if (table.order !== undefined) return;
    const late = ids.filter((id) => !this.#held.has(id));
    const last = this.#last;
    const wrong = last === undefined ? undefined : late.find((id) => isBefore(table, id, last));
    if (wrong !== undefined) throw new Error(`lock order: row ${wrong} of ${table.name} after ${last}`);
    for (const id of late) {
      this.#held.add(id);
      if (this.#last === undefined || isBefore(table, this.#last, id)) this.#last = id;
    }
  }
}

function isBefore(table: LockTable, a: string, b: string): boolean {
  return table.keyType === 'bigint' ? BigInt(a) < BigInt(b) : a < b;
}
