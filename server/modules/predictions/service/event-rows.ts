import type { Queryable, Tx } from '../../../platform/database/types.ts';
import { currentCount, type EventCount, isCounted } from '../rules/game-state.ts';
import { firstLevelOf } from '../rules/targets.ts';
import { readEventCounts } from './game-details.ts';

/** Body of 366. */
export interface RegisteredBody {
  game_id: string;
  description: string;
  action_id: string;
  target_id: string;
  target_display_name: string;
  current_count: Readonly<Record<string, string>>;
  happened_at: number;
  event_id: string;
  duplicate?: true;
  [field: string]: unknown;
}

/** An event about to be written. */
export interface NewEventRow {
  id: string;
  /** What the caller named it; null = its id. */
  givenId: string | null;
  actionId: string;
  targetId: string;
  targetDisplayName: string;
  description: string;
  happenedAt: number;
  registeredAt: number;
  /** The binary pool it resolves (EV11). */
  poolId: string | null;
  currentCount: Readonly<Record<string, string>>;
  duplicateKey: string | null;
  registeredBy: string | null;
}

/** Running counts of a game while events are added to it (GM6). */
export class EventCounts {
  readonly #counts: EventCount[];

  private constructor(counts: EventCount[]) {
    this.#counts = counts;
  }

  static async read(database: Queryable, gameId: string): Promise<EventCounts> {
    return new EventCounts(await readEventCounts(database, gameId));
  }

  /** Counts one more event and gives the `current_count` of its action. */
  add(event: Pick<NewEventRow, 'actionId' | 'targetId' | 'poolId'>): Record<string, string> {
    const { actionId } = event;
    const targetId = firstLevelOf(event.targetId);
    if (isCounted({ targetId, isSynthetic: event.poolId !== null })) {
      const at = this.#counts.findIndex((count) => count.actionId === actionId && count.targetId === targetId);
      const count = { actionId, targetId, count: (this.#counts[at]?.count ?? 0) + 1 };
      if (at === -1) this.#counts.push(count);
      else this.#counts[at] = count;
    }
    return currentCount(this.#counts, actionId);
  }
}

/** Body of 366 of an event. */
export function registeredBody(gameId: string, event: NewEventRow): RegisteredBody {
  return {
    game_id: gameId,
    description: event.description,
    action_id: event.actionId,
    target_id: event.targetId,
    target_display_name: event.targetDisplayName,
    current_count: event.currentCount,
    happened_at: event.happenedAt,
    event_id: event.givenId ?? event.id,
  };
}

/** Writes events of a locked game, in order: their places in its log follow theirs in the list (EV2). */
export async function insertEvents(tx: Tx, gameId: string, events: readonly NewEventRow[]): Promise<void> {
  await tx.query(
    `insert into predictions_events (game_id, id, shown_id, action_id, target_id, target_display_name, description, happened_at, registered_at,
       pool_id, current_count, duplicate_key, registered_by)
     select $1, id, shown_id, action_id, target_id, target_display_name, description, happened_at, registered_at,
       pool_id, current_count::jsonb, duplicate_key, registered_by
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
         $10::uuid[], $11::text[], $12::text[], $13::uuid[]) with ordinality
       as e(id, shown_id, action_id, target_id, target_display_name, description, happened_at, registered_at,
         pool_id, current_count, duplicate_key, registered_by, ord)
     order by ord`,
    [
      gameId,
      events.map((event) => event.id),
      events.map((event) => event.givenId ?? event.id),
      events.map((event) => event.actionId),
      events.map((event) => event.targetId),
      events.map((event) => event.targetDisplayName),
      events.map((event) => event.description),
      events.map((event) => event.happenedAt),
      events.map((event) => event.registeredAt),
      events.map((event) => event.poolId),
      events.map((event) => JSON.stringify(event.currentCount)),
      events.map((event) => event.duplicateKey),
      events.map((event) => event.registeredBy),
    ],
  );
}

interface StoredEventRow {
  id: string;
  shown_id: string;
  action_id: string;
  target_id: string;
  target_display_name: string;
  description: string;
  happened_at: bigint;
  registered_at: bigint;
  pool_id: string | null;
  current_count: Record<string, string>;
  duplicate_key: string;
}

/** First answers of events registered before under these keys, by key (EV12). */
export async function findEventsByKey(
  database: Queryable,
  gameId: string,
  keys: readonly string[],
): Promise<Map<string, RegisteredBody>> {
  const rows = await database.query<StoredEventRow>(
    `select id, shown_id, action_id, target_id, target_display_name, description, happened_at, registered_at, pool_id, current_count, duplicate_key
     from predictions_events where game_id = $1 and duplicate_key = any ($2::text[])`,
    [gameId, keys],
  );
  return new Map(
    rows.map((row) => [
      row.duplicate_key,
      registeredBody(gameId, {
        id: row.id,
        givenId: row.shown_id,
        actionId: row.action_id,
        targetId: row.target_id,
        targetDisplayName: row.target_display_name,
        description: row.description,
        happenedAt: Number(row.happened_at),
        registeredAt: Number(row.registered_at),
        poolId: row.pool_id,
        currentCount: row.current_count,
        duplicateKey: row.duplicate_key,
        registeredBy: null,
      }),
    ]),
  );
}
