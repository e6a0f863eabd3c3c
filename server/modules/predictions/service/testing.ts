import assert from 'node:assert/strict';
import { keyOfName } from '../../../platform/accounts/names.ts';
import type { AccountPrincipal, Grant, SystemPrincipal } from '../../../platform/accounts/types.ts';
import { asset } from '../../../platform/config/asset.ts';
import type { Database, DatabaseFaults } from '../../../platform/database/types.ts';
import { LEASE_MS } from '../../../platform/jobs/leases.ts';
import { ManualClock } from '../../../platform/testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../../../platform/testing/database.ts';
import { gameTopic, MESSAGE_OF_EVENT } from '../events.ts';
import { RuleError, type RuleErrorName } from '../rules/errors.ts';
import type { AskedPool } from '../rules/pool.ts';
import { money } from '../rules/testing.ts';
import { messageFaults } from '../rules/vocabulary.ts';
import type { PlacedBet } from './bets.ts';
import type { Done, PredictionsSettings } from './deps.ts';
import type { RegisteredBody } from './event-rows.ts';
import type { AskedGame } from './games.ts';
import { findBreaches } from './invariants.ts';
import type { AskedEvent } from './registration.ts';
import { AT_REST, TOLD } from './testing-invariants.ts';
import { type Plug, TestProcess } from './testing-process.ts';

/** A message of a game's topic. */
export interface Message {
  res: number;
  seq: number;
  body: Record<string, unknown>;
}

/** A database, a clock and a running process; with the words that the behaviours to check use. */
export class World {
  readonly store: TestDatabase;
  readonly clock: ManualClock;
  process: TestProcess;
  #people = 0;
  #processes = 0;

  constructor(store: TestDatabase, clock: ManualClock, process: TestProcess) {
    this.store = store;
    this.clock = clock;
    this.process = process;
  }

  /** Ends the process as if it had been killed, and starts another; leases of a killed one run out first. */
  async replaceProcess(plug?: Plug): Promise<void> {
    await this.process.stop();
    this.clock.advance(LEASE_MS + 1);
    const { settings } = this.process.deps;
    const seed = `process-${++this.#processes}`;
    this.process = new TestProcess({ store: this.store, clock: this.clock, seed, settings, faults: plug });
    if (plug) plug.process = this.process;
    this.process.runner.start();
  }

  get database(): Database {
    return this.process.database;
  }

  get now(): number {
    return this.clock.now();
  }

  /** The end of a test file: everything must still hold; the database goes in any case. */
  async end(): Promise<void> {
    try {
      await this.checkInvariants();
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await this.process.stop();
    await this.store.drop();
  }

  /** Waits until the Resolver has nothing left to do. */
  async settle(): Promise<void> {
    await this.process.runner.idle();
  }

  /** Moves the clock and lets everything happen that is due. */
  async advanceTo(atMs: number): Promise<void> {
    this.clock.set(atMs);
    await this.settle();
  }

  async advance(ms: number): Promise<void> {
    await this.advanceTo(this.now + ms);
  }

  /** Moves the clock, and lets the Resolver work, until something has ended that waits for them. */
  async outlast<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
    let ended = false;
    const outcome = Promise.allSettled([work]).finally(() => (ended = true));
    while (!ended) {
      await this.advance(100);
    }
    return (await outcome)[0]!;
  }

  /** A new account that plays, with this much money. */
  async player(balance = '1000.00', grants: readonly Grant[] = []): Promise<AccountPrincipal> {
    const accountId = this.process.ports.ids.uuid();
    const username = `player-${++this.#people}`;
    const email = `${username}@example.org`;
    const amount = money(balance);
    await this.database.transaction('test.player', async (tx) => {
      const names = [keyOfName(username), keyOfName(email)];
      await tx.query(
        `insert into accounts (id, username, username_key, email, email_key, claimed, grants, created_at) values ($1, $2, $3, $4, $5, true, $6, $7)`,
        [accountId, username, names[0], email, names[1], grants, tx.now],
      );
      await tx.query('insert into login_names (name, account_id) select unnest($1::text[]), $2', [names, accountId]);
      await tx.query('insert into predictions_players (account_id, challenge_id, joined_at) values ($1, $2, $3)', [
        accountId,
        this.process.ports.ids.uuid(),
        tx.now,
      ]);
      await tx.query(`insert into predictions_balances (account_id, currency, available) values ($1, 'DON', $2)`, [
        accountId,
        amount,
      ]);
      await tx.query(
        `insert into predictions_ledger (at, kind, account_id, currency, amount) values ($1, 'grant', $2, 'DON', $3)`,
        [tx.now, accountId, amount],
      );
    });
    return {
      kind: 'account',
      accountId,
      number: this.#people,
      username,
      grants: new Set(grants),
      sessionId: null,
      via: 'session_key',
      address: '127.0.0.1',
    };
  }

