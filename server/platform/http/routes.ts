import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Authority } from '../accounts/types.ts';
import { DEFAULT_LIMITS, type Limit } from './limits.ts';
import type { Mounts } from './mounts.ts';
import { prepareSchemas } from './schemas.ts';
import type { Surface } from './types.ts';

/** A route is not declared as the house asks: the server does not start. */
export class RouteFault extends Error {}

/** One route, for the matrix of PF-16, OpenAPI and the documentation. */
export interface RegisteredRoute {
  owner: string;
  method: string;
  url: string;
  action: string;
  limit: string;
}

interface Pattern {
  expression: RegExp;
  methods: Set<string>;
}

/** All routes of the server, with what every one of them must declare. */
export class RouteTable {
  readonly #routes: RegisteredRoute[] = [];
  readonly #patterns = new Map<string, Pattern>();

  list(): readonly RegisteredRoute[] {
    return this.#routes;
  }

  /** Methods that a path answers, whatever the request's method is: tells 405 from 404. */
  methodsAt(path: string): string[] {
    const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const methods = new Set<string>();
    for (const pattern of this.#patterns.values()) {
      if (pattern.expression.test(trimmed)) for (const method of pattern.methods) methods.add(method);
    }
    return [...methods].sort();
  }

  add(route: RegisteredRoute): void {
    this.#routes.push(route);
    const pattern = this.#patterns.get(route.url) ?? { expression: patternOf(route.url), methods: new Set() };
    pattern.methods.add(route.method);
    this.#patterns.set(route.url, pattern);
  }
}

/** A route template as an expression: parameters (`:id`, `:id?`, `:id(\\d+)`) match a segment, `*` the rest. */
function patternOf(url: string): RegExp {
  const source = url
    .replace(/(?<=.)\/$/, '')
    .split(/(\/:\w+(?:\([^/]*\))?\?|:\w+(?:\([^/]*?\)(?=$|[/.-]))?|\*)/)
    .map((part) => {
      if (part === '*') return '.*';
      if (part.startsWith('/:') && part.endsWith('?')) return '(?:/[^/]+)?';
      if (part.startsWith(':')) return '[^/]+';
      return part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`);
}

/** Rate-limit groups of a surface by name: its own, `<owner>.read`, `<owner>.write`, and `hot`, which all ready answers share (PF-07). */
export function limitGroups(surface: Surface, overrides: Readonly<Record<string, Limit>>): ReadonlyMap<string, Limit> {
  return new Map<string, Limit>([
    [`${surface.owner}.read`, DEFAULT_LIMITS.read],
    [`${surface.owner}.write`, DEFAULT_LIMITS.write],
    ['hot', DEFAULT_LIMITS.hot],
    ...Object.entries({ ...surface.limits, ...overrides }),
  ]);
}

/** The group that counts a route's requests (PF-09). */
export function limitGroupOf(
  surface: Surface,
  route: { method: string | string[]; config?: RouteOptions['config'] },
): string {
  if (route.config?.hot) return 'hot';
  if (route.config?.limit !== undefined) return route.config.limit;
  const reads = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD');
  return `${surface.owner}.${reads ? 'read' : 'write'}`;
}

/** Checks each route of a surface as it is registered (PF-01, PF-16, PF-07, PF-09) and prepares its schemas (PF-04). */
export function superviseRoutes(
  scope: FastifyInstance,
  surface: Surface,
  parts: { mounts: Mounts; authority: Authority; table: RouteTable; limits: ReadonlyMap<string, Limit> },
): void {
  const actions = new Set(parts.authority.actions());
  scope.addHook('onRoute', (route) => {
    const name = `${[route.method].flat().join(',')} ${route.url}`;
    const fail = (fault: string): never => {
      throw new RouteFault(`${surface.owner}: ${name} ${fault}`);
    };
    const action = route.config?.action;
    if (action === undefined) return fail('names no action (PF-16)');
    if (action !== 'public' && !actions.has(action))
      return fail(`names the action ${action}, which nobody defined (PF-16)`);
    const mount = parts.mounts.ownerOf(route.url);
    if (mount?.surface !== surface || mount.page) return fail('is not below a path that the surface owns (PF-01)');
    const limit = limitGroupOf(surface, route);
    if (!parts.limits.has(limit)) return fail(`names the rate-limit group ${limit}, which nobody defined (PF-09)`);
    if (
      route.config?.hot &&
      (action !== 'public' || [route.method].flat().some((method) => method !== 'GET' && method !== 'HEAD'))
    ) {
      return fail('is hot but no public GET (PF-07)');
    }
    prepareSchemas(route, route.config?.unknownFields ?? surface.unknownFields ?? 'refuse');
    route.schema = { tags: [surface.owner], ...route.schema };
    for (const method of [route.method].flat())
      parts.table.add({ owner: surface.owner, method, url: route.url, action, limit });
  });
}
