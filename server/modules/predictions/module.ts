import { createServer } from 'node:http';
import type { ValuesOf } from '../../platform/config/setting-types.ts';
import type { ConsumerRunner } from '../../platform/events/consumers.ts';
import { attachUpgrades, createUpgradeDispatcher, type ExactUpgradeRoute } from '../../platform/http/upgrades.ts';
import type { LiveItem, ModuleDefinition, ModuleParts } from '../../platform/module.ts';
import { registerSocketMetrics } from '../../platform/observability/platform-metrics.ts';
import type { Platform } from '../../platform/platform.ts';
import { type Demo, startDemo } from './demo.ts';
import { RESOLVER_TOPICS } from './events.ts';
import { EventServer } from './feeds/event-server.ts';
import type { Match } from './feeds/match.ts';
import { MatchGames } from './feeds/match-games.ts';
import { PollingReader } from './feeds/polling.ts';
import { createPredictionsSurface } from './http/compose.ts';
import { carriesHandshake } from './realtime/gate.ts';
import { Operations } from './realtime/operations.ts';
import { describedTopics, predictionTopics } from './realtime/topics.ts';
import { OpcodeWire } from './realtime/wire.ts';
import { PREDICTION_ACTIONS } from './service/access.ts';
import type { ServiceDeps } from './service/deps.ts';
import { followChanges } from './service/invalidation.ts';
import { registerLedgerMetric } from './service/metrics.ts';
import { ConsumerProgress, RESOLVER_CONSUMER } from './service/progress.ts';
import { Resolver } from './service/resolver.ts';
import { createServices, type PredictionsServices } from './service/services.ts';
import { predictionsSettings, readPredictionsSettings } from './settings.ts';

const SWEEP_MS = 10_000;

/** Live prediction games: the module's front door (DESIGN 2). */
export const predictions: ModuleDefinition<typeof predictionsSettings> = {
  name: 'predictions',
  title: 'Predictions',
  path: '/predictions',
  settings: predictionsSettings,
  create: (platform, settings) => createPredictions(platform, settings).parts,
};

/** The module put together; `services` for the demo and for tests. */
export function createPredictions(
  platform: Platform,
  values: ValuesOf<typeof predictionsSettings>,
): { parts: ModuleParts; services: PredictionsServices } {
  const { database, ports, timers, authority, accounts } = platform;
  const settings = readPredictionsSettings(values);
  const deps: ServiceDeps = { database, ports, timers, authority, settings };
  const moved = new Set<Parameters<ConsumerRunner['onMoved']>[0]>();
  const progress = new ConsumerProgress({
    database,
    clock: ports.clock,
    runner: {
      onMoved: (fn) => {
        moved.add(fn);
        return () => moved.delete(fn);
      },
    },
  });
  const services = createServices(deps, {
    accounts,
    mailer: platform.outbox,
    publicUrl: platform.settings.PUBLIC_URL,
    progress,
    processId: platform.processId,
  });
  accounts.accounts.onRegistered((tx, account, arrival) => services.pregame.arrived(tx, account, arrival));
  accounts.signIn.onSignedIn((tx, account, arrival) => services.pregame.arrived(tx, account, arrival));
  const resolver = new Resolver({ ports, timers, expiryGraceMs: settings.expiryGraceMs });
  const wire = opcodeWire(platform, services);
  const upgrades = opcodeUpgrades(wire);
  const running = new Running(platform, services, wire, upgrades, settings.wsPort, values.poll_feeds);
  registerSocketMetrics(platform, 'opcode', wire.server);
  registerLedgerMetric(platform);
  return {
    services,
    parts: {
      actions: PREDICTION_ACTIONS,
      surfaces: [createPredictionsSurface(platform, services, { settings, providers: null })],
      topics: predictionTopics(ports),
      describedTopics,
      upgrades,
      consumers: [
        {
          role: 'resolver',
          definition: {
            name: RESOLVER_CONSUMER,
            topicPrefix: RESOLVER_TOPICS,
            handle: (step) => resolver.handle(step),
          },
          onMoved: (topic, seq) => {
            for (const fn of moved) fn(topic, seq);
          },
        },
      ],
      live: () => liveGames(services),
      start: () => running.start(),
      demo: () => running.startDemo(),
      stop: (limitMs) => running.stop(limitMs),
    },
  };
}

function opcodeWire(platform: Platform, services: PredictionsServices): OpcodeWire {
  const { deps, attendance, players } = services;
  return new OpcodeWire({
    services: deps,
    sessions: platform.accounts.sessions,
    attendance,
    enterPlayer: async (connection) => void (await players.enter(connection.principal)),
    sourcesOf: async (connection) => (await players.roles(connection.principal)).sources,
    feed: platform.feed,
    sockets: {
      ...platform.sockets,
      settings: { ...platform.sockets.settings, ...messageLimits(deps.settings.wsMaxMessageBytes) },
    },
    isBusHealthy: () => platform.bus.healthy(),
  });
}