  async players(count: number, balance?: string): Promise<AccountPrincipal[]> {
    const players: AccountPrincipal[] = [];
    for (let i = 0; i < count; i++) players.push(await this.player(balance));
    return players;
  }

  /** An account that may open sources. */
  developer(): Promise<AccountPrincipal> {
    return this.player('1000.00', ['predictions.developer']);
  }

  /** A source with its admin. */
  async source(): Promise<{ admin: AccountPrincipal; sourceId: string }> {
    const admin = await this.developer();
    const { body } = await this.process.sources.open(admin, { name: 'World Cup', description: null });
    return { admin, sourceId: body.source_id };
  }

  /** An opened match as in section 9 (leaves chile:11, chile:7, peru:4), its source, and who administers both. */
  async match(changes: Partial<AskedGame> = {}): Promise<TestMatch> {
    const { admin, sourceId } = changes.sourceId
      ? { admin: await this.developer(), sourceId: changes.sourceId }
      : await this.source();
    return await this.matchOf(admin, sourceId, changes);
  }

  async matchOf(admin: AccountPrincipal, sourceId: string, changes: Partial<AskedGame> = {}): Promise<TestMatch> {
    const { body } = await this.process.games.createAndOpen(admin, askedGame({ ...changes, sourceId }));
    const gameId = body.game_id as string;
    const request = await this.process.games.becomeAdmin(admin, gameId);
    assert.equal(request.kind, 'success');
    return new TestMatch(this, admin, sourceId, gameId);
  }

  async balanceOf(player: AccountPrincipal): Promise<{ available: bigint; exposure: bigint }> {
    const [row] = await this.database.query<{ available: bigint; exposure: bigint }>(
      `select available, exposure from predictions_balances where account_id = $1 and currency = 'DON'`,
      [player.accountId],
    );
    return row!;
  }

  /** Available money of several players, as written in the contract. */
  async available(...players: AccountPrincipal[]): Promise<string[]> {
    const balances = await Promise.all(players.map((player) => this.balanceOf(player)));
    return balances.map(({ available }) => (Number(available) / 100).toFixed(2));
  }

  /** Everything told on a game's topic, oldest first, after `since`. */
  async messages(gameId: string, since = 0): Promise<Message[]> {
    const rows = await this.database.query<{ type: keyof typeof MESSAGE_OF_EVENT; seq: bigint; data: { body: never } }>(
      'select type, seq, data from events where topic = $1 and seq > $2 order by seq',
      [gameTopic(gameId), since],
    );
    return rows.map((row) => ({ res: MESSAGE_OF_EVENT[row.type], seq: Number(row.seq), body: row.data.body }));
  }

  /** RS12, BT1, BT8 at this moment; with `all`, when nothing is under way, also that no step failed and every message has the form of the contract. */
  async checkInvariants(scope: 'money' | 'all' = 'all'): Promise<void> {
    if (scope === 'all') await this.settle();
    assert.deepEqual(await findBreaches(this.database), []);
    for (const [name, sql] of Object.entries(scope === 'all' ? { ...TOLD, ...AT_REST } : TOLD)) {
      assert.deepEqual(await this.database.query(sql), [], name);
    }
    if (scope === 'money') return;
    const rows = await this.database.query<{ type: keyof typeof MESSAGE_OF_EVENT; data: { body: object } }>(
      `select type, data from events where starts_with(topic, 'predictions/game/') or starts_with(topic, 'predictions/source/')`,
    );
    for (const { type, data } of rows) {
      assert.deepEqual(messageFaults({ res: MESSAGE_OF_EVENT[type], ...data.body }), [], type);
    }
  }
}

/** One match and its admin. */
export class TestMatch {
  readonly world: World;
  readonly admin: AccountPrincipal;
  readonly sourceId: string;
  readonly gameId: string;

