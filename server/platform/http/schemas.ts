import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifySchemaCompiler, RouteOptions } from 'fastify';
import { isForm } from './bodies.ts';
import type { UnknownFields } from './types.ts';

/** Parts of a route's schema that are input. Headers stay open: clients send many that no route names. */
const INPUTS = ['body', 'querystring', 'params'] as const;

/**
 * Validation of input (PF-04): nothing is removed, nothing is turned into another type, except where the form on the wire has only text (path,
 * query, form bodies, headers) or the route opts in by `coerce`.
 */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const strict = createAjv(false);
  const coercing = createAjv(true);
  return ({ schema, httpPart }) => {
    if (typeof schema !== 'object' || schema === null) throw new Error('a route schema must be an object');
    const coerced = coercing.compile(schema);
    if (httpPart !== 'body' || coercesJson(schema)) return outcome(coerced);
    const exact = strict.compile(schema);
    return outcome(exact, coerced);
  };
}

const JSON_COERCION = Symbol('coerce');

function coercesJson(schema: object): boolean {
  return JSON_COERCION in schema;
}

function outcome(exact: ValidateFunction, forForms: ValidateFunction = exact) {
  return (data: unknown) => {
    const validate = isForm(data) ? forForms : exact;
    // An ajv function keeps its errors on itself: hand them over before the next call.
    return validate(data) ? { value: data } : { error: validationError(validate.errors ?? []) };
  };
}

function validationError(errors: NonNullable<ValidateFunction['errors']>): Error {
  return Object.assign(new Error('invalid input'), { validation: errors });
}

function createAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    coerceTypes: coerceTypes ? 'array' : false,
    useDefaults: true,
    removeAdditional: false,
    allErrors: false,
    strict: false,
  });
  // The package is CommonJS: Node gives its exports object, TypeScript its default.
  addFormats.default(ajv);
  return ajv;
}

/** Prepares a route's schemas at registration: input refuses undeclared fields unless told otherwise; both OpenAPI and validation see it. */
export function prepareSchemas(route: RouteOptions, unknownFields: UnknownFields): void {
  if (!route.schema) return;
  const schema: Record<string, unknown> = { ...route.schema };
  for (const part of INPUTS) {
    if (schema[part] === undefined) continue;
    if (unknownFields === 'refuse') schema[part] = closed(schema[part]);
    if (part === 'body' && route.config?.coerce) Object.assign(schema[part] as object, { [JSON_COERCION]: true });
  }
  route.schema = schema;
}

/** The schema with `additionalProperties: false` on every object that names its properties and does not say otherwise. */
export function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    // Branches of allOf see each other's fields as undeclared, and values of these keywords are data.
    copy[key] =
      key === 'allOf' || key === 'default' || key === 'const' || key === 'enum' || key === 'examples'
        ? value
        : closedProperty(key, value);
  }
  const open =
    copy.additionalProperties === undefined && copy.patternProperties === undefined && copy.allOf === undefined;
  if (copy.type === 'object' && copy.properties !== undefined && open) copy.additionalProperties = false;
  return copy;
}

/** Below `properties` the keys are names, not keywords. */
function closedProperty(key: string, value: unknown): unknown {
  if (key !== 'properties' && key !== '$defs') return closed(value);
  return Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, closed(inner)]));
}

/** Finds what an answer has and its schema does not declare; null when it fits. */
export type ResponseCheck = (schemas: unknown, status: number, payload: unknown) => string | null;

/** Checks answers in tests, where the serializer would drop an undeclared field in silence. */
export function createResponseCheck(): ResponseCheck {
  const ajv = createAjv(false);
  const compiled = new WeakMap<object, ValidateFunction>();
  return (schemas, status, payload) => {
    const schema = responseSchema(schemas, status);
    if (schema === null) return null;
    let validate = compiled.get(schema);
    if (!validate) {
      validate = ajv.compile(closed(schema) as object);
      compiled.set(schema, validate);
    }
    const plain: unknown = JSON.parse(
      JSON.stringify(payload, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
    );
    return validate(plain)
      ? null
      : ajv.errorsText(validate.errors, { dataVar: 'answer' }) + extraField(validate.errors);
  };
}

function extraField(errors: ValidateFunction['errors']): string {
  const name: unknown = errors?.[0]?.params.additionalProperty;
  return typeof name === 'string' ? ` (${name})` : '';
}

function responseSchema(schemas: unknown, status: number): object | null {
  if (typeof schemas !== 'object' || schemas === null) return null;
  const table = schemas as Readonly<Record<string, unknown>>;
  const schema = table[status] ?? table[`${Math.floor(status / 100)}xx`] ?? table.default;
  return typeof schema === 'object' && schema !== null && !('content' in schema) ? schema : null;
}
