import { resolve } from 'node:path';
import { pino } from 'pino';
import { createSecrets } from '../config/secrets.ts';
import { PostgresDatabase } from '../database/database.ts';
import { openPool } from '../database/pool.ts';
import { TopicFeed } from '../events/feed.ts';
import { createMemoryBus } from '../events/memory-bus.ts';
import type { LoggedEvent } from '../events/types.ts';
import { Outbox } from '../mail/outbox.ts';
import type { Mail } from '../mail/types.ts';
import { ManualClock } from '../testing/clock.ts';
import { createTestDatabase } from '../testing/database.ts';
import { SeededRandom } from '../testing/random.ts';
import { type AccountServices, createAccountServices } from './compose.ts';

const MIGRATIONS = resolve(import.meta.dirname, '../../migrations');
/** Cheap on purpose: tests hash often. */
const TEST_PASSWORDS = { parameters: { memoryKiB: 64, passes: 1, lanes: 1 } };

/** One server process of a test installation. */
export interface TestProcess extends AccountServices {
  database: PostgresDatabase;
  feed: TopicFeed;
  outbox: Outbox;
  stop(): Promise<void>;
}

export interface TestInstallation {
  clock: ManualClock;
  secrets: ReturnType<typeof createSecrets>;
  /** Letters delivered so far. */
  mails: Mail[];
  /** Another process on the same database. Without a bus, so that it hears of others by comparing heads (DESIGN M7). */
  startProcess(options?: { cacheFreshMs?: number; hashesAtOnce?: number }): Promise<TestProcess>;
  stop(): Promise<void>;
}

/** An installation with a database of its own, for tests of accounts. */
export async function startInstallation(seed: string): Promise<TestInstallation> {
  const testDatabase = await createTestDatabase({ migrationsFolder: MIGRATIONS, owners: ['platform'] });
  const clock = new ManualClock();
  const secrets = createSecrets('a secret of tests, long enough to be one');
  const mails: Mail[] = [];
  const processes: TestProcess[] = [];
  return {
    clock,
    secrets,
    mails,
    async startProcess(options = {}) {
      const random = new SeededRandom(`${seed}/${processes.length}`);
      const ports = { clock, random, ids: random, log: pino({ level: 'silent' }) };
      const pool = openPool({ connectionString: testDatabase.url }, { max: 8, onIdleError: () => undefined });
      let committed: (events: readonly LoggedEvent[]) => void = () => undefined;
      const deadlock = (name: string) => {
        throw new Error(`deadlock in ${name}`);
      };
      const database = new PostgresDatabase({
        ports,
        pool,
        onEvents: (events) => committed(events),
        onDeadlock: deadlock,
      });
      const feed = new TopicFeed({
        epoch: 'test',
        database,
        bus: createMemoryBus(),
        clock,
        log: ports.log,
      });
      committed = (events) => feed.committed(events);
      const delivery = { deliver: async (mail: Mail) => void mails.push(mail) };
      const outbox = new Outbox({ database, ports, secrets, delivery });
      const services = createAccountServices({
        database,
        ports,
        secrets,
        mailer: outbox,
        publicUrl: 'https://room.example',
        passwords: { ...TEST_PASSWORDS, hashesAtOnce: options.hashesAtOnce },
        sessionCache: { freshMs: options.cacheFreshMs },
      });
      await services.access.start(feed);
      const process: TestProcess = {
        ...services,
        database,
        feed,
        outbox,
        async stop() {
          services.access.stop();
          feed.stop();
          await pool.end();
        },
      };
      processes.push(process);
      return process;
    },
    async stop() {
      for (const process of processes) await process.stop();
      await testDatabase.drop();
    },
  };
}

/** Registers through the platform and opens a web session. */
export async function registerPerson(
  process: TestProcess,
  person: { username: string; email?: string; password?: string },
): Promise<{ id: string; username: string; secret: string; sessionId: string }> {
  const { username, email = `${username}@example.org`, password = 'correct horse' } = person;
  const { account, opened } = await process.accounts.register(
    { username, email, password, arrival: { through: 'platform' } },
    (tx, made) =>
      process.sessions.issue(tx, {
        accountId: made.id,
        kind: 'web',
        ttlMs: 86_400_000,
        address: '192.0.2.1',
        agent: 'test',
      }),
  );
  return { id: account.id, username, secret: opened.secret, sessionId: opened.id };
}
