import type { FastifyInstance } from 'fastify';
import type { Surface } from './http/types.ts';
import type { LiveItem, ModuleDefinition, ModuleParts } from './module.ts';
import type { Platform } from './platform.ts';

export interface Overview {
  version: string;
  modules: { name: string; title: string; path: string; live: LiveItem[] }[];
  /** Nobody administers this installation yet. */
  first_run: boolean;
}

/** What is live in every module, for the front page (PF-61). A module that fails to say is shown with nothing. */
export function createOverview(
  platform: Platform,
  definitions: readonly ModuleDefinition[],
  modules: ReadonlyMap<string, ModuleParts>,
): () => Promise<Overview> {
  return async () => {
    const live = await Promise.all(
      definitions.map(async ({ name, title, path }) => {
        const items = await modules
          .get(name)!
          .live()
          .catch((error: unknown) => {
            platform.ports.log.warn({ err: error, module: name }, 'a module could not say what is live');
            return [];
          });
        return { name, title, path, live: items };
      }),
    );
    const admins = await platform.database.query(
      `select 1 as one from accounts where 'superuser' = any (grants) and state = 'active' limit 1`,
    );
    return { version: platform.version, modules: live, first_run: admins.length === 0 };
  };
}

/** `GET /account/api/overview`: the same for the console. */
export function overviewSurface(overview: () => Promise<Overview>): Surface {
  return {
    owner: 'platform',
    paths: ['=/account/api/overview'],
    routes(app: FastifyInstance) {
      app.get(
        '/account/api/overview',
        { config: { action: 'public', hot: { tags: () => ['overview'], maxAgeMs: 2_000 } } },
        overview,
      );
    },
  };
}