  constructor(world: World, admin: AccountPrincipal, sourceId: string, gameId: string) {
    this.world = world;
    this.admin = admin;
    this.sourceId = sourceId;
    this.gameId = gameId;
  }

  /** A pool on the next goal of chile or peru, unless said otherwise. */
  async pool(changes: Partial<AskedPool> = {}): Promise<string> {
    const asked: AskedPool = {
      gameId: this.gameId,
      description: 'Next goal?',
      type: 1,
      action: 'goal',
      targets: ['chile', 'peru'],
      finishAt: null,
      stopAcceptingBetsAt: null,
      recreateOnEnd: false,
      isBlocked: false,
      isHot: false,
      ...changes,
    };
    return (await this.world.process.pools.create(this.admin, asked)).body.pool_id;
  }

  /** A yes/no pool of type 3, or 4 with a finish. */
  async binaryPool(changes: Partial<AskedPool> = {}): Promise<string> {
    return await this.pool({ type: 3, action: null, targets: [], description: 'Penalties?', ...changes });
  }

  bet(player: AccountPrincipal, poolId: string, amount: unknown, target: string): Promise<PlacedBet> {
    return this.world.process.bets.place({
      userId: player.accountId,
      poolId,
      target,
      amount,
      clientRef: null,
      kind: 'live',
    });
  }

  /** Registers an event, later than everything before it, and lets the Resolver work. */
  async register(changes: Partial<AskedEvent> = {}): Promise<Done<RegisteredBody>> {
    this.world.clock.advance(1);
    const asked: AskedEvent = {
      gameId: this.gameId,
      action: 'goal',
      target: 'chile:11',
      happenedAt: null,
      description: '',
      eventId: null,
      poolId: null,
      ...changes,
    };
    const done = await this.world.process.events.registerEvent(this.admin, asked);
    await this.world.settle();
    return done;
  }

  messages(since = 0): Promise<Message[]> {
    return this.world.messages(this.gameId, since);
  }

  /** Bodies of one kind of message, oldest first. */
  async told(res: number): Promise<Record<string, unknown>[]> {
    return (await this.messages()).filter((message) => message.res === res).map((message) => message.body);
  }

  /** The last result told of a pool. */
  async result(poolId: string): Promise<TestResult> {
    const results = (await this.messages()).filter(
      ({ res, body }) => [362, 363].includes(res) && body.pool_id === poolId,
    );
    assert.equal(results.length, 1, `results of pool ${poolId}`);
    return { res: results[0]!.res, ...(results[0]!.body as Omit<TestResult, 'res'>) };
  }
}

export interface TestResult {
  res: number;
  winning_target: string | null;
  winners: Record<string, number>;
  losers: Record<string, number>;
  invalidated_bettors: string[];
  is_money_return: boolean;
  resolved_at: number;
  expired_at?: number;
}

/** The feed's own principal. */
export const SYSTEM: SystemPrincipal = { kind: 'system', name: 'test' };

export function askedGame(changes: Partial<AskedGame> & { sourceId: string }): AskedGame {
  return {
    name: 'Chile - Peru',
    type: 'football',
    actions: ['Goal', 'Yellow Card'],
    targets: ['Chile:11', 'Chile:7', 'Peru:4'],
    openAt: null,
    closeAt: null,
    liveStartAt: null,
    liveFinishAt: null,
    currency: 'DON',
    hashtag: null,
    imageUrl: null,
    ...changes,
  };
}

/** A fresh world. Close it when done. */
export async function openWorld(
  options: { settings?: Partial<PredictionsSettings>; faults?: DatabaseFaults; seed?: string } = {},
): Promise<World> {
  const store = await createTestDatabase({
    migrationsFolder: asset('server/migrations'),
    owners: ['platform', 'predictions'],
  });
  const clock = new ManualClock();
  const process = new TestProcess({ store, clock, seed: options.seed ?? 'world', ...options });
  process.runner.start();
  return new World(store, clock, process);
}

/** Asserts that a call is refused by this rule, and gives the refusal. */
export async function refused(call: Promise<unknown>, error: RuleErrorName): Promise<RuleError> {
  const thrown = await call.then(
    () => assert.fail(`not refused with ${error}`),
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof RuleError)) throw thrown;
  assert.equal(thrown.error, error, thrown.message);
  return thrown;
}
