import { type Static, Type } from 'typebox';
import { documentReader, FeedDocumentError } from './document.ts';
import type { Fact, Match, MatchTeam } from './match.ts';

const Name = Type.String({ minLength: 1, maxLength: 120, pattern: '\\S' });
/** Some years have a number, others a text such as `90+3`. */
const Minute = Type.Union([
  Type.Integer({ minimum: 0, maximum: 200 }),
  Type.String({ pattern: "^\\d{1,3}(\\+\\d{1,2})?'?$" }),
]);
const Goal = Type.Object({
  name: Name,
  minute: Minute,
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 60 })),
  penalty: Type.Optional(Type.Boolean()),
  owngoal: Type.Optional(Type.Boolean()),
});
const Result = Type.Array(Type.Integer({ minimum: 0, maximum: 200 }), { minItems: 2, maxItems: 2 });
/** Older files describe a team, newer ones name it. */
const Team = Type.Union([Name, Type.Object({ name: Name })]);
const MatchEntry = Type.Object({
  round: Type.Optional(Type.String({ maxLength: 120 })),
  date: Type.Optional(Type.String({ maxLength: 40 })),
  team1: Team,
  team2: Team,
  score: Type.Optional(Type.Object({ ft: Type.Optional(Result), et: Type.Optional(Result), p: Type.Optional(Result) })),
  goals1: Type.Optional(Type.Array(Goal, { maxItems: 200 })),
  goals2: Type.Optional(Type.Array(Goal, { maxItems: 200 })),
});
const Matches = Type.Array(MatchEntry, { maxItems: 5_000 });
const OpenfootballDocument = Type.Object({
  name: Type.Optional(Name),
  matches: Type.Optional(Matches),
  rounds: Type.Optional(
    Type.Array(Type.Object({ name: Type.Optional(Type.String({ maxLength: 120 })), matches: Matches }), {
      maxItems: 500,
    }),
  ),
});

type MatchEntry = Static<typeof MatchEntry>;
type Goal = Static<typeof Goal>;

const GOAL = 'Goal';
const MATCH_WON = 'Match won';
const FULL_TIME_MINUTE = 90;
const EXTRA_TIME_MINUTE = 120;

const readDocument = documentReader(OpenfootballDocument);

/** Reads the matches of an openfootball file, in its order (https://github.com/openfootball). @throws FeedDocumentError */
export function readOpenfootball(text: string): Match[] {
  const document = readDocument(text);
  const entries = [...(document.matches ?? []), ...(document.rounds ?? []).flatMap((round) => round.matches)];
  if (entries.length === 0) throw new FeedDocumentError('the document holds no matches');
  const competition = document.name?.trim() ?? 'openfootball';
  const names = entries.map((entry) => `${nameOf(entry.team1)} - ${nameOf(entry.team2)}`);
  return entries.map((entry, i) => {
    const isOnly = names.indexOf(names[i]!) === names.lastIndexOf(names[i]!);
    const name = isOnly ? names[i]! : `${names[i]}, ${entry.date ?? entry.round ?? i + 1}`;
    return readEntry(entry, { competition, name });
  });
}

/**
 * The match somebody means: its number in the file from 1 on, its name, or one of its teams when that is enough. Without a selector the last one.
 * @throws FeedDocumentError when none or several fit.
 */
export function pickMatch(matches: readonly Match[], selector: string | undefined): Match {
  if (selector === undefined) return matches.at(-1)!;
  const byNumber = /^\d{1,5}$/.test(selector) ? matches[Number(selector) - 1] : undefined;
  if (byNumber) return byNumber;
  const wanted = comparable(selector);
  const exact = matches.filter((match) => comparable(match.name) === wanted);
  const found = exact.length > 0 ? exact : matches.filter((match) => comparable(match.name).includes(wanted));
  if (found.length === 1) return found[0]!;
  if (found.length === 0)
    throw new FeedDocumentError(`no match "${selector}": the file holds ${matches.length}, from 1 on`);
  const list = found.slice(0, 8).map((match) => `${matches.indexOf(match) + 1}  ${match.name}`);
  throw new FeedDocumentError(`"${selector}" fits several matches; take the number of one:\n  ${list.join('\n  ')}`);
}

