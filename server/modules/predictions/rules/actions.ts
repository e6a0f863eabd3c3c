import { invalidParameter, RuleError } from './errors.ts';
import { slugOf } from './targets.ts';
import type { ActionEntry } from './types.ts';

/** Caps of TG6. */
export const ACTION_CAPS = { actions: 500, idChars: 256 } as const;

/** Id of an action as typed (TG1). Throws 6607. */
export function actionIdOf(label: string, name = 'actions'): string {
  const actionId = slugOf(label);
  if (actionId === '' || actionId.length > ACTION_CAPS.idChars) throw invalidParameter(name);
  return actionId;
}

/** Adds actions as typed to a game's list; repeats merge, the first spelling stays (TG4, TG8). Throws 6607 beyond TG6's cap. */
export function addActions(existing: readonly ActionEntry[], labels: readonly string[]): ActionEntry[] {
  const names = new Map(existing.map((entry) => [entry.actionId, entry.name]));
  for (const label of labels) {
    const actionId = actionIdOf(label);
    if (!names.has(actionId)) names.set(actionId, label.trim());
  }
  if (names.size > ACTION_CAPS.actions) throw invalidParameter('actions', 'Too many actions.');
  return Array.from(names, ([actionId, name]) => ({ actionId, name }));
}

/** The game's entry for an action as typed (TG11). Throws 6612, 6607 for an impossible id. */
export function findAction(entries: readonly ActionEntry[], label: string): ActionEntry {
  const actionId = actionIdOf(label, 'action_id');
  const entry = entries.find((candidate) => candidate.actionId === actionId);
  if (entry === undefined) throw new RuleError('unknown_action', { action_id: actionId });
  return entry;
}

/** Actions as sent (4.3). */
export function actionShapes(entries: readonly ActionEntry[]): { action_id: string; name: string }[] {
  return entries.map(({ actionId, name }) => ({ action_id: actionId, name }));
}
