import type { Queryable } from '../database/types.ts';
import type { LoggedEvent } from './types.ts';

interface EventRow {
  topic: string;
  seq: bigint;
  type: string;
  at: bigint;
  actor: string | null;
  data: unknown;
}

/** Reads at most `limit` events of a topic after `since`, oldest first. */
export async function readEvents(
  database: Queryable,
  topic: string,
  since: number,
  limit: number,
): Promise<LoggedEvent[]> {
  const rows = await database.query<EventRow>(
    'select topic, seq, type, at, actor, data from events where topic = $1 and seq > $2 order by seq limit $3',
    [topic, since, limit],
  );
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at: Number(row.at) }));
}

/** Heads of the given topics; a topic without events is absent. */
export async function readHeads(database: Queryable, topics: readonly string[]): Promise<Map<string, number>> {
  const rows = await database.query<{ topic: string; seq: bigint }>(
    'select topic, seq from topics where topic = any ($1::text[])',
    [topics],
  );
  return new Map(rows.map((row) => [row.topic, Number(row.seq)]));
}
