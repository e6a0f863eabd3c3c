import type { FastifyInstance } from 'fastify';
import type { Surface } from '../../../platform/http/types.ts';
import { ACCOUNT_LIMITS, type AccountRoutes, addAccountRoutes } from './accounts.ts';
import { addConsoleRoutes, type ConsoleRoutes } from './console.ts';
import type { Credentials } from './credentials.ts';
import { presentPredictionsError } from './errors.ts';
import { addGameRoutes, type GameRoutes } from './games.ts';
import { addPlayerRoutes, type PlayerRoutes } from './players.ts';

/** Everything the routes of the module work with. */
export interface PredictionsHttp {
  credentials: Credentials;
  accounts: AccountRoutes;
  games: GameRoutes;
  players: PlayerRoutes;
  console: ConsoleRoutes;
}

/** The module's place on the server: the documented routes under `/r` and `/i/r`, our own beside them (section 3, PF-01, 9.1). */
export function predictionsSurface(http: PredictionsHttp): Surface {
  const { credentials } = http;
  return {
    owner: 'predictions',
    paths: ['/r', '/predictions/api'],
    aliases: { '/i/r': '/r' },
    pages: ['=/i/play', '/predictions'],
    limits: ACCOUNT_LIMITS,
    unknownFields: 'ignore',
    presentError: presentPredictionsError,
    authenticate: (request) => credentials.authenticate(request),
    checkCsrf: (request, principal) => credentials.checkXsrf(request, principal),
    routes(app: FastifyInstance) {
      app.addHook('onSend', async (request, reply, payload) => {
        // Ready answers are the same for everybody: they carry no cookie.
        if (request.routeOptions.config.hot) return payload;
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
        credentials.renewXsrf(request, reply);
        return payload;
      });
      addAccountRoutes(app, http.accounts);
      addGameRoutes(app, http.games);
      addPlayerRoutes(app, http.players);
      addConsoleRoutes(app, http.console);
    },
  };
}
