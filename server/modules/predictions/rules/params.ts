import { invalidParameter, missingParameter } from './errors.ts';
import { isUnset, readBoolean, readId, readInteger, readList, readText, readTime } from './input.ts';
import type { ParamKind, ParamSpec } from './op-spec.ts';

/** Most items of a list in a message; a game holds 2,000 targets (TG6), repeats may be sent too. */
const MOST_LIST_ITEMS = 5000;

type ValueOf<K extends ParamKind> = {
  id: string;
  text: string;
  time: number;
  boolean: boolean;
  list: string[];
  integer: number;
  change: string | null | undefined;
  value: unknown;
}[K];

type Certain = { readonly required: true; readonly unless?: never } | { readonly default: string | number | boolean };

/** What `readParams` gives for one parameter: never null when required, with a default, or a list. */
export type ParamValue<P extends ParamSpec> = P extends Certain | { readonly kind: 'list' | 'change' }
  ? ValueOf<P['kind']>
  : ValueOf<P['kind']> | null;

export type ParamValues<S extends Readonly<Record<string, ParamSpec>>> = { [Name in keyof S]: ParamValue<S[Name]> };

/**
 * Reads the parameters of a message by their specification: other names, defaults, kinds (WC4–WC8). Unknown fields are
 * ignored (WC9). Throws 6606 for a required one that is absent, 6607 for one that cannot be read.
 */
export function readParams<const S extends Readonly<Record<string, ParamSpec>>>(
  specs: S,
  message: Readonly<Record<string, unknown>>,
): ParamValues<S> {
  const isGiven = (name: string) => !isUnset(Object.hasOwn(message, name) ? message[name] : undefined);
  const values = Object.entries(specs).map(([name, spec]) => {
    const sent = [name, ...(spec.aliases ?? [])].find(isGiven) ?? name;
    const value = readParam(Object.hasOwn(message, sent) ? message[sent] : undefined, name, spec);
    const isMissing = spec.required === true && value === null;
    if (isMissing && !(spec.unless !== undefined && isGiven(spec.unless))) throw missingParameter(name);
    return [name, value ?? spec.default ?? value];
  });
  return Object.fromEntries(values) as ParamValues<S>;
}

function readParam(value: unknown, name: string, spec: ParamSpec): unknown {
  switch (spec.kind) {
    case 'id':
      return readId(value, name);
    case 'text':
      return readFilledText(value, name, spec);
    case 'time':
      return readTime(value, name);
    case 'boolean':
      return readBoolean(value, name);
    case 'list':
      return readList(value, name, MOST_LIST_ITEMS);
    case 'integer':
      return readInteger(value, name, spec.least ?? 0, spec.most ?? Number.MAX_SAFE_INTEGER);
    case 'change':
      return value === undefined ? undefined : readFilledText(value, name, spec);
    case 'value':
      return value ?? null;
  }
}

/** Optional text counts as absent when empty; required text must hold something (6607, "empty description"). */
function readFilledText(value: unknown, name: string, spec: ParamSpec): string | null {
  const text = readText(value, name, spec.most ?? 0);
  if (text === null || text.trim() !== '') return text;
  if (spec.required === true) throw invalidParameter(name);
  return null;
}
