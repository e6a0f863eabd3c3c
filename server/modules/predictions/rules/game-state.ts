import { firstLevelOf } from './targets.ts';
import { NONE } from './types.ts';

/** Counted events of one action on one level-1 target. */
export type EventCount = { readonly actionId: string; readonly targetId: string; readonly count: number };

/** One row of `game_state`: `action_id` and count strings keyed by level-1 target (WC10). */
export type GameStateRow = { readonly action_id: string; readonly [targetId: string]: string };

/** Order of the rows by game type; what is not listed follows alphabetically (GM6). */
export const ACTION_PRIORITY: ReadonlyMap<string, readonly string[]> = new Map([
  ['football', ['goal', 'red-card', 'yellow-card', 'corner-kick', 'offside', 'foul', 'shot']],
]);

/** Whether an event counts in `game_state`: not on `none`, not on a binary pool's own action (GM6). */
export function isCounted(event: { readonly targetId: string; readonly isSynthetic: boolean }): boolean {
  return !event.isSynthetic && event.targetId !== NONE;
}

/** Counts counted events by action and level-1 target, in order of first appearance (GM6). */
export function countEvents(events: readonly { actionId: string; targetId: string }[]): EventCount[] {
  const counts = new Map<string, EventCount>();
  for (const { actionId, targetId: leafId } of events) {
    const targetId = firstLevelOf(leafId);
    const key = JSON.stringify([actionId, targetId]);
    counts.set(key, { actionId, targetId, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** `game_state` of a game: one row per counted action, by the type's priority, then alphabetically (GM6). */
export function gameStateRows(counts: readonly EventCount[], gameType: string): GameStateRow[] {
  const priority = ACTION_PRIORITY.get(gameType.toLowerCase()) ?? [];
  const rankOf = (actionId: string) => (priority.includes(actionId) ? priority.indexOf(actionId) : priority.length);
  return [...new Set(counts.map((count) => count.actionId))]
    .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
    .map((actionId) => ({ action_id: actionId, ...currentCount(counts, actionId) }));
}

/** `current_count` of an action in res 366: level-1 target id to count string (GM6, WC10). */
export function currentCount(counts: readonly EventCount[], actionId: string): Record<string, string> {
  const ofAction = counts.filter((count) => count.actionId === actionId);
  return Object.fromEntries(ofAction.map(({ targetId, count }) => [targetId, String(count)]));
}