function readEntry(entry: MatchEntry, { competition, name }: { competition: string; name: string }): Match {
  const teams = [nameOf(entry.team1), nameOf(entry.team2)] as const;
  const key = `${entry.date ?? entry.round ?? ''} ${teams.join(' - ')}`.trim();
  // The lists hold the goals that count for a team: an own goal stands in the other team's list already.
  const goals = [
    ...(entry.goals1 ?? []).map((goal) => goalFact(goal, teams[0])),
    ...(entry.goals2 ?? []).map((goal) => goalFact(goal, teams[1])),
  ].sort((a, b) => a.minute - b.minute || a.offset - b.offset);
  const timeline = [...withIds(goals), ...endOf(entry, teams, goals)];
  const teamEntries = teams.map((team): MatchTeam => {
    const scorers = new Set(goals.filter((goal) => goal.team === team && !goal.isOwnGoal).map((goal) => goal.player!));
    return { name: team, players: [...scorers].map((player) => ({ name: player, position: null })) };
  });
  return {
    key,
    name,
    competition,
    type: 'football',
    gameId: null,
    actions: [GOAL, MATCH_WON],
    teams: teamEntries,
    timeline,
  };
}

function goalFact(goal: Goal, team: string): Fact {
  const { minute, offset } = readMinute(goal);
  return {
    ...{ id: '', minute, offset, shootout: 0, action: GOAL, team, player: goal.name.trim() },
    ...{ isPenalty: goal.penalty ?? false, isOwnGoal: goal.owngoal ?? false, description: '', happenedAt: null },
  };
}

function readMinute(goal: Goal): { minute: number; offset: number } {
  const [minute = '', offset] = String(goal.minute).replace("'", '').split('+');
  return { minute: Number(minute), offset: offset === undefined ? (goal.offset ?? 0) : Number(offset) };
}

/** Ids made of the facts themselves: a goal that is added to the file later changes none of the others. */
function withIds(goals: readonly Fact[]): Fact[] {
  const seen = new Map<string, number>();
  return goals.map((goal) => {
    const id = `goal ${goal.team} ${goal.minute}+${goal.offset} ${goal.player}`;
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return { ...goal, id: count === 1 ? id : `${id} ${count}` };
  });
}

/** The result as the last fact, when the file knows one: whoever won, or nobody. */
function endOf(entry: MatchEntry, teams: readonly [string, string], goals: readonly Fact[]): Fact[] {
  const { ft, et, p } = entry.score ?? {};
  const result = et ?? ft;
  if (!result) return [];
  const decided = p ?? result;
  const winner = decided[0] === decided[1] ? null : teams[decided[0]! > decided[1]! ? 0 : 1];
  const lastGoal = goals.at(-1);
  // Some files write stoppage time as minute 92: the end comes after whatever happened last.
  const minute = Math.max(et || p ? EXTRA_TIME_MINUTE : FULL_TIME_MINUTE, lastGoal?.minute ?? 0);
  const offset = (lastGoal?.minute === minute ? lastGoal.offset : 0) + 1;
  const description = p ? `${p.join(':')} on penalties after ${result.join(':')}` : result.join(':');
  return [
    {
      ...{ id: 'result', minute, offset, shootout: 0, action: MATCH_WON, team: winner, player: null },
      ...{ isPenalty: false, isOwnGoal: false, description, happenedAt: null },
    },
  ];
}

function nameOf(team: Static<typeof Team>): string {
  return (typeof team === 'string' ? team : team.name).trim();
}

function comparable(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/\s*[-–]\s*/gu, ' - ')
    .trim();
}
