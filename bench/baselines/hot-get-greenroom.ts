import { pino } from 'pino';
import { createAuthority } from '../../server/platform/accounts/authority.ts';
import { HotCache } from '../../server/platform/cache/hot.ts';
import { createHttpServer } from '../../server/platform/http/server.ts';
import { Metrics } from '../../server/platform/observability/metrics.ts';
import { systemPorts } from '../../server/platform/system-ports.ts';

/** The measured side of hot-get.ts: the platform's HTTP server with one hot route that answers the bytes in `BODY`. Tells its port over IPC, and its CPU time when asked. */
const body = Buffer.from(process.env.BODY ?? '', 'base64').toString();
const ports = systemPorts(pino({ level: 'info' }, pino.destination({ dest: '/dev/null', sync: false })));
const http = await createHttpServer({
  ports,
  version: '0.0.0',
  metrics: new Metrics({ process: true }),
  hot: new HotCache({ maxBytes: 64 * 1024 ** 2, clock: ports.clock }),
  site: { find: () => undefined, index: undefined },
  authority: createAuthority(),
  authenticate: async (request) => ({ kind: 'anonymous', address: request.address }),
  checkCsrf: () => undefined,
  idempotency: null,
  // Counted as always, only not refused.
  limits: { hot: { max: 1e9, windowMs: 60_000 } },
  settings: {
    ...{ HOST: '127.0.0.1', PORT: 0, PUBLIC_URL: 'http://127.0.0.1:8080', TRUSTED_PROXIES: [], CORS_ORIGINS: [] },
    ...{ RATE_LIMITS: true, TLS_CERT: null, TLS_KEY: null },
  },
  surfaces: [
    {
      owner: 'races',
      paths: ['/api/wager-races'],
      routes(app) {
        const config = { action: 'public', hot: { tags: () => ['race'], maxAgeMs: 3_600_000 } };
        app.get(
          '/api/wager-races/:id',
          { config },
          async (_request, reply) => await reply.type('application/json; charset=utf-8').send(body),
        );
      },
    },
  ],
});
const { port } = await http.listen();
process.send?.({ port });
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
