import { type Fields, type FieldType, parseField } from './field-spec.ts';
import type { OpSpec } from './op-spec.ts';
import { OPS } from './ops.ts';
import { RESPONSES, type ResponseSpec, SHAPES } from './responses.ts';

/** Body of res 2: every name, misspelled and older ones too (4.4). */
export type OpcodesBody = {
  readonly opcodes: Readonly<Record<string, number>>;
  readonly response_codes: Readonly<Record<string, number>>;
};

/** Builds the body of res 2 from the registries. */
export function opcodesBody(): OpcodesBody {
  const ops: [string, OpSpec][] = Object.entries(OPS);
  const responses: [string, ResponseSpec][] = Object.entries(RESPONSES);
  return {
    opcodes: Object.fromEntries(
      ops
        .filter(([, spec]) => spec.unlisted !== true)
        .flatMap(([name, spec]) => [name, ...spec.aliases].map((spelling) => [spelling, spec.op])),
    ),
    response_codes: Object.fromEntries(
      responses.flatMap(([name, spec]) => [name, ...spec.aliases].map((spelling) => [spelling, spec.res])),
    ),
  };
}

/** The specification of a response code; undefined for a code nobody sends. */
export function responseOf(res: number): ResponseSpec | undefined {
  return Object.values(RESPONSES).find((spec) => spec.res === res);
}

/**
 * What is wrong with a message of the server: missing, undeclared or mistyped fields, each as `path: fault`; empty when
 * all is as declared. For tests: an undeclared field is an error there.
 */
export function messageFaults(body: Readonly<Record<string, unknown>>): string[] {
  const { res, response_header: _, ...fields } = body;
  const spec = typeof res === 'number' ? responseOf(res) : undefined;
  return spec === undefined ? ['res: unknown'] : fieldFaults(spec.fields, fields, '');
}

function fieldFaults(specs: Fields, body: Readonly<Record<string, unknown>>, path: string): string[] {
  const undeclared = Object.keys(body).filter((name) => !Object.hasOwn(specs, name));
  return [
    ...undeclared.map((name) => `${path}${name}: undeclared`),
    ...Object.entries(specs).flatMap(([name, type]) => valueFaults(type, body[name], path + name)),
  ];
}

function valueFaults(type: FieldType, value: unknown, path: string): string[] {
  const { base, isNullable, isOptional } = parseField(type);
  if (value === undefined) return isOptional ? [] : [`${path}: missing`];
  if (value === null) return isNullable ? [] : [`${path}: null`];
  if (base.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    const item = base.slice(0, -2);
    return value.flatMap((entry: unknown, index) => itemFaults(item, entry, `${path}[${index}]`));
  }
  return itemFaults(base, value, path);
}

function itemFaults(base: string, value: unknown, path: string): string[] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const shape = Object.entries(SHAPES).find(([name]) => name === base)?.[1];
  if (shape !== undefined) {
    return isObject ? fieldFaults(shape, value as Record<string, unknown>, `${path}.`) : [`${path}: not an object`];
  }
  const map = /^\{s: (\w+)\}$/u.exec(base)?.[1];
  if (map !== undefined) {
    if (!isObject) return [`${path}: not an object`];
    return Object.entries(value).flatMap(([key, entry]) => itemFaults(map, entry, `${path}.${key}`));
  }
  return isOfBase(base, value) ? [] : [`${path}: not ${base}`];
}

function isOfBase(base: string, value: unknown): boolean {
  switch (base) {
    case 'id':
    case 's':
      return typeof value === 'string';
    case 'b':
      return typeof value === 'boolean';
    case 'i':
    case 'ms':
      return Number.isInteger(value);
    case 'm':
      return hasDecimals(value, 2);
    case 'number':
      return hasDecimals(value, 4);
    default:
      return true;
  }
}

function hasDecimals(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isFinite(value) && Number(value.toFixed(most)) === value;
}
