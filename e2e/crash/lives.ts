import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findEmbeddedPostgres } from '../../server/platform/database/embedded.ts';
import { openStage, type Stage } from '../support/match.ts';
import type { OpcodeClient } from '../support/opcode-client.ts';
import { People, type Person } from '../support/people.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/waiting.ts';

/** Any number: what commits wait for is the test's alone. */
const GATE = 4_711;

/** One installation on its embedded PostgreSQL through several lives of its server, with a hand inside the database that holds it at exact points. */
export class Lives {
  readonly #folder = mkdtempSync(join(tmpdir(), 'greenroom-lives-'));
  server!: TestServer;
  people!: People;
  stage!: Stage;
  /** The test's own session. */
  #hand!: pg.Client;

  static async begin(): Promise<Lives> {
    const lives = new Lives();
    lives.server = await lives.#start();
    lives.people = new People(lives.server, {
      query: (sql: string, params: unknown[]) => lives.#hand.query(sql, params),
    } as never);
    lives.stage = await openStage(lives.people);
    return lives;
  }

  async rows<Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> {
    return (await this.#hand.query(sql, params)).rows as Row[];
  }

  /** The first number of the first row. */
  async count(sql: string, params: unknown[] = []): Promise<number> {
    const [row] = await this.rows<{ n: string }>(sql, params);
    return Number(row!.n);
  }

  /** Holds rows against the server until `letGo`. */
  async hold(sql: string, params: unknown[] = []): Promise<void> {
    await this.#hand.query('begin');
    await this.#hand.query(`${sql} for update`, params);
  }

  async letGo(): Promise<void> {
    await this.#hand.query('rollback');
  }

  /** From now on a commit that has changed `table` waits, until `openGate`. */
  async closeGate(table: string, event: 'insert' | 'update'): Promise<void> {
    await this.#hand.query(`
      create function gate() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(${GATE}); return null; end $$;
      create constraint trigger gate after ${event} on ${table} deferrable initially deferred for each row execute function gate();
      select pg_advisory_lock(${GATE})`);
  }

  async openGate(table: string): Promise<void> {
    await this.#hand.query(`select pg_advisory_unlock(${GATE})`);
    // Waits for those who were at the gate: the table is theirs until they have committed.
    await this.#hand.query(`drop trigger gate on ${table}; drop function gate()`);
  }

  /** Waits until a session of the server waits for what is held here. */
  async someoneWaits(): Promise<void> {
    await until('a session of the server waits', async () => {
      return (
        (await this.count(
          `select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'greenroom'`,
        )) > 0
      );
    });
  }

  /** SIGKILL to the server. Its PostgreSQL lives on, with the sessions that it has left. */
  async kill(): Promise<void> {
    await this.server.kill();
  }

  /** Waits until no session of a killed server does anything more. */
  async sessionsAreOver(): Promise<void> {
    await until('the sessions of the dead are over', async () => {
      return (
        (await this.count(`select count(*) as n from pg_stat_activity where application_name = 'greenroom'`)) === 0
      );
    });
  }

  /** The next life, and the admin's connection in it. */
  async live(): Promise<OpcodeClient> {
    this.#hand.removeAllListeners('error').on('error', () => undefined);
    this.server = await this.#start();
    this.people.server = this.server;
    this.stage.console = await this.stage.admin.connect();
    return this.stage.console;
  }

  async player(name: string): Promise<{ person: Person; client: OpcodeClient }> {
    const person = await this.people.signUp(name);
    return { person, client: await person.connect() };
  }

  async end(): Promise<void> {
    await this.#hand.end();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<TestServer> {
    const server = await startServer({ dataDir: this.#folder });
    const connection = await findEmbeddedPostgres(this.#folder);
    this.#hand = new pg.Client({ ...connection, application_name: 'hand' });
    this.#hand.on('error', () => undefined);
    await this.#hand.connect();
    return server;
  }
}
