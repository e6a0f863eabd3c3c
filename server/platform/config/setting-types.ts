/**
 * One setting: what it is called, how its text is read, what it is when nobody says. Settings are text in the environment, any JSON value in
 * `greenroom.config.json`; both go through `parse`.
 */
export interface Setting<T> {
  /** One line for the documentation. */
  doc: string;
  /** The accepted form, as the operator reads it in a fault: "a whole number from 1 to 65535". */
  accepts: string;
  /** @throws SettingFault when the text is not of the accepted form. */
  parse(text: string): T;
  default: T;
  /** Masked wherever settings are shown. */
  secret?: boolean;
}

/** Settings by key: upper case for the platform, lower case (dots for nesting) for a module. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values that a table of settings gives. */
export type ValuesOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Says what is wrong with a value; the key and the accepted form are added by the reader. */
export class SettingFault extends Error {}

interface Words<D> {
  doc: string;
  default: D;
  secret?: boolean;
}

/** A whole number within bounds (both included). `unit` is said in the accepted form. */
export function integer<D extends number | null = number>(
  words: Words<D> & { min: number; max: number; unit?: string },
): Setting<number | D> {
  const { min, max, unit } = words;
  return {
    ...words,
    accepts: `a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`,
    parse(text) {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) throw new SettingFault('is not a whole number');
      if (value < min || value > max)
        throw new SettingFault(`is ${value < min ? 'below' : 'above'} the accepted range`);
      return value;
    },
  };
}

const UNITS_MS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time within bounds (both included), in milliseconds: `15 min`, `24h`; a bare number is milliseconds. */
export function duration(words: Words<number> & { minMs: number; maxMs: number }): Setting<number> {
  const { minMs, maxMs } = words;
  return {
    ...words,
    accepts: `a duration from ${durationText(minMs)} to ${durationText(maxMs)}: a whole number and ${Object.keys(UNITS_MS).join(', ')} (none = ms)`,
    parse(text) {
      const [, digits, unit = 'ms'] = /^(\d{1,15}) ?(ms|s|min|h|d)?$/.exec(text.trim()) ?? [];
      if (digits === undefined) throw new SettingFault('is not a duration');
      const valueMs = Number(digits) * UNITS_MS[unit as keyof typeof UNITS_MS];
      if (valueMs < minMs || valueMs > maxMs)
        throw new SettingFault(`is ${valueMs < minMs ? 'below' : 'above'} the accepted range`);
      return valueMs;
    },
  };
}

/** In the largest unit that divides it. */
function durationText(valueMs: number): string {
  const [unit, unitMs] = Object.entries(UNITS_MS).findLast(
    ([, length]) => valueMs % length === 0 && valueMs >= length,
  ) ?? ['ms', 1];
  return `${valueMs / unitMs} ${unit}`;
}

/** A number with a fraction, within bounds (both included). */
export function number(words: Words<number> & { min: number; max: number }): Setting<number> {
  const { min, max } = words;
  return {
    ...words,
    accepts: `a number from ${min} to ${max}`,
    parse(text) {
      const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) throw new SettingFault('is not a number');
      if (value < min || value > max)
        throw new SettingFault(`is ${value < min ? 'below' : 'above'} the accepted range`);
      return value;
    },
  };
}

/** `true` or `false`. */
export function flag(words: Words<boolean>): Setting<boolean> {
  return {
    ...words,
    accepts: 'true or false',
    parse(text) {
      if (text === 'true' || text === '1') return true;
      if (text === 'false' || text === '0') return false;
      throw new SettingFault('is neither true nor false');
    },
  };
}

/** Free text; `pattern` with its description in words narrows it. */
export function text<D extends string | null = string>(
  words: Words<D> & { accepts?: string; pattern?: RegExp; minLength?: number; maxLength?: number },
): Setting<string | D> {
  const { pattern, minLength = 1, maxLength = 4096 } = words;
  return {
    ...words,
    accepts: words.accepts ?? `${minLength} to ${maxLength} characters`,
    parse(value) {
      if (value.length < minLength) throw new SettingFault(value.length === 0 ? 'is empty' : 'is too short');
      if (value.length > maxLength) throw new SettingFault('is too long');
      if (pattern && !pattern.test(value)) throw new SettingFault('has another form');
      return value;
    },
  };
}

/** One of the given words. */
export function oneOf<const W extends string, D extends W | null>(
  words: Words<D> & { of: readonly W[] },
): Setting<W | D> {
  return {
    ...words,
    accepts: `one of ${words.of.join(', ')}`,
    parse(value) {
      const found = words.of.find((word) => word === value);
      if (found === undefined) throw new SettingFault('is none of the accepted words');
      return found;
    },
  };
}

/** Comma-separated items, each of them accepted by `item`. */
export function list(
  words: Words<readonly string[]> & { accepts: string; item?: (text: string) => boolean },
): Setting<readonly string[]> {
  return {
    ...words,
    accepts: words.accepts,
    parse(value) {
      const items = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      const wrong = items.find((item) => words.item !== undefined && !words.item(item));
      if (wrong !== undefined) throw new SettingFault(`names ${JSON.stringify(wrong)}, which is not accepted`);
      if (items.length === 0 && words.default.length > 0) throw new SettingFault('names nothing');
      return Object.freeze([...new Set(items)]);
    },
  };
}

/** An absolute URL with one of the given protocols. A trailing slash is dropped from a bare origin. */
export function url<D extends string | null = null>(
  words: Words<D> & { protocols: readonly string[] },
): Setting<string | D> {
  return {
    ...words,
    accepts: `a URL with ${words.protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    parse(value) {
      const parsed = URL.parse(value);
      if (!parsed) throw new SettingFault('is not a URL');
      if (!words.protocols.includes(parsed.protocol)) throw new SettingFault(`has the protocol ${parsed.protocol}`);
      return value.endsWith('/') && parsed.pathname === '/' ? value.slice(0, -1) : value;
    },
  };
}

/** A JSON object of texts, for maps such as `mount`. */
export function textMap(
  words: Words<Readonly<Record<string, string>>> & { accepts: string },
): Setting<Readonly<Record<string, string>>> {
  return {
    ...words,
    accepts: words.accepts,
    parse(value) {
      const parsed = parseJson(value);
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
        throw new SettingFault('is not a JSON object');
      const entries = Object.entries(parsed);
      const wrong = entries.find(([, entry]) => typeof entry !== 'string');
      if (wrong) throw new SettingFault(`has at ${JSON.stringify(wrong[0])} something else than text`);
      return Object.freeze(Object.fromEntries(entries.map(([key, entry]) => [key, String(entry)])));
    },
  };
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw new SettingFault('is not JSON');
  }
}
