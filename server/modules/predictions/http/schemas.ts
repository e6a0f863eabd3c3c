import { type TSchema, Type } from 'typebox';
import { type Fields, type FieldType, parseField, type ShapeName } from '../rules/field-spec.ts';
import type { ParamSpec } from '../rules/op-spec.ts';
import { SHAPES } from '../rules/responses.ts';

/** JSON Schema of what the contract's registries say, for validation and OpenAPI. */

const PLAIN: Readonly<Record<string, { type: string; format?: string }>> = {
  id: { type: 'string' },
  s: { type: 'string' },
  b: { type: 'boolean' },
  i: { type: 'integer' },
  ms: { type: 'integer' },
  m: { type: 'number' },
  number: { type: 'number' },
};

/** An object of these fields; extensions and starred fields may be absent. */
export function objectOf(fields: Fields): TSchema {
  const properties = Object.entries(fields).map(([name, type]): [string, TSchema] => {
    const { isOptional, isExtension } = parseField(type);
    const schema = fieldSchema(type);
    return [name, isOptional || isExtension ? Type.Optional(schema) : schema];
  });
  return Type.Object(Object.fromEntries(properties));
}

const shapes = new Map<ShapeName, TSchema>();

/** A shape of 4.3. */
export function shape(name: ShapeName): TSchema {
  let schema = shapes.get(name);
  if (!schema) {
    // Children of a target are targets: serializers write them as they are.
    schema =
      name === 'Target' ? Type.Object({ ...targetFields, targets: Type.Array(Type.Any()) }) : objectOf(SHAPES[name]);
    shapes.set(name, schema);
  }
  return schema;
}

const targetFields = { target_id: Type.String(), symbol: Type.String(), display_name: Type.String() };

function fieldSchema(type: FieldType): TSchema {
  const { base, isNullable } = parseField(type);
  if (base.endsWith('[]')) return Type.Array(baseSchema(base.slice(0, -2)));
  const plain = PLAIN[base];
  if (plain) return Type.Unsafe(isNullable ? { ...plain, type: [plain.type, 'null'] } : plain);
  return baseSchema(base);
}

function baseSchema(base: string): TSchema {
  const plain = PLAIN[base];
  if (plain) return Type.Unsafe(plain);
  if (base === 'any') return Type.Any();
  const map = /^\{s: (.+)\}$/.exec(base)?.[1];
  if (map !== undefined) return mapOf(baseSchema(map));
  return shape(base as ShapeName);
}

export function mapOf(value: TSchema): TSchema {
  return Type.Unsafe({ type: 'object', additionalProperties: value });
}

export const Nothing = Type.Object({});

/** Every non-200 body (section 3). */
export const ErrorBody = Type.Object({
  msg: Type.String(),
  error: Type.String(),
  code: Type.Integer(),
  details: Type.Optional(Type.Any()),
  needs_2fa: Type.Optional(Type.Boolean()),
});

/** What a route takes as parameters: wide, since clients send numbers as text and the rules read them (WC4-WC8). */
export type Params = Readonly<Record<string, ParamSpec>>;

const WIDE: Readonly<Record<ParamSpec['kind'], readonly string[]>> = {
  id: ['string', 'number', 'null'],
  text: ['string', 'null'],
  time: ['string', 'number', 'null'],
  boolean: ['string', 'number', 'boolean', 'null'],
  list: ['string', 'array', 'null'],
  integer: ['string', 'number', 'null'],
  change: ['string', 'null'],
  value: ['string', 'number', 'boolean', 'object', 'array', 'null'],
};

/** Schema of a body or query: each parameter under all its names, none required, since the rules say what is missing (6606). */
export function paramsSchema(params: Params): TSchema {
  const properties = Object.entries(params).flatMap(([name, spec]) => {
    const named = (description: string) => Type.Optional(Type.Unsafe({ type: WIDE[spec.kind], description }));
    const own: [string, TSchema] = [name, named(spec.required ? 'Required.' : 'Optional.')];
    return [own, ...(spec.aliases ?? []).map((alias): [string, TSchema] => [alias, named(`Another name of ${name}.`)])];
  });
  return Type.Object(Object.fromEntries(properties));
}
