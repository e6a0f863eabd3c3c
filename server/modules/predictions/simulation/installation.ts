import { pino } from 'pino';
import { asset } from '../../../platform/config/asset.ts';
import { openPool } from '../../../platform/database/pool.ts';
import { ManualClock } from '../../../platform/testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../../platform/testing/database.ts';
import { SeededRandom } from '../../../platform/testing/random.ts';
import { AttendanceService } from '../service/attendance.ts';
import { ChatService } from '../service/chat.ts';
import type { PredictionsSettings } from '../service/deps.ts';
import { TestProcess } from '../service/testing-process.ts';
import { type FaultRates, SeededFaults } from './faults.ts';

const CONNECTIONS = 8;
/** What servers say of injected faults and of crashes. */
const INJECTED = /injected|database is away|cannot be reached|terminat|connection|after calling end/i;

type Pool = TestDatabase['pool'];

/** One server of the installation, with connections of its own that a crash tears. */
export class SimulatedProcess {
  readonly name: string;
  readonly services: TestProcess;
  readonly attendance: AttendanceService;
  readonly chat: ChatService;
  readonly faults: SeededFaults;
  readonly pool: Pool;
  readonly died: Promise<'died'>;
  isDead = false;
  #die: (how: 'died') => void = () => undefined;

  constructor(options: {
    name: string;
    seed: string;
    pool: Pool;
    clock: ManualClock;
    settings: Partial<PredictionsSettings>;
    tell(line: string): void;
  }) {
    const { name, seed, pool, clock, settings } = options;
    this.name = name;
    this.pool = pool;
    this.faults = new SeededFaults(new SeededRandom(`${seed}/${name}/faults`));
    this.services = new TestProcess({
      store: { url: '', pool, drop: async () => undefined },
      clock,
      seed: `${seed}/${name}`,
      settings,
      faults: this.faults,
    });
    this.services.ports.log = pino({ level: 'error' }, { write: options.tell });
    this.attendance = new AttendanceService(this.services.deps, this.services.ports.ids.uuid());
    this.chat = new ChatService(this.services.deps);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  start(): void {
    this.services.runner.start();
    this.services.timers.start();
  }

  /** Ends it without a farewell: its connections are torn, whatever it was doing. Nothing of it is waited for. */
  async kill(control: Pool): Promise<void> {
    this.isDead = true;
    this.#die('died');
    // From here on its code finds no database; a dead process runs no code at all.
    void this.pool.end();
    void this.services.runner.stop().catch(() => undefined);
    void this.services.timers.stop().catch(() => undefined);
    this.services.progress.stop();
    await control.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      this.name,
    ]);
  }

  async stop(): Promise<void> {
    await this.services.stop();
    await this.pool.end();
  }
}

/** Several servers on one real database, under one clock. */
export class Installation {
  readonly seed: string;
  readonly clock = new ManualClock();
  readonly settings: Partial<PredictionsSettings>;
  readonly store: TestDatabase;
  /** Errors that servers have logged, other than those of injected faults. */
  readonly complaints: string[] = [];
  processes: SimulatedProcess[] = [];
  #started = 0;
  #rates: FaultRates | undefined;

  private constructor(seed: string, store: TestDatabase, settings: Partial<PredictionsSettings>) {
    this.seed = seed;
    this.store = store;
    this.settings = settings;
  }

  static async open(seed: string, settings: Partial<PredictionsSettings>): Promise<Installation> {
    const store = await createTestDatabase({
      migrationsFolder: asset('server/migrations'),
      owners: ['platform', 'predictions'],
    });
    return new Installation(seed, store, settings);
  }

  /** Starts one more server. */
  boot(): SimulatedProcess {
    const name = `simulation-${++this.#started}`;
    const url = new URL(this.store.url);
    // The machine stays up in a simulation: what PostgreSQL has acknowledged is there, synced or not.
    url.searchParams.set('options', '-c synchronous_commit=off');
    const pool = openPool(
      { connectionString: url.toString() },
      { max: CONNECTIONS, onIdleError: () => undefined, applicationName: name },
    );
    const { seed, clock, settings } = this;
    const process = new SimulatedProcess({
      ...{ name, seed, pool, clock, settings },
      tell: (line) => this.#hear(line),
    });
    if (this.#rates) process.faults.rates = this.#rates;
    this.processes.push(process);
    process.start();
    return process;
  }

  /** Sets the faults of all servers, also of those to come. */
  setFaults(rates: FaultRates): void {
    this.#rates = rates;
    for (const process of this.processes) process.faults.rates = rates;
  }

  async crash(process: SimulatedProcess): Promise<void> {
    this.processes = this.processes.filter((other) => other !== process);
    await process.kill(this.store.pool);
  }

  /** Tears one connection of a server, in the middle of whatever it does. */
  async tearConnection(process: SimulatedProcess): Promise<void> {
    await this.store.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and state <> 'idle' order by pid limit 1`,
      [process.name],
    );
  }

  /** Lets every Resolver work until none finds anything to do at this instant. */
  async settle(): Promise<void> {
    await Promise.all(
      this.processes.map((process) =>
        Promise.race([process.died, Promise.all([process.services.runner.idle(), process.services.timers.idle()])]),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    await this.store.drop();
  }

  #hear(line: string): void {
    const { msg, err } = JSON.parse(line) as { msg: string; err?: { message: string } };
    if (!INJECTED.test(err?.message ?? msg)) this.complaints.push(line.trim());
  }
}
