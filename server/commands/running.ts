import { MODULES } from '../modules.ts';
import type { LoadedSettings } from '../platform/config/settings.ts';
import { findEmbeddedPostgres } from '../platform/database/embedded.ts';
import { createLogger } from '../platform/observability/logger.ts';
import { createPlatform, type Platform } from '../platform/platform.ts';
import { type RunningServer, startServer } from '../platform/server.ts';
import { systemPorts } from '../platform/system-ports.ts';
import { enabledModules } from './settings.ts';

/** Ctrl-C in a terminal reaches npm's whole group, and npm passes it on besides: signals this close together are one. */
const SAME_SIGNAL_MS = 500;

/** Opens the platform for a command, with all modules' tables. `attached`: on the embedded database of a running server. */
export async function openPlatform(loaded: LoadedSettings, version: string, attached = false): Promise<Platform> {
  const { platform: settings } = loaded;
  const log = createLogger({
    level: settings.LOG_LEVEL,
    readable: settings.NODE_ENV !== 'production' && process.stdout.isTTY === true,
  });
  return await createPlatform({
    settings,
    version,
    ports: systemPorts(log),
    migrationOwners: ['platform', ...MODULES.map((module) => module.name)],
    attached,
  });
}

/**
 * Opens the platform on the database of a running server (DESIGN 3.2): the operator's own, or the embedded one of the server that runs on `DATA_DIR`;
 * undefined when no server runs there.
 */
export async function openBeside(loaded: LoadedSettings, version: string): Promise<Platform | undefined> {
  const { platform: settings } = loaded;
  if (settings.DATABASE_URL !== null) return await openPlatform(loaded, version);
  const found = await findEmbeddedPostgres(settings.DATA_DIR);
  if (!found) return undefined;
  const url = new URL(`postgresql://${encodeURIComponent(found.user)}@localhost:${found.port}/${found.database}`);
  url.searchParams.set('host', found.host);
  return await openPlatform({ ...loaded, platform: { ...settings, DATABASE_URL: url.href } }, version, true);
}

/** Starts a server that ends by signal: the first asks it to finish, a second one ends the process at once (platform 1, "Exit"). */
export async function runServer(
  loaded: LoadedSettings,
  version: string,
  onStarted: (server: RunningServer) => Promise<void> | void,
): Promise<number> {
  const signals = listenForSignals();
  const platform = await openPlatform(loaded, version);
  const server = await startServer(platform, loaded, enabledModules(loaded));
  try {
    await onStarted(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const signal = await signals;
  platform.ports.log.info({ signal }, 'stopping');
  if (!(await isDoneWithin(loaded.platform.SHUTDOWN_GRACE_MS, server.stop()))) {
    platform.ports.log.warn('what was not finished in time is cut off');
  }
  platform.ports.log.flush?.();
  process.exit(0);
}

/** Whether `work` ends in time; whatever holds it up, the process must not outlast its grace (platform 1, "Exit"). */
async function isDoneWithin(limitMs: number, work: Promise<void>): Promise<boolean> {
  const { promise: isLate, resolve } = Promise.withResolvers<false>();
  const limit = setTimeout(resolve, limitMs, false);
  const isDone = await Promise.race([work.then(() => true), isLate]);
  clearTimeout(limit);
  return isDone;
}

function listenForSignals(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt = 0;
    const hear = (signal: NodeJS.Signals) => {
      if (firstAt === 0) {
        firstAt = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
        process.exit(130);
      }
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, hear);
  });
}
