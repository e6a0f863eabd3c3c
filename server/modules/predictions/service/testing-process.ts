import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createAuthority } from '../../../platform/accounts/authority.ts';
import { PostgresDatabase } from '../../../platform/database/database.ts';
import type { Database, DatabaseFaults } from '../../../platform/database/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import { ConsumerRunner } from '../../../platform/events/consumers.ts';
import { Timers } from '../../../platform/jobs/timers.ts';
import type { Ports } from '../../../platform/ports.ts';
import type { ManualClock } from '../../../platform/testing/clock.ts';
import type { TestDatabase } from '../../../platform/testing/database.ts';
import { SeededRandom } from '../../../platform/testing/random.ts';
import { RESOLVER_TOPICS } from '../events.ts';
import { PREDICTION_ACTIONS } from './access.ts';
import { BetService } from './bets.ts';
import { ClosingService } from './closing.ts';
import type { PredictionsSettings, ServiceDeps } from './deps.ts';
import { GameReads } from './game-reads.ts';
import { GameService } from './games.ts';
import { ParkedPools } from './parked-pools.ts';
import { PoolReads } from './pool-reads.ts';
import { PoolService } from './pools.ts';
import { ConsumerProgress, RESOLVER_CONSUMER } from './progress.ts';
import { EventService } from './registration.ts';
import { Resolver } from './resolver.ts';
import { SourceService } from './sources.ts';

/** Settings of the contract (2.1). */
export const TEST_SETTINGS: PredictionsSettings = {
  sessionKeyTtlMs: 86_400_000,
  reconnectWindowMs: 900_000,
  requireLogon: false,
  adminOpsNeedAdminKey: false,
  recoveryCodeTtlMs: 3_600_000,
  wsPort: 0,
  chatMaxChars: 500,
  keysPerUser: 10,
  initialGrant: 100_000n,
  currencies: ['DON'],
  limits: { minBet: 1n, maxBet: null },
  maxGameAdmins: 10,
  expiryGraceMs: 0,
  eventFutureSkewMs: 5_000,
  legacyPlacedAtSeconds: false,
  wsMaxMessageBytes: 65_536,
};

/** The Resolver's transactions, by name. */
const RESOLVERS_COMMITS = /^predictions\.(resolver|settle|close\.(begin|end))/;

/** A plug that is pulled before a commit of the Resolver: its process writes nothing from then on. */
export class Plug implements DatabaseFaults {
  process: TestProcess | undefined;
  isOut = false;
  #commitsLeft: number;

  constructor(commits: number) {
    this.#commitsLeft = commits;
  }

  beforeCommit(name: string): void {
    if (!this.isOut && RESOLVERS_COMMITS.test(name) && --this.#commitsLeft < 0) {
      this.isOut = true;
      void this.process?.runner.stop();
    }
    if (this.isOut) throw new Unavailable('power', 'The power is out.');
  }
}

/** One running server over a test database, without its edges: services and the Resolver. */
export class TestProcess {
  readonly clock: ManualClock;
  readonly ports: Ports;
  readonly database: Database;
  readonly timers: Timers;
  readonly runner: ConsumerRunner;
  readonly progress: ConsumerProgress;
  readonly deps: ServiceDeps;
  readonly sources: SourceService;
  readonly games: GameService;
  readonly gameReads: GameReads;
  readonly pools: PoolService;
  readonly poolReads: PoolReads;
  readonly parkedPools: ParkedPools;
  readonly closing: ClosingService;
  readonly events: EventService;
  readonly bets: BetService;

  constructor(options: {
    store: TestDatabase;
    clock: ManualClock;
    seed: string;
    settings?: Partial<PredictionsSettings>;
    faults?: DatabaseFaults;
  }) {
    const random = new SeededRandom(options.seed);
    const log = pino({ level: process.env.GREENROOM_TEST_LOG ?? 'silent' });
    const ports: Ports = { clock: options.clock, random, ids: random, log };
    const owner = random.uuid();
    const settings = { ...TEST_SETTINGS, ...options.settings };
    this.clock = options.clock;
    this.ports = ports;
    this.database = new PostgresDatabase({
      ports,
      pool: options.store.pool,
      faults: options.faults,
      onEvents: (events) => {
        for (const event of events) this.runner.hint(event.topic);
      },
      onDeadlock: (name, error) => assert.fail(`deadlock in ${name}: ${String(error)}`),
    });
    this.timers = new Timers({ ports, database: this.database, owner });
    const resolver = new Resolver({ ports, timers: this.timers, expiryGraceMs: settings.expiryGraceMs });
    this.runner = new ConsumerRunner({
      definition: { name: RESOLVER_CONSUMER, topicPrefix: RESOLVER_TOPICS, handle: (step) => resolver.handle(step) },
      ports,
      database: this.database,
      owner,
    });
    this.timers.onSet((stream, dueAt) => {
      if (stream !== null) this.runner.hintTimer(stream, dueAt);
    });
    this.progress = new ConsumerProgress({ database: this.database, clock: this.clock, runner: this.runner });
    const authority = createAuthority();
    authority.define(PREDICTION_ACTIONS);
    this.deps = { database: this.database, ports, timers: this.timers, authority, settings };
    this.sources = new SourceService(this.deps);
    this.games = new GameService(this.deps);
    this.gameReads = new GameReads(this.deps);
    this.pools = new PoolService(this.deps);
    this.poolReads = new PoolReads(this.deps, this.gameReads);
    this.parkedPools = new ParkedPools(this.deps);
    this.closing = new ClosingService(this.deps, this.progress);
    this.events = new EventService(this.deps);
    this.bets = new BetService({ database: this.database, ports, limits: settings.limits, legacySeconds: false });
  }

  async stop(): Promise<void> {
    this.progress.stop();
    await this.bets.idle();
    await this.runner.stop();
    await this.timers.stop();
  }
}
