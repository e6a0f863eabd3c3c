import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom } from '../server/platform/testing/random.ts';
import { check, isAtRest, openBeside } from './crash/checker.ts';
import { strike, VICTIMS, type Victim } from './crash/disaster.ts';
import { readJournal } from './crash/journal.ts';
import type { LoadConfig, LoadProgress } from './crash/load.ts';
import { openStage } from './support/match.ts';
import { People } from './support/people.ts';
import { freePort, startServer, TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

/**
 * The server is killed again and again while clients write (PF-51, DESIGN 5).
 *   CRASH_KILLS=20 CRASH_WRITES=10000   size of the campaign, at least
 *   CRASH_SEED=seed                     the same victims again
 */
const KILLS = Number(process.env.CRASH_KILLS ?? 24);
const WRITES = Number(process.env.CRASH_WRITES ?? 10_000);
const SEED = process.env.CRASH_SEED ?? String(Date.now());
const PLAYERS = 16;
const CONNECTIONS_A_PLAYER = 3;
/** Every kind of kill falls at another moment of what a write goes through. */
const LONGEST_FUSE_MS = 60;
const LONGEST_START_MS = 700;
const PROGRESS_PATIENCE_MS = 60_000;

/** One installation in one folder, on one port, through all its lives. */
class Campaign {
  readonly folder = mkdtempSync(join(tmpdir(), 'greenroom-crash-'));
  readonly #dataDir = mkdtempSync(join(this.folder, 'data-'));
  readonly struck = new Map<Victim, number>();
  readonly #random = new SeededRandom(SEED);
  readonly #port: number;
  #deck: Victim[] = [];
  server: TestServer | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  get journal(): string {
    return join(this.folder, 'journal');
  }

  async start(): Promise<TestServer> {
    this.server = await startServer(this.#options());
    return this.server;
  }

  get kills(): number {
    return [...this.struck.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Kills something after a moment, and starts what does not come back by itself. */
  async strike(): Promise<void> {
    const victim = this.#draw();
    await pause(this.#random.below(LONGEST_FUSE_MS));
    const hit = await strike(victim, this.server!, this.#random);
    if (hit === undefined) return;
    this.#count(hit);
    if (hit === 'postmaster' || hit === 'backend') return;
    await this.server!.ended;
    if (hit === 'starting') {
      const starting = new TestServer(['start'], this.#options());
      await pause(this.#random.below(LONGEST_START_MS));
      await starting.kill();
    }
    await this.start();
  }

  async end(): Promise<void> {
    if (this.server && !this.server.hasEnded) await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Every kind once, in a new order each time. */
  #draw(): Victim {
    if (this.#deck.length === 0) this.#deck = VICTIMS.toSorted(() => this.#random.fraction() - 0.5);
    return this.#deck.pop()!;
  }

  #options() {
    return { dataDir: this.#dataDir, env: { PORT: String(this.#port), LOG_LEVEL: 'error' } };
  }

  #count(victim: Victim): void {
    this.struck.set(victim, (this.struck.get(victim) ?? 0) + 1);
  }
}

/** The load's process and how far it is. */
class Load {
  readonly child: ChildProcess;
  acknowledged = 0;

  constructor(config: LoadConfig, folder: string) {
    const file = join(folder, 'load.json');
    writeFileSync(file, JSON.stringify(config));
    this.child = fork(join(import.meta.dirname, 'crash/load.ts'), [file]);
    this.child.on('message', (progress: LoadProgress) => {
      this.acknowledged = progress.acknowledged;
    });
  }

  async reaches(acknowledged: number): Promise<void> {
    const check = () => {
      assert.equal(this.child.exitCode, null, 'the load has ended');
      return this.acknowledged >= acknowledged;
    };
    await until(`${acknowledged} writes are acknowledged`, check, PROGRESS_PATIENCE_MS);
  }

  async finish(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.send('finish');
    assert.equal((await ended)[0], 0, 'the load failed');
  }
}

/** Opens the stage: people and a source, and how the load logs in as them. */
async function castOf(
  campaign: Campaign,
  server: TestServer,
): Promise<Pick<LoadConfig, 'admin' | 'players' | 'sourceId'>> {
  const database = await openBeside(server.dataDir);
  const people = new People(server, {
    query: async (sql: string, params: unknown[]) => ({ rows: await database.query(sql, params) }),
  } as never);
  const stage = await openStage(people);
  const players: LoadConfig['players'] = [];
  for (let i = 0; i < PLAYERS; i++) {
    const player = await people.signUp(`player-${i}`);
    players.push({ id: player.id, key: player.sessionKey });
  }
  await people.disperse();
  await database.close();
  assert.equal(campaign.server, server);
  return { admin: { id: stage.admin.id, key: stage.admin.sessionKey }, players, sourceId: stage.sourceId };
}

async function inspect(t: TestContext, campaign: Campaign): Promise<void> {
  const database = await openBeside(campaign.server!.dataDir);
  try {
    await until('everything is worked through', () => isAtRest(database), PROGRESS_PATIENCE_MS);
    const findings = await check(database, readJournal(campaign.journal));
    const struck = [...campaign.struck].map(([victim, n]) => `${n} ${victim}`).join(', ');
    t.diagnostic(`seed ${SEED}: ${campaign.kills} kills (${struck}), ${findings.acknowledged} acknowledged writes`);
    t.diagnostic(
      `${findings.sentAgain} were sent again; ${findings.committedUnheard} of them had been committed without an answer`,
    );
    t.diagnostic(
      `${findings.followed} events came to subscribers, who came back after every kill: each once, in order`,
    );
    assert.deepEqual(findings.faults, []);
    assert.ok(findings.acknowledged >= WRITES, `${findings.acknowledged} writes are too few`);
  } finally {
    await database.close();
  }
}

test(`PF-51: ${KILLS} kills under ${WRITES} acknowledged writes lose nothing and double nothing`, async (t) => {
  const campaign = new Campaign(await freePort());
  let load: Load | undefined;
  try {
    const cast = await castOf(campaign, await campaign.start());
    const { wsUrl, journal } = campaign;
    load = new Load({ wsUrl, journal, seed: SEED, hands: CONNECTIONS_A_PLAYER, ...cast }, campaign.folder);
    while (campaign.kills < KILLS) {
      await load.reaches(
        load.acknowledged + Math.ceil((WRITES - load.acknowledged) / Math.max(KILLS - campaign.kills, 1) / 1.05),
      );
      await campaign.strike();
    }
    await load.reaches(WRITES);
    await load.finish();
    await inspect(t, campaign);
  } finally {
    load?.child.kill('SIGKILL');
    await campaign.end();
  }
});