/** A message above the limit gets 6605, one above twice the limit ends its connection (PF-76). */
function messageLimits(maxTextBytes: number) {
  return { maxTextBytes, maxMessageBytes: 2 * maxTextBytes };
}

/** The opcode wire at `/ws`, and at `/` for URLs that carry a handshake (PF-01, PF-62). */
function opcodeUpgrades(wire: OpcodeWire): ExactUpgradeRoute[] {
  const upgrade: ExactUpgradeRoute['upgrade'] = (request, socket, head) => wire.upgrade(request, socket, head);
  return [
    { name: 'opcode', path: '/ws', matches: () => true, upgrade },
    { name: 'opcode', path: '/', matches: (_path, query) => carriesHandshake(query), upgrade },
  ];
}

/** What runs while the server does. */
class Running {
  readonly #platform: Platform;
  readonly #services: PredictionsServices;
  readonly #wire: OpcodeWire;
  readonly #upgrades: readonly ExactUpgradeRoute[];
  readonly #wsPort: number;
  readonly #polledUrls: readonly string[];
  readonly #eventServer: EventServer;
  #demo: Demo | undefined;
  #following: { stop(): void } | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #second: ReturnType<typeof createServer> | undefined;

  constructor(
    platform: Platform,
    services: PredictionsServices,
    wire: OpcodeWire,
    upgrades: readonly ExactUpgradeRoute[],
    wsPort: number,
    polledUrls: readonly string[],
  ) {
    this.#platform = platform;
    this.#services = services;
    this.#wire = wire;
    this.#upgrades = upgrades;
    this.#wsPort = wsPort;
    this.#polledUrls = polledUrls;
    this.#eventServer = new EventServer({ events: services.events, ports: platform.ports });
  }

  async start(): Promise<void> {
    const { feed, hot, ports, opened } = this.#platform;
    // Nobody else can be alive on an embedded database: what a killed process left waits for its players from the first moment (WS10).
    if (opened.embedded !== null) await this.#services.attendance.dropOrphans(() => false);
    await this.#wire.start(new Operations(this.#services, this.#wire));
    this.#following = await followChanges(feed, hot, ports.log);
    await this.#services.watch.start();
    if (this.#wsPort !== 0) await this.#listenForUpgrades();
    const sweep = () =>
      void this.#sweepOnce().catch((error: unknown) =>
        ports.log.warn({ err: error }, 'housekeeping of predictions failed; the next round tries again'),
      );
    this.#sweep = setInterval(sweep, SWEEP_MS).unref();
    sweep();
    if (this.#platform.settings.ROLES.includes('events')) this.#pollFeeds();
  }

  async startDemo(): Promise<readonly string[]> {
    this.#demo = await startDemo({ platform: this.#platform, services: this.#services });
    return this.#demo.lines;
  }

  async stop(limitMs: number): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([this.#demo?.stop(), this.#eventServer.stop()]);
    this.#following?.stop();
    this.#second?.close();
    await this.#wire.stop(limitMs);
    await Promise.all([this.#services.bets.idle(), this.#services.watch.idle()]);
  }

  /** Feeds the operator has configured (section 7). */
  #pollFeeds(): void {
    const { deps } = this.#services;
    const games = new MatchGames({ deps, services: this.#services });
    const gameOf = (match: Match) => games.ensure(match, match.competition);
    this.#eventServer.start(this.#polledUrls.map((url) => new PollingReader({ url, ports: deps.ports, gameOf })));
  }

  /** Connections left by processes that died, predictions nobody came for, nonces nobody can use (WS6, WS10, PG3). */
  async #sweepOnce(): Promise<void> {
    const { presence } = this.#platform;
    const alive = await presence.livingProcesses();
    await this.#services.attendance.dropOrphans((processId) => alive.has(processId));
    await this.#services.attendance.sweepNonces();
    await this.#services.pregame.purgePending();
  }

  /** A second listener for upgrades only, on any path (PF-62). */
  async #listenForUpgrades(): Promise<void> {
    const { settings, ports } = this.#platform;
    const server = createServer((_request, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end();
    });
    const [first] = this.#upgrades;
    attachUpgrades(
      server,
      createUpgradeDispatcher([{ name: 'opcode', matches: () => true, upgrade: first!.upgrade }], { log: ports.log }),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: settings.HOST, port: this.#wsPort }, resolve);
    });
    this.#second = server;
  }
}

/** Games people can go to now, for the front page. */
async function liveGames(services: PredictionsServices): Promise<LiveItem[]> {
  const { games } = (await services.gameReads.overview({ kind: 'system', name: 'overview' })) as { games: LiveGame[] };
  return games.slice(0, 5).map((game) => ({
    title: game.name,
    path: `/predictions/games/${game.game_id}`,
    status: game.status,
    detail: game.score.map((entry) => `${entry.display_name} ${entry.count}`).join(' : '),
  }));
}

interface LiveGame {
  game_id: string;
  name: string;
  status: string;
  score: { display_name: string; count: number }[];
}
