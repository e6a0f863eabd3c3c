import { Type } from 'typebox';
import { documentReader, FeedDocumentError } from './document.ts';
import type { Fact, Match } from './match.ts';

const Name = Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' });
const Id = Type.String({ minLength: 1, maxLength: 120 });
const Minute = Type.Integer({ minimum: 0, maximum: 1_000 });

/** Our own match feed format (docs/feeds.md). Unknown fields are left alone. */
const MatchDocument = Type.Object({
  format: Type.Literal('greenroom-match/1'),
  match: Type.Object({
    key: Id,
    name: Name,
    competition: Type.Optional(Name),
    type: Type.Optional(Name),
    game_id: Type.Optional(Id),
  }),
  actions: Type.Optional(Type.Array(Name, { maxItems: 200 })),
  teams: Type.Array(
    Type.Object({
      name: Name,
      players: Type.Optional(
        Type.Array(Type.Object({ name: Name, position: Type.Optional(Type.String({ maxLength: 40 })) }), {
          maxItems: 100,
        }),
      ),
    }),
    { minItems: 1, maxItems: 100 },
  ),
  timeline: Type.Array(
    Type.Object({
      id: Id,
      minute: Minute,
      offset: Type.Optional(Minute),
      shootout: Type.Optional(Minute),
      action: Name,
      team: Type.Optional(Name),
      player: Type.Optional(Name),
      penalty: Type.Optional(Type.Boolean()),
      own_goal: Type.Optional(Type.Boolean()),
      description: Type.Optional(Type.String({ maxLength: 400 })),
      happened_at: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    { maxItems: 2_000 },
  ),
});

const readDocument = documentReader(MatchDocument);

/** Reads a match in our own format. @throws FeedDocumentError */
export function readMatch(text: string): Match {
  const { match, actions, teams, timeline } = readDocument(text);
  const ids = new Set(timeline.map((entry) => entry.id));
  if (ids.size < timeline.length) throw new FeedDocumentError('/timeline holds two entries of the same id');
  return {
    key: match.key,
    name: match.name.trim(),
    competition: match.competition?.trim() ?? match.name.trim(),
    type: match.type ?? 'football',
    gameId: match.game_id ?? null,
    actions: actions ?? [],
    teams: teams.map((team) => ({
      name: team.name,
      players: (team.players ?? []).map(({ name, position }) => ({ name, position: position ?? null })),
    })),
    timeline: timeline.map(
      (entry): Fact => ({
        id: entry.id,
        minute: entry.minute,
        offset: entry.offset ?? 0,
        shootout: entry.shootout ?? 0,
        action: entry.action,
        team: entry.team ?? null,
        player: entry.player ?? null,
        isPenalty: entry.penalty ?? false,
        isOwnGoal: entry.own_goal ?? false,
        description: entry.description ?? '',
        happenedAt: entry.happened_at ?? null,
      }),
    ),
  };
}
