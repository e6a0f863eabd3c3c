import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Principal } from '../accounts/types.ts';
import type { DomainError } from '../errors.ts';

/** A module's place on the one server (PF-01, PF-60, 9.1). */
export interface Surface {
  /** Owner, `platform` or a module's name. */
  owner: string;
  /** Paths it owns: `/r` is a prefix that ends at a segment, `=/metrics` is exact. */
  paths: readonly string[];
  /** Same routes under another prefix: `{ '/i/r': '/r' }`. Rewritten before routing. */
  aliases?: Readonly<Record<string, string>>;
  /** Turns an error into the module's documented form (PF-05). Absent: problem+json. */
  presentError?(error: DomainError, requestId: string, request: FastifyRequest): { status: number; body: unknown; contentType?: string };
  /** Who makes the request, from the module's own credentials. Absent: the platform's `gr_session` or bearer token. */
  authenticate?(request: FastifyRequest): Promise<Principal>;
  /** The module's own CSRF rule for a principal proved by a cookie; throws Forbidden. Absent: the platform's `gr_csrf` pair (9.2). */
  checkCsrf?(request: FastifyRequest, principal: Principal): void;
  /** Registers the routes; paths are absolute. */
  routes(app: FastifyInstance): void;
}

/** Every route's `config` (PF-16: a route without `action` does not start). */
export interface RouteConfig {
  /** Name of the policy that is asked at the edge with no resource loaded; `public` = anybody. */
  action: string;
  /** Rate-limit group (PF-09); default `<owner>.read` for GET, `<owner>.write` else. */
  limit?: string;
  /** Honours `Idempotency-Key` (PF-06, PF-75). Default: true for POST, false else. */
  idempotent?: boolean;
  /** State-changing route that needs no CSRF pair because it carries no cookie credential (AU7). */
  csrf?: false;
  /** Answer may be kept as ready bytes (PF-07): only for public GETs that depend on nothing but the URL. Tags name what makes it stale. */
  hot?: { tags(request: FastifyRequest): readonly string[]; maxAgeMs: number };
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
  }
  interface FastifyContextConfig extends Partial<RouteConfig> {}
}

/** A websocket upgrade; the dispatcher picks the first whose `matches` is true, exact paths before others (PF-60). */
export interface UpgradeRoute {
  /** For messages and metrics. */
  name: string;
  matches(path: string, query: URLSearchParams): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
