import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { PostgresDatabase } from '../database/database.ts';
import type { DatabaseFaults } from '../database/types.ts';
import { TopicFeed } from '../events/feed.ts';
import { createMemoryBus } from '../events/memory-bus.ts';
import type { Bus, LoggedEvent } from '../events/types.ts';
import type { Ports } from '../ports.ts';
import { ManualClock } from './clock.ts';
import { createTestDatabase } from './database.ts';
import { SeededRandom } from './random.ts';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));

export interface TestCore {
  url: string;
  ports: Ports & { clock: ManualClock; random: SeededRandom };
  database: PostgresDatabase;
  feed: TopicFeed;
  /** Events of this process in order of commit. */
  committed: LoggedEvent[];
  /** Another process on the same database. */
  another(bus?: Bus): TestCore;
  close(): Promise<void>;
}

export interface TestCoreOptions {
  owners?: readonly string[];
  faults?: DatabaseFaults;
  bus?: Bus;
  seed?: string;
  nowMs?: number;
  log?: Ports['log'];
}

/** The database, clock and feed of one process on a fresh database; everything a service test stands on. */
export async function createTestCore(options: TestCoreOptions = {}): Promise<TestCore> {
  const test = await createTestDatabase({
    migrationsFolder: MIGRATIONS_FOLDER,
    owners: options.owners ?? ['platform'],
  });
  const core = assemble(test.url, test.pool, options);
  return {
    ...core,
    async close() {
      core.feed.stop();
      await test.drop();
    },
  };
}

function assemble(
  url: string,
  pool: ConstructorParameters<typeof PostgresDatabase>[0]['pool'],
  options: TestCoreOptions,
): TestCore {
  const random = new SeededRandom(options.seed ?? url);
  const ports = {
    clock: new ManualClock(options.nowMs),
    random,
    ids: random,
    log: options.log ?? pino({ level: process.env.TEST_LOG ?? 'silent' }),
  };
  const committed: LoggedEvent[] = [];
  const feed: { current?: TopicFeed } = {};
  const database = new PostgresDatabase({
    ports,
    pool,
    faults: options.faults,
    onEvents: (events) => {
      committed.push(...events);
      feed.current?.committed(events);
    },
    onDeadlock: (name, error) => {
      throw new Error(`deadlock in ${name}: the lock order is broken (DESIGN M3)`, { cause: error });
    },
  });
  feed.current = new TopicFeed({
    epoch: 'test',
    database,
    bus: options.bus ?? createMemoryBus(),
    clock: ports.clock,
    log: ports.log,
  });
  return {
    url,
    ports,
    database,
    feed: feed.current,
    committed,
    another: (bus) => assemble(url, pool, { ...options, bus, faults: undefined, seed: `${url}/another` }),
    close: async () => feed.current?.stop(),
  };
}
