import { invalidParameter, RuleError } from './errors.ts';
import { NONE, type TargetEntry } from './types.ts';

/** Caps of TG6. `none` is not counted among the targets. */
export const TARGET_CAPS = { levels: 16, targets: 2000, idChars: 256 } as const;

/** A target as sent (4.3). */
export type TargetShape = {
  target_id: string;
  symbol: string;
  display_name: string;
  targets: TargetShape[];
};

/** `:` and the characters NFKC turns into it. */
const LEVEL_SEPARATOR = /[:\uFE13\uFE55\uFF1A]/u;
/** Would clash with the key of that name inside `game_state` (TG6). */
const RESERVED_FIRST_LEVEL = 'action_id';

/** Slug of one segment or action: NFKC, trimmed, lower case, inner white space to `-` (TG1). Applying it twice changes nothing. */
export function slugOf(text: string): string {
  const lower = text.normalize('NFKC').toLowerCase().normalize('NFKC');
  return lower.trim().replace(/\s+/gu, '-');
}

/** Id of a target as typed: the slugs of its segments joined by `:` (TG1, TG5, TG6). Throws 6607. */
export function targetIdOf(label: string, name = 'targets'): string {
  return segmentsOf(label, name)
    .map((segment) => segment.slug)
    .join(':');
}

/** Number of segments (TG7). */
export function levelOf(targetId: string): number {
  return targetId.split(':').length;
}

/** The level-1 target a target belongs to. */
export function firstLevelOf(targetId: string): string {
  return targetId.split(':', 1).join();
}

/** Itself and all its ancestors, the nearest first (TG10). */
export function pathOf(targetId: string): string[] {
  const segments = targetId.split(':');
  return segments.map((_, index) => segments.slice(0, segments.length - index).join(':'));
}

/** First three characters of the last segment, whole slug if shorter (TG2). */
export function symbolOf(targetId: string): string {
  const last = targetId.slice(targetId.lastIndexOf(':') + 1);
  return [...last].slice(0, 3).join('');
}

/**
 * Adds targets as typed to a game's list: parents are created, repeats merge and the first spelling stays, `none` ends
 * the list (TG3–TG5, TG8). Only ever adds. Throws 6607 beyond the caps of TG6.
 */
export function addTargets(existing: readonly TargetEntry[], labels: readonly string[]): TargetEntry[] {
  const names = new Map(existing.map((entry) => [entry.targetId, entry.displayName]));
  for (const label of labels) {
    let targetId = '';
    for (const segment of segmentsOf(label, 'targets')) {
      targetId = targetId === '' ? segment.slug : `${targetId}:${segment.slug}`;
      if (!names.has(targetId)) names.set(targetId, segment.typed);
    }
  }
  const none = { targetId: NONE, displayName: names.get(NONE) ?? 'None' };
  names.delete(NONE);
  if (names.size > TARGET_CAPS.targets) throw invalidParameter('targets', 'Too many targets.');
  return [...Array.from(names, ([targetId, displayName]) => ({ targetId, displayName })), none];
}

/** The tree of a game's targets, siblings in order of first appearance (4.3). */
export function targetTree(entries: readonly TargetEntry[]): TargetShape[] {
  const roots: TargetShape[] = [];
  const shapes = new Map<string, TargetShape>();
  for (const { targetId, displayName } of entries) {
    const shape = { target_id: targetId, symbol: symbolOf(targetId), display_name: displayName, targets: [] };
    shapes.set(targetId, shape);
    const parent = shapes.get(targetId.slice(0, Math.max(targetId.lastIndexOf(':'), 0)));
    (parent === undefined ? roots : parent.targets).push(shape);
  }
  return roots;
}

/** Whether no target lies below this one; `none` is always a leaf (TG9). */
export function isLeaf(entries: readonly TargetEntry[], targetId: string): boolean {
  return !entries.some((entry) => entry.targetId.startsWith(`${targetId}:`));
}

/** The game's entry for a target as typed (TG11). Throws 6611, 6607 for an impossible id. */
export function findTarget(entries: readonly TargetEntry[], label: string, name = 'target_id'): TargetEntry {
  const targetId = targetIdOf(label, name);
  const entry = entries.find((candidate) => candidate.targetId === targetId);
  if (entry === undefined) throw new RuleError('unknown_target', { target_id: targetId });
  return entry;
}

/** The game's entry for the target of an ordinary event, which must be a leaf (TG9). Throws 6611, 6613. */
export function findEventTarget(entries: readonly TargetEntry[], label: string): TargetEntry {
  const entry = findTarget(entries, label);
  if (!isLeaf(entries, entry.targetId)) throw new RuleError('target_not_leaf', { target_id: entry.targetId });
  return entry;
}

type Segment = { readonly slug: string; readonly typed: string };

function segmentsOf(label: string, name: string): Segment[] {
  const segments = label.split(LEVEL_SEPARATOR).map((typed) => ({ slug: slugOf(typed), typed: typed.trim() }));
  const slugs = segments.map((segment) => segment.slug);
  const isWrong =
    slugs.some((slug) => slug === '' || slug.includes(':')) ||
    slugs[0] === RESERVED_FIRST_LEVEL ||
    (slugs.length > 1 && slugs.includes(NONE)) ||
    slugs.length > TARGET_CAPS.levels ||
    slugs.join(':').length > TARGET_CAPS.idChars;
  if (isWrong) throw invalidParameter(name);
  return segments;
}
