import type { FastifyInstance } from 'fastify';
import { Unavailable } from '../errors.ts';
import { replyReady } from './ready.ts';
import type { Site } from './site.ts';
import type { Surface } from './types.ts';

/** Pages that exist once, for all modules (PF-61). */
const PAGES = ['/sign-in', '/register', '/reset', '/settings', '/admin'];

/**
 * The root and the platform's pages (PF-61): `/` answers anybody with 200, the console, or `front()` as JSON when asked. `front` tells what is live
 * (`{name, version, modules}`).
 */
export function frontSurface(options: { site: Site; front(): Promise<object> }): Surface {
  return {
    owner: 'platform',
    paths: ['=/', '/assets'],
    pages: PAGES,
    routes(app: FastifyInstance) {
      app.get('/', { config: { action: 'public' } }, async (request, reply) => {
        reply.header('Vary', 'Accept');
        const { accept } = request.headers;
        if (accept?.includes('application/json') && !accept.includes('text/html')) return await options.front();
        if (options.site.index) return await replyReady(request, reply, options.site.index);
        throw new Unavailable('unavailable', 'The console is not built yet.', 5000);
      });
    },
  };
}
