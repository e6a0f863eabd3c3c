import type { Action, Distribution, GameDetails, Target } from '@greenroom/client';
import { messages as m } from '../../messages.ts';

export const NONE_TARGET = 'none';

/** Actions that make the score, best first; else the game's first action. */
const SCORE_ACTIONS = ['goal', 'point', 'points', 'try', 'run'];

/** Every target of the tree, parents before children. */
export function allTargets(targets: readonly Target[]): Target[] {
  return targets.flatMap((target) => [target, ...allTargets(target.targets)]);
}

/** Targets without children: what an event may name (TG9). */
export function leafTargets(targets: readonly Target[]): Target[] {
  return allTargets(targets).filter((target) => target.targets.length === 0);
}

/** Number of segments (TG7). */
export function targetLevel(targetId: string): number {
  return targetId.split(':').length;
}

/** Display names along the path, for example `Chile · 11`. */
export function targetName(targets: readonly Target[], targetId: string): string {
  const known = new Map(allTargets(targets).map((target) => [target.target_id, target.display_name]));
  const segments = targetId.split(':');
  return segments.map((segment, index) => known.get(segments.slice(0, index + 1).join(':')) ?? segment).join(' · ');
}

export function actionName(actions: readonly Action[], actionId: string): string {
  return actions.find((action) => action.action_id === actionId)?.name ?? actionId;
}

/** Name of an answer: what the server calls None is one of many here. */
export function answerLabel(entry: Pick<Distribution, 'target_id' | 'display_name'>): string {
  return entry.target_id === NONE_TARGET && entry.display_name.toLowerCase() === NONE_TARGET
    ? m.common.none
    : entry.display_name;
}

/** Team of a player; null for a target of the first level. */
export function teamName(targets: readonly Target[], targetId: string): string | null {
  const end = targetId.lastIndexOf(':');
  return end < 0 ? null : targetName(targets, targetId.slice(0, end));
}

export interface SideScore {
  id: string;
  name: string;
  count: string;
}

/** Level-1 targets besides `none`, each with its count of `actionId`. */
export function sideCounts(game: GameDetails, actionId: string | undefined): SideScore[] {
  const row = game.game_state.find((entry) => entry.action_id === actionId);
  return game.targets
    .filter((target) => target.target_id !== NONE_TARGET)
    .map((target) => ({ id: target.target_id, name: target.display_name, count: row?.[target.target_id] ?? '0' }));
}

/** The action that is counted in the score line. */
export function scoreAction(game: GameDetails): string | undefined {
  const ids = game.actions.map((action) => action.action_id);
  return SCORE_ACTIONS.find((id) => ids.includes(id)) ?? ids[0];
}
