import type { Queryable } from '../database/types.ts';
import type { EventRef, LoggedEvent, NewEvent } from './types.ts';

export type AppendedEvents = readonly LoggedEvent[];

/** The events of one transaction, written together as its last statement (PF-20, DESIGN M3). */
export class EventQueue {
  readonly #events: (NewEvent & { seq: number; at: number })[] = [];

  add(event: NewEvent): EventRef {
    const queued = { ...event, seq: 0, at: 0 };
    this.#events.push(queued);
    return queued;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** The events as logged; meaningful after `write`. */
  get appended(): LoggedEvent[] {
    return this.#events.map(({ topic, seq, type, at, actor, data }) => ({
      topic,
      seq,
      type,
      at,
      actor: actor ?? null,
      data,
    }));
  }

  /** Numbers and inserts all events and the transaction's `commitId`; `seq` and `at` of each event are filled in. */
  async write(tx: Queryable, now: number, commitId: string): Promise<void> {
    const rows = await tx.hotQuery<{ ord: bigint; seq: bigint; at: bigint }>(
      'select ord, seq, at from append_events($1, $2, $3, $4, $5, $6)',
      [
        this.#events.map((event) => event.topic),
        this.#events.map((event) => event.type),
        this.#events.map((event) => event.actor ?? null),
        this.#events.map((event) => JSON.stringify(event.data ?? null)),
        now,
        commitId,
      ],
    );
    for (const row of rows) {
      const event = this.#events[Number(row.ord) - 1]!;
      event.seq = Number(row.seq);
      event.at = Number(row.at);
    }
  }
}
