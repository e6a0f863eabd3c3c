import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError, Unauthenticated } from '../errors.ts';
import { isLoopback } from '../http/address.ts';
import type { Surface } from '../http/types.ts';
import type { Metrics } from './metrics.ts';
import { renderReference } from './reference.ts';

/** One part of readiness: resolves when the part works, with a word about it if there is one to say. */
export type ReadinessCheck = () => Promise<string | undefined>;

/** A check that takes longer than this has failed. */
const CHECK_TIMEOUT_MS = 2000;

export interface ObservabilityOptions {
  /** Database, migrations, bus, ... by name (PF-02). */
  checks: Readonly<Record<string, ReadinessCheck>>;
  metrics: Metrics;
  /** METRICS_TOKEN; null = only the machine itself may scrape. */
  metricsToken: string | null;
  /** True while the server stops: it is not ready, though it still answers. */
  stopping(): boolean;
  openapi(): object;
  asyncapi(): object;
}

/** Probes, metrics and the machine-readable descriptions (PF-02). */
export function observabilitySurface(options: ObservabilityOptions): Surface {
  return {
    owner: 'platform',
    paths: ['=/healthz', '=/readyz', '=/metrics', '=/openapi.json', '=/asyncapi.json', '=/reference'],
    routes(app: FastifyInstance) {
      const open = { config: { action: 'public' } };
      app.get(
        '/healthz',
        open,
        async (_request, reply) => await reply.header('Cache-Control', 'no-store').send({ status: 'ok' }),
      );
      app.get('/readyz', open, async (_request, reply) => {
        const state = await readiness(options);
        return await reply
          .code(state.ready ? 200 : 503)
          .header('Cache-Control', 'no-store')
          .send(state);
      });
      app.get('/metrics', open, async (request, reply) => {
        requireScraper(request, options.metricsToken);
        return await reply.type(options.metrics.registry.contentType).send(await options.metrics.text());
      });
      app.get('/openapi.json', open, async () => options.openapi());
      app.get('/asyncapi.json', open, async () => options.asyncapi());
      // The routes are known before the first request and never change.
      let reference: string | undefined;
      app.get('/reference', open, async (_request, reply) => {
        reference ??= renderReference(options.openapi());
        return await reply.type('text/html; charset=utf-8').send(reference);
      });
    },
  };
}

/** State of each part, as `/readyz` and `doctor` show it. */
export async function readiness(options: Pick<ObservabilityOptions, 'checks' | 'stopping'>) {
  const entries = await Promise.all(
    Object.entries(options.checks).map(async ([name, check]) => [name, await outcome(check)] as const),
  );
  const parts = Object.fromEntries(entries);
  const stopping = options.stopping();
  return { ready: !stopping && entries.every(([, part]) => part.ok), stopping, parts };
}

async function outcome(check: ReadinessCheck): Promise<{ ok: boolean; detail?: string }> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('timeout')), CHECK_TIMEOUT_MS);
  try {
    const detail = await Promise.race([check(), promise]);
    return detail === undefined ? { ok: true } : { ok: true, detail };
  } catch (error) {
    // Probes are open to anybody: only our own words may leave (PF-05).
    return { ok: false, detail: error instanceof DomainError ? error.message : 'does not answer' };
  } finally {
    clearTimeout(timer);
  }
}

/** Loopback without a proxy in between, or the token (platform 1.1). */
function requireScraper(request: FastifyRequest, token: string | null): void {
  const { headers } = request;
  const proxied = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  if (isLoopback(request.address) && !proxied) return;
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (token !== null && given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  throw new Unauthenticated(
    'metrics_token_required',
    'Metrics are for this machine or the holder of the metrics token.',
  );
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
