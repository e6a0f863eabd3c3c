import { readFileSync } from 'node:fs';

type Fields = Readonly<Record<string, string>>;

export interface FixtureOp {
  op: number;
  name: string | null;
  other_names: string[];
  params: { name: string; required?: boolean }[];
  direct: number[];
  broadcast: Record<string, number[]>;
}

export interface FixtureResponse {
  res: number;
  name: string;
  other_names: string[];
  fields: Fields;
}

interface Fixture {
  shapes: Record<string, Fields>;
  ops: FixtureOp[];
  responses: FixtureResponse[];
}

/** The wire as the contract has it, written down without looking at the server's code. */
export const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/opcodes.json', import.meta.url), 'utf8'));

const responses = new Map(fixture.responses.map((response) => [response.res, response]));

/** What of the fixture has been seen. */
export class Seen {
  /** Codes of direct answers by op. */
  readonly answers = new Map<number, Set<number>>();
  readonly responses = new Set<number>();
  /** Codes of 4.5. */
  readonly errors = new Set<number>();
  /** Fields that may be left out, as `res.name`. */
  readonly optionalFields = new Set<string>();

  answered(op: number, res: number): void {
    this.answers.set(op, (this.answers.get(op) ?? new Set()).add(res));
  }
}

/** What is wrong with a message of the server: missing, undeclared and mistyped fields, each as `path: fault`. */
export function faultsOf(message: Readonly<Record<string, unknown>>, seen = new Seen()): string[] {
  const { res, response_header: header, ...body } = message;
  const response = responses.get(Number(res));
  if (typeof res !== 'number' || response === undefined) return [`res: ${String(res)} is no response code`];
  seen.responses.add(res);
  if (res === 666) seen.errors.add(Number(body.code));
  return [...headerFaults(header), ...fieldFaults(response.fields, body, { path: `${res}`, seen })];
}

/** Fields of responses that may be left out, as `res.name`: a whole run should have seen each. */
export function optionalFields(): string[] {
  return fixture.responses.flatMap(({ res, fields }) =>
    Object.entries(fields).flatMap(([name, declared]) => (parseType(declared).isOptional ? [`${res}.${name}`] : [])),
  );
}

function headerFaults(header: unknown): string[] {
  if (!isObject(header)) return ['response_header: missing'];
  const { t, seq, rid: _anything, ...rest } = header;
  return [
    ...(Number.isInteger(t) ? [] : ['response_header.t: not ms']),
    ...(seq === undefined || Number.isInteger(seq) ? [] : ['response_header.seq: not i']),
    ...Object.keys(rest).map((name) => `response_header.${name}: undeclared`),
  ];
}

interface Place {
  path: string;
  seen: Seen;
}

function fieldFaults(fields: Fields, body: Record<string, unknown>, { path, seen }: Place): string[] {
  const undeclared = Object.keys(body).filter((name) => !Object.hasOwn(fields, name));
  const faults = undeclared.map((name) => `${path}.${name}: undeclared`);
  for (const [name, declared] of Object.entries(fields)) {
    const { base, isNullable, isOptional } = parseType(declared);
    const at = `${path}.${name}`;
    const value = body[name];
    if (isOptional && value !== undefined) seen.optionalFields.add(at);
    if (value === undefined && !isOptional) faults.push(`${at}: missing`);
    if (value === null && !isNullable) faults.push(`${at}: null`);
    if (value !== undefined && value !== null) faults.push(...valueFaults(base, value, { path: at, seen }));
  }
  return faults;
}

function valueFaults(base: string, value: unknown, place: Place): string[] {
  if (base.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${place.path}: not a list`];
    return value.flatMap((item) => valueFaults(base.slice(0, -2), item, place));
  }
  const shape = fixture.shapes[base];
  if (shape !== undefined) return isObject(value) ? fieldFaults(shape, value, place) : [`${place.path}: not an object`];
  const inMap = /^\{s>(.+)\}$/.exec(base)?.[1];
  if (inMap !== undefined) {
    if (!isObject(value)) return [`${place.path}: not an object`];
    return Object.values(value).flatMap((item) => valueFaults(inMap, item, place));
  }
  return isOfType(base, value) ? [] : [`${place.path}: ${JSON.stringify(value)} is not ${base}`];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isOfType(base: string, value: unknown): boolean {
  switch (base) {
    case 'id':
      return typeof value === 'string' && UUID.test(value);
    case 's':
      return typeof value === 'string';
    case 'b':
      return typeof value === 'boolean';
    case 'i':
      return Number.isSafeInteger(value);
    case 'ms':
      // Milliseconds, not seconds: after 2001.
      return Number.isSafeInteger(value) && Number(value) > 1_000_000_000_000;
    case 'm':
      return hasDecimals(value, 2);
    case 'number':
      return hasDecimals(value, 4);
    case 'any':
      return true;
    default:
      throw new Error(`the fixture names a type ${base} that nobody knows`);
  }
}

function hasDecimals(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isFinite(value) && Number(value.toFixed(most)) === value;
}

function parseType(declared: string): { base: string; isNullable: boolean; isOptional: boolean } {
  const base = declared.replace(/[?*+]+$/, '');
  const marks = declared.slice(base.length);
  return { base, isNullable: marks.includes('?'), isOptional: marks.includes('*') };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
