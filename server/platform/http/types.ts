import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyRequest, FastifyTypeProvider } from 'fastify';
import type { Static, TSchema } from 'typebox';
import type { Principal } from '../accounts/types.ts';
import type { DomainError } from '../errors.ts';
import type { IdempotencyMark } from './idempotency.ts';
import type { Limit, Taken } from './limits.ts';

/** A module's place on the one server (PF-01, PF-60, 9.1). */
export interface Surface {
  /** Owner, `platform` or a module's name. */
  owner: string;
  /** Paths it owns: `/r` is a prefix that ends at a segment, `=/metrics` is exact. */
  paths: readonly string[];
  /** Same routes under another prefix: `{ '/i/r': '/r' }`. Rewritten before routing. */
  aliases?: Readonly<Record<string, string>>;
  /** Paths of the console (same notation): a GET answers the console's page, nothing else is there (9.1, PF-61). */
  pages?: readonly string[];
  /** Turns an error into the module's documented form (PF-05). Absent: problem+json. */
  presentError?(error: DomainError, requestId: string, request: FastifyRequest): PresentedError;
  /** Who makes the request, from the module's own credentials. Absent: the platform's `gr_session` or bearer token. */
  authenticate?(request: FastifyRequest): Promise<Principal>;
  /** The module's own CSRF rule for a principal proved by a cookie; throws Forbidden. Absent: the platform's `gr_csrf` pair (9.2). */
  checkCsrf?(request: FastifyRequest, principal: Principal): void;
  /** True for paths that pages of any origin may call without credentials (SDK routes of calls); elsewhere the allow-list decides (PF-09). */
  anyOrigin?(path: string): boolean;
  /** Rate-limit groups of its own, for `RouteConfig.limit` (PF-09). Names begin with the owner. */
  limits?: Readonly<Record<string, Limit>>;
  /** Headers besides `RateLimit-*` on limited answers (`X-RateLimit-*` of races). */
  limitHeaders?(taken: Taken, nowMs: number): Readonly<Record<string, string>>;
  /** `ignore`: fields that no schema declares are ignored instead of refused, on all its routes (PF-04: draws, predictions). */
  unknownFields?: UnknownFields;
  /** Registers the routes; paths are absolute. Give `app` the type `App` to have TypeBox schemas type the request. */
  routes(app: FastifyInstance): void;
}

export interface PresentedError {
  status: number;
  body: unknown;
  /** Default `application/json`. */
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

export type UnknownFields = 'ignore' | 'refuse';

/**
 * What a route takes as body: `json` (application/json and +json), `form` (urlencoded), `multipart` (form-data; files arrive as `File`),
 * `any-json` (JSON whatever the content type says), `raw` (a Buffer, whatever the content type says).
 */
export type BodyKind = 'json' | 'form' | 'multipart' | 'any-json' | 'raw';

/** Every route's `config` (PF-16: a route without `action` does not start). */
export interface RouteConfig {
  /** Name of the policy that is asked at the edge with no resource loaded; `public` = anybody. */
  action: string;
  /** Rate-limit group (PF-09); default `<owner>.read` for GET, `<owner>.write` else. */
  limit?: string;
  /**
   * Slows guessing (platform 3, crowds): counts per subject (an account's name as the request gives it) and address together, and 30 times as
   * wide per address alone. Asked after validation; null = not counted.
   */
  tries?: Limit & { subject(request: FastifyRequest): string | null };
  /**
   * Honours `Idempotency-Key` (PF-06, PF-75). Default: true for POST, false else. `marked` says that the handler hands `request.idempotency`
   * to its service, which marks it inside its transaction: then a try that a crash cut off before its commit may be repeated. `repeatable` says that
   * the service itself has its effect once per key and gives the first answer again: every try that a crash cut off may be repeated.
   */
  idempotent?: boolean | 'marked' | 'repeatable';
  /** State-changing route that needs no CSRF pair because it carries no cookie credential (AU7). */
  csrf?: false;
  /** Accepted bodies (415 else). Default: `['json']`. Values of forms are read as the types that the schema names. */
  bodies?: readonly BodyKind[];
  /** Overrides the surface's `unknownFields`. */
  unknownFields?: UnknownFields;
  /** JSON bodies too may give numbers and booleans as text. Default: a wrong type is refused. */
  coerce?: true;
  /** Answer may be kept as ready bytes (PF-07): only for public GETs that depend on nothing but the URL. Tags name what makes it stale. */
  hot?: { tags(request: FastifyRequest): readonly string[]; maxAgeMs: number };
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
    /** The sender's address, behind trusted proxies the one they name. */
    address: string;
    /** Set while an `Idempotency-Key` is honoured; a service marks it in its transaction. */
    idempotency: IdempotencyMark | null;
  }
  interface FastifyContextConfig extends Partial<RouteConfig> {}
}

/** Types requests and answers by their TypeBox schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
}

/** The server as routes see it: `routes(app: FastifyInstance) { const typed = typedApp(app); ... }`. */
export type App = ReturnType<typeof typedApp>;

/** The same instance, with requests typed by their TypeBox schemas. */
export function typedApp(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxProvider>();
}

/** A websocket upgrade; the dispatcher picks the first whose `matches` is true, exact paths before others (PF-60). */
export interface UpgradeRoute {
  /** For messages and metrics. */
  name: string;
  matches(path: string, query: URLSearchParams): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
