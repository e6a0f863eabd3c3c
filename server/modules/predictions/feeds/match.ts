import { NONE } from '../rules/types.ts';

/** Somebody who plays. */
export interface MatchPlayer {
  name: string;
  position: string | null;
}

export interface MatchTeam {
  name: string;
  players: readonly MatchPlayer[];
}

/** Something that happened in a match. */
export interface Fact {
  /** The same whenever the match is read again, unique within it: what makes a second delivery a duplicate (RS1). */
  id: string;
  /** Minute of play as reported: 90 with offset 3 is the third minute of stoppage time. */
  minute: number;
  offset: number;
  /** Which kick of the penalty shoot-out; 0 = none. */
  shootout: number;
  action: string;
  /** Whom it counts for; null: nobody. */
  team: string | null;
  player: string | null;
  isPenalty: boolean;
  /** The player belongs to the other team. */
  isOwnGoal: boolean;
  description: string;
  /** Epoch ms, when the feed knows it. */
  happenedAt: number | null;
}

/** A match as every reader gives it, in the feed's own names. */
export interface Match {
  /** Tells the match from others of its feed. */
  key: string;
  /** Name of its game. */
  name: string;
  competition: string;
  type: string;
  /** The game it belongs to, when the feed names one. */
  gameId: string | null;
  /** Actions that may happen besides those of the timeline. */
  actions: readonly string[];
  teams: readonly MatchTeam[];
  timeline: readonly Fact[];
}

const OWN_GOAL = 'Own goal';
/** Leaf for what a team does without one player having done it: an event needs a target without children (TG9). */
const WHOLE_TEAM = 'Team';
/** `:` and the characters NFKC turns into it would begin another level. */
const LEVEL_SEPARATORS = /[:\uFE13\uFE55\uFF1A]/gu;

/** Actions and targets a game needs, so that every fact of the match has its place. */
export function vocabularyOf(match: Match): { actions: string[]; targets: string[] } {
  const actions = new Set([...match.timeline.map((fact) => fact.action), ...match.actions]);
  const targets = match.teams.flatMap((team) => [
    teamTarget(team.name),
    ...team.players.map((player) => playerTarget(team.name, player.name)),
    childTarget(team.name, OWN_GOAL),
    childTarget(team.name, WHOLE_TEAM),
  ]);
  return { actions: [...actions], targets: [...new Set(targets)] };
}

/** Target of a fact: own goals count for the other team than the player's, without naming a scorer of it. */
export function targetOf(fact: Fact): string {
  if (fact.team === null) return NONE;
  if (fact.isOwnGoal) return childTarget(fact.team, OWN_GOAL);
  return fact.player === null ? childTarget(fact.team, WHOLE_TEAM) : playerTarget(fact.team, fact.player);
}

/** Target of level 1. */
export function teamTarget(team: string): string {
  return segment(team);
}

/** Target of level 2. */
export function playerTarget(team: string, player: string): string {
  return childTarget(team, player);
}

/** What people read beside the event: `90+3'`, how, and what the feed says. */
export function descriptionOf(fact: Fact): string {
  const details = [
    fact.isPenalty ? 'penalty' : '',
    fact.isOwnGoal ? `own goal${fact.player === null ? '' : ` by ${fact.player}`}` : '',
    fact.description,
  ];
  return [minuteLabel(fact), details.filter((detail) => detail !== '').join(', ')]
    .filter((part) => part !== '')
    .join(' ');
}

/** `90+3'`; empty before and after play. */
export function minuteLabel(fact: Pick<Fact, 'minute' | 'offset' | 'shootout'>): string {
  if (fact.minute === 0 || fact.shootout > 0) return '';
  return fact.offset > 0 ? `${fact.minute}+${fact.offset}'` : `${fact.minute}'`;
}

/** A fact with the minutes that had passed since the kick-off, breaks left out. */
export interface TimedFact {
  fact: Fact;
  elapsedMinutes: number;
}

/**
 * Facts in the order in which they happened: stoppage time and shoot-outs push what comes after them. Facts of one instant stay in the order of the
 * feed.
 */
export function timedFacts(match: Pick<Match, 'timeline'>): TimedFact[] {
  const stoppage = new Map<number, number>();
  for (const { minute, offset } of match.timeline) stoppage.set(minute, Math.max(stoppage.get(minute) ?? 0, offset));
  const addedOf = (fact: Fact) => (fact.shootout > 0 ? stoppage.get(fact.minute)! + fact.shootout : fact.offset);
  const added = new Map<number, number>();
  for (const fact of match.timeline) added.set(fact.minute, Math.max(added.get(fact.minute) ?? 0, addedOf(fact)));
  const addedBefore = (minute: number) =>
    [...added].reduce((sum, [at, length]) => (at < minute ? sum + length : sum), 0);
  return match.timeline
    .map((fact) => ({ fact, elapsedMinutes: fact.minute + addedOf(fact) + addedBefore(fact.minute) }))
    .sort((a, b) => a.elapsedMinutes - b.elapsedMinutes);
}

function childTarget(team: string, child: string): string {
  return `${segment(team)}:${segment(child)}`;
}

function segment(name: string): string {
  return name.replace(LEVEL_SEPARATORS, ' ').trim();
}
