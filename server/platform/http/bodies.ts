import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError, Invalid } from '../errors.ts';
import type { BodyKind } from './types.ts';

const DEFAULT_BODIES: readonly BodyKind[] = ['json'];
const MAX_FORM_FIELDS = 1000;

/** Bodies that came as text-only forms: their values are read as the types the schema names (schemas.ts). */
const forms = new WeakSet<object>();

export function isForm(body: unknown): boolean {
  return typeof body === 'object' && body !== null && forms.has(body);
}

/** Media type in lower case without parameters; empty when there is none. */
function mediaType(request: FastifyRequest): string {
  return (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function hasBody(request: FastifyRequest): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function kindOf(type: string): BodyKind | null {
  if (type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'))) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  return type === 'multipart/form-data' ? 'multipart' : null;
}

/** How the body of this request is to be read by this route, or null when the route does not take it. */
function acceptedKind(request: FastifyRequest): BodyKind | null {
  if (request.is404) return 'raw';
  const accepted = request.routeOptions.config.bodies ?? DEFAULT_BODIES;
  const kind = kindOf(mediaType(request));
  if (kind !== null && accepted.includes(kind)) return kind;
  if (accepted.includes('any-json')) return 'any-json';
  return accepted.includes('raw') ? 'raw' : null;
}

/** Refuses a body of a type the route does not take before it is read (PF-04: 415). */
export function checkContentType(request: FastifyRequest): void {
  if (!hasBody(request) || request.method === 'GET' || request.method === 'HEAD') return;
  if (acceptedKind(request) === null) {
    const type = request.headers['content-type'];
    const message =
      type === undefined
        ? 'The request has a body without Content-Type.'
        : `Content-Type ${type.slice(0, 100)} is not accepted here.`;
    throw new DomainError(415, 'unsupported_media_type', message);
  }
}

/** One reader for all types: what a body is depends on the route as well as on its content type. */
export function registerBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (bytes.length === 0) return done(null, undefined);
    const kind = acceptedKind(request);
    if (kind === null)
      return done(new DomainError(415, 'unsupported_media_type', 'This content type is not accepted here.'));
    if (kind === 'raw') return done(null, bytes);
    if (kind === 'multipart') {
      parseMultipart(bytes, request.headers['content-type']!).then((body) => done(null, body), done);
      return;
    }
    if (!isUtf8(bytes))
      return done(new Invalid(kind === 'form' ? 'malformed_form' : 'malformed_json', 'The body is not UTF-8.'));
    if (kind !== 'form') return parseJson(request, bytes.toString(), done);
    let form: unknown;
    try {
      form = parseForm(bytes.toString());
    } catch (error) {
      return done(error instanceof Error ? error : new Error('a form could not be read'));
    }
    return done(null, form);
  });
}

/**
 * Fields of an urlencoded form; a repeated field becomes a list.
 * @throws Invalid
 */
export function parseForm(text: string): Record<string, string | string[]> {
  const pairs = text.split('&', MAX_FORM_FIELDS + 1).filter((pair) => pair !== '');
  if (pairs.length > MAX_FORM_FIELDS)
    throw new Invalid('malformed_form', `The body has more than ${MAX_FORM_FIELDS} fields.`);
  return collect(
    pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [decode(pair), ''] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
    }),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Invalid('malformed_form', 'The body has a wrong percent-encoding.');
  }
}

async function parseMultipart(bytes: Buffer, contentType: string): Promise<Record<string, unknown>> {
  let data: FormData;
  try {
    data = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw new Invalid('malformed_form', 'The body is not valid multipart/form-data.');
  }
  const entries = [...data.entries()];
  if (entries.length > MAX_FORM_FIELDS)
    throw new Invalid('malformed_form', `The body has more than ${MAX_FORM_FIELDS} fields.`);
  return collect(entries);
}

function collect<T>(entries: readonly [string, T][]): Record<string, T | T[]> {
  // Without a prototype every name is just a name; input-text.ts then refuses those that are tricks.
  const body: Record<string, T | T[]> = Object.create(null);
  for (const [name, value] of entries) {
    const before = body[name];
    if (before === undefined) body[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else body[name] = [before, value];
  }
  forms.add(body);
  return body;
}
