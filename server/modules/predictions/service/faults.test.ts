import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { DatabaseFaults } from '../../../platform/database/types.ts';
import { Unavailable } from '../../../platform/errors.ts';
import { LEASE_MS } from '../../../platform/jobs/leases.ts';
import { askedGame, openWorld, refused, TestMatch, type World } from './testing.ts';
import { TestProcess } from './testing-process.ts';

type Fault = 'lost before COMMIT' | 'lost after COMMIT' | 'away';

/** One fault at the next commit of a kind; a gate that holds such a commit open. */
class OneFault implements DatabaseFaults {
  #next: { name: string; fault: Fault } | undefined;
  #gate: { name: string; reached(): void; opened: Promise<void> } | undefined;

  strike(name: string, fault: Fault): void {
    this.#next = { name, fault };
  }

  /** Resolves once a commit stands at the gate; it goes on when `open` is called. */
  closeGate(name: string): { reached: Promise<void>; open(): void } {
    const reached = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    this.#gate = { name, reached: reached.resolve, opened: opened.promise };
    return { reached: reached.promise, open: opened.resolve };
  }

  async beforeCommit(name: string): Promise<void> {
    if (this.#gate?.name === name) {
      const gate = this.#gate;
      this.#gate = undefined;
      gate.reached();
      await gate.opened;
    }
    if (this.#next?.name !== name || this.#next.fault === 'lost after COMMIT') return;
    const { fault } = this.#next;
    this.#next = undefined;
    throw fault === 'away' ? new Unavailable('away', 'The database is away.') : lostConnection();
  }

  afterCommit(name: string): void {
    if (this.#next?.name !== name) return;
    this.#next = undefined;
    throw lostConnection();
  }
}

function lostConnection(): Error {
  return Object.assign(new Error('the connection is lost'), { code: 'ECONNRESET' });
}

const faults = new OneFault();
let world: World;

before(async () => {
  world = await openWorld({ faults });
});

beforeEach(() => world.checkInvariants());

after(async () => {
  await world.checkInvariants();
  await world.close();
});

/** Bets of several players that meet in one batch. */
async function batch(count: number) {
  const match = await world.match();
  const poolId = await match.pool();
  const players = await world.players(count);
  const send = () =>
    Promise.allSettled(
      players.map((player) =>
        world.process.bets.place({
          userId: player.accountId,
          poolId,
          target: 'chile',
          amount: 3,
          clientRef: 'first',
          kind: 'live',
        }),
      ),
    );
  const stored = async () => {
    const rows = await world.database.query<{ id: string }>(
      'select id from predictions_bets where pool_id = $1 order by seq',
      [poolId],
    );
    return rows.map((row) => row.id);
  };
  return { match, poolId, players, send, stored };
}

function betIds(outcomes: Awaited<ReturnType<Awaited<ReturnType<typeof batch>>['send']>>): string[] {
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.bet.betId : String(outcome.reason)));
}

for (const fault of ['lost before COMMIT', 'lost after COMMIT'] as const) {
  test(`a batch of bets whose connection is ${fault} is answered, each bet once (DESIGN M2)`, async () => {
    const { send, stored } = await batch(20);
    faults.strike('predictions.bets', fault);
    assert.deepEqual(betIds(await send()).toSorted(), (await stored()).toSorted());
    assert.deepEqual(betIds(await send()).toSorted(), (await stored()).toSorted(), 'the retry returns the same bets');
    assert.equal((await stored()).length, 20);
  });
}

test('bets whose batch meets an outage are refused and are not there; their retry is placed once', async () => {
  const { send, stored } = await batch(20);
  faults.strike('predictions.bets', 'away');
  const [placed, refused] = [[] as string[], [] as unknown[]];
  for (const outcome of await send()) {
    if (outcome.status === 'fulfilled') placed.push(outcome.value.bet.betId);
    else refused.push(outcome.reason);
  }
  assert.ok(refused.length > 0 && refused.every((reason) => reason instanceof Unavailable));
  assert.deepEqual((await stored()).toSorted(), placed.toSorted());
  assert.deepEqual(betIds(await send()).toSorted(), (await stored()).toSorted());
  assert.equal((await stored()).length, 20);
});

for (const fault of ['lost before COMMIT', 'lost after COMMIT'] as const) {
  test(`an event and its settlement whose connections are ${fault} happen once (RS2, RS3)`, async () => {
    const { match, poolId, send } = await batch(3);
    await send();
    faults.strike('predictions.event.register', fault);
    const { body } = await match.register({ eventId: `event ${fault}` });
    assert.equal(body.duplicate, undefined);
    assert.equal((await match.told(366)).length, 1);
    assert.equal((await match.result(poolId)).winning_target, 'chile');
    const next = await match.pool();
    faults.strike('predictions.settle', fault);
    await match.register();
    assert.equal((await match.result(next)).winning_target, 'chile');
  });
}

test('a Resolver whose lease runs out in the middle of an event stops, and another one goes on (RS6)', async () => {
  const { match, send } = await batch(3);
  const pools = [await match.pool(), await match.pool(), await match.pool()];
  await send();
  const gate = faults.closeGate('predictions.settle');
  await world.process.events.registerEvent(match.admin, {
    ...{ gameId: match.gameId, action: 'goal', target: 'chile:11', happenedAt: null },
    ...{ description: '', eventId: null, poolId: null },
  });
  await gate.reached;
  world.clock.advance(LEASE_MS + 1);
  const other = new TestProcess({ store: world.store, clock: world.clock, seed: 'other resolver' });
  other.runner.start();
  const taken = other.runner.idle();
  gate.open();
  await taken;
  await world.settle();
  await other.runner.idle();
  for (const poolId of pools) assert.equal((await match.result(poolId)).winning_target, 'chile');
  await other.stop();
});

test('a game whose close was asked for before it was ever opened cannot be opened while the Resolver is away: it is voided (GM11, SC2)', async () => {
  const { admin, sourceId } = await world.source();
  const { body } = await world.process.games.create(admin, askedGame({ sourceId }));
  const gameId = body.game_id as string;
  await world.process.games.becomeAdmin(admin, gameId);
  const match = new TestMatch(world, admin, sourceId, gameId);
  const poolId = await match.pool();
  await world.process.runner.stop();
  const closing = world.process.closing.closeGame(admin, gameId, false);
  const isAsked = async () => {
    const rows = await world.database.query(
      `select 1 as one from predictions_games where id = $1 and state = 'closing'`,
      [gameId],
    );
    return rows.length > 0;
  };
  while (!(await isAsked())) await new Promise((resolve) => setImmediate(resolve));
  await refused(world.process.games.open(admin, gameId, { actions: [], targets: [] }), 'invalid_parameter');
  world.process.runner.start();
  assert.equal((await world.outlast(closing)).status, 'fulfilled');
  assert.equal((await match.result(poolId)).winning_target, null);
});
