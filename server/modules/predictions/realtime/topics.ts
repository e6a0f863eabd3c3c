import type { Queryable } from '../../../platform/database/types.ts';
import { NotFound } from '../../../platform/errors.ts';
import type { DescribedTopic } from '../../../platform/observability/asyncapi.ts';
import type { Ports } from '../../../platform/ports.ts';
import type { TopicDefinition } from '../../../platform/realtime/types.ts';
import { type Broadcast, MESSAGE_OF_EVENT } from '../events.ts';
import { gameDetails } from '../service/game-details.ts';
import { isUuid, readGame, readUnresolvedPools } from '../service/store.ts';
import { poolShape } from '../shapes.ts';

/** The module's topics on the native wire and as server-sent events (PF-23, PF-24): the same facts as the opcode wire, for readers. */
export function predictionTopics(ports: Pick<Ports, 'clock'>): TopicDefinition[] {
  return [
    {
      pattern: 'predictions/game/:game',
      action: 'predictions.public.read',
      sharedSnapshot: true,
      presence: 'count',
      resource: (db, { game }) => requireGame(db, game!),
      async snapshot(db, { game }) {
        const details = await readGame(db, game!);
        const pools = await readUnresolvedPools(db, game!);
        return {
          game: await gameDetails(db, game!, ports.clock.now()),
          pools: pools.map((pool) => poolShape(pool, { liveStartAt: details.liveStartAt })),
        };
      },
      present: (event) => (event.data as Broadcast).body,
    },
    {
      pattern: 'predictions/source/:source',
      action: 'predictions.public.read',
      sharedSnapshot: true,
      resource: async (db, { source }) => {
        const rows = isUuid(source!)
          ? await db.query('select 1 as one from predictions_sources where id = $1', [source])
          : [];
        if (rows.length === 0) throw new NotFound('unknown_source', 'There is no such source.');
        return null;
      },
      snapshot: async (db, { source }) => {
        const rows = await db.query<{ id: string; name: string; state: string }>(
          'select id, name, state from predictions_games where source_id = $1 order by open_at, id limit 1000',
          [source],
        );
        return { games: rows };
      },
      present: (event) => (event.data as Broadcast).body,
    },
  ];
}

/** The same topics for the AsyncAPI document (PF-02). */
export const describedTopics: readonly DescribedTopic[] = [
  {
    name: 'predictions/game/{game}',
    summary: 'Everything that happens in one game: events, pools, bets, chat.',
    events: eventsOf(isOfGame),
  },
  {
    name: 'predictions/source/{source}',
    summary: 'New games of a source.',
    events: eventsOf((type) => !isOfGame(type) && type !== 'admin.appointed'),
  },
];

function isOfGame(type: string): boolean {
  return !['game.created-and-opened', 'game.created', 'game.opened', 'admin.appointed'].includes(type);
}

function eventsOf(wanted: (type: string) => boolean): Record<string, object> {
  const types = Object.entries(MESSAGE_OF_EVENT).filter(([type]) => wanted(type));
  return Object.fromEntries(
    types.map(([type, res]) => [type, { type: 'object', description: `Body of response ${res} of the opcode wire.` }]),
  );
}

async function requireGame(db: Queryable, gameId: string): Promise<null> {
  const rows = isUuid(gameId) ? await db.query('select 1 as one from predictions_games where id = $1', [gameId]) : [];
  if (rows.length === 0) throw new NotFound('unknown_game', 'There is no such game.');
  return null;
}
