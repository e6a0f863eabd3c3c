import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Person, type Room } from '../http/fixture.ts';
import { RuleError } from '../rules/errors.ts';

describe('pre-game predictions', () => {
  let room: Room;
  let admin: Person;
  let sourceId: string;
  before(async () => {
    room = await openRoom('pregame');
    admin = await room.world.player();
    sourceId = await room.world.source(admin);
  });
  after(() => room.close());

  async function upcoming(changes: { isBlocked?: boolean } = {}) {
    const gameId = await room.world.game(admin, sourceId, 'created');
    return { sourceId, gameId, poolId: await room.world.pool(gameId, changes), target: 'Chile', amount: 10 as unknown };
  }

  const open = async () => 'opened';
  const available = async (accountId: string) =>
    (await room.services.players.balanceUpdates([accountId], 'DON')).get(accountId)?.available_balance;
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 0,
      (error: unknown) => (error instanceof RuleError ? error.code : error),
    );
  const accountsWith = async (email: string) =>
    (await room.database.query('select 1 as one from accounts where email_key = $1', [email])).length;

  it('predictions-66: a refused bet leaves no account, no grant, no letter', async () => {
    const closed = await upcoming();
    await room.world.settle(closed.poolId, null);
    const blocked = await upcoming({ isBlocked: true });
    const { pregame } = room.services;
    assert.equal(await code(pregame.predictByEmail(closed, 'refused@example.org', open)), 6616);
    assert.equal(await code(pregame.predictByEmail(blocked, 'refused@example.org', open)), 6615);
    assert.equal(
      await code(pregame.predictByEmail({ ...(await upcoming()), amount: 1000.01 }, 'refused@example.org', open)),
      6601,
    );
    assert.equal(await accountsWith('refused@example.org'), 0);
    const letters = await room.database.query(`select 1 as one from mails where recipient = 'refused@example.org'`);
    assert.equal(letters.length, 0);
  });

  it('predictions-67: three predictions of one new e-mail make one account', async () => {
    const { pregame } = room.services;
    const first = await pregame.predictByEmail(await upcoming(), 'Three@example.org', open);
    assert.deepEqual([first.outcome, first.opened], ['new_account', 'opened']);
    assert.doesNotMatch(first.account!.username, /three/i);
    for (const email of ['three@example.org', 'THREE@EXAMPLE.ORG']) {
      const again = await pregame.predictByEmail(await upcoming(), email, open);
      assert.deepEqual([again.outcome, again.opened, again.account!.id], ['placed', null, first.account!.id]);
    }
    assert.equal(await accountsWith('three@example.org'), 1);
    assert.equal(await available(first.account!.id), 970);
    const letters = await room.database.query(`select 1 as one from mails where recipient = 'Three@example.org'`);
    assert.equal(letters.length, 1);
  });

  it('PG1: two first predictions at once make one account', async () => {
    const { pregame } = room.services;
    const asked = [await upcoming(), await upcoming(), await upcoming()];
    const done = await Promise.all(asked.map((one) => pregame.predictByEmail(one, 'twins@example.org', open)));
    assert.deepEqual(done.map((one) => one.outcome).sort(), ['new_account', 'placed', 'placed']);
    assert.equal(new Set(done.map((one) => one.account!.id)).size, 1);
    assert.equal(await available(done[0]!.account!.id), 970);
  });

  it('predictions-68: nothing is staked for a claimed account until it logs in', async () => {
    const { pregame } = room.services;
    const person = await room.world.player('claimed');
    const [live, closing, blocked] = [await upcoming(), await upcoming(), await upcoming()];
    for (const asked of [live, closing, blocked]) {
      const done = await pregame.predictByEmail(asked, 'claimed@example.org', open);
      assert.deepEqual(done, { outcome: 'pending', account: null, opened: null });
    }
    assert.equal(await available(person.id), 1000);
    await room.world.settle(closing.poolId, null);
    await room.database.query('update predictions_pools set is_blocked = true where id = $1', [blocked.poolId]);
    const browser = room.browser();
    await browser.login('claimed');
    assert.equal(await available(person.id), 990);
    await browser.login('claimed');
    assert.equal(await available(person.id), 990);
    const left = await room.database.query('select 1 as one from predictions_pending');
    assert.equal(left.length, 0);
  });

  it('PG3: a stored prediction that could never be placed is refused at once; old ones are dropped', async () => {
    const { pregame } = room.services;
    await room.world.player('keeper');
    const blocked = await upcoming({ isBlocked: true });
    assert.equal(await code(pregame.predictByEmail(blocked, 'keeper@example.org', open)), 6615);
    const asked = await upcoming();
    assert.equal(await code(pregame.predictByEmail({ ...asked, target: 'brazil' }, 'keeper@example.org', open)), 6611);
    assert.equal(await code(pregame.predictByEmail({ ...asked, amount: '1.005' }, 'keeper@example.org', open)), 6621);
    await pregame.predictByEmail(asked, 'keeper@example.org', open);
    room.clock.advance(30 * 86_400_000);
    assert.equal(await pregame.purgePending(), 1);
  });

  it('PG4: with the account, an e-mail of somebody else is refused', async () => {
    const { pregame } = room.services;
    const person = await room.world.player('member');
    const asked = await upcoming();
    assert.equal(await code(pregame.predict(person.principal, asked, 'other@example.org')), 6607);
    await pregame.predict(person.principal, asked, 'MEMBER@example.org');
    await pregame.predict(person.principal, asked, null);
    assert.equal(await available(person.id), 980);
  });

  it('3.2: only pools of the named game and source, and only before its live start', async () => {
    const { pregame } = room.services;
    const { principal } = await room.world.player();
    const asked = await upcoming();
    const other = await upcoming();
    assert.equal(await code(pregame.predict(principal, { ...asked, sourceId: other.gameId }, null)), 6609);
    assert.equal(await code(pregame.predict(principal, { ...asked, poolId: other.poolId }, null)), 6610);
    assert.equal(await code(pregame.predict(principal, { ...asked, gameId: 'nothing' }, null)), 6609);
    const live = await room.world.game(admin, sourceId, 'live');
    const poolId = await room.world.pool(live);
    assert.equal(await code(pregame.predict(principal, { ...asked, gameId: live, poolId }, null)), 6618);
    const soon = await room.world.game(admin, sourceId, 'pre_game');
    const soonPool = await room.world.pool(soon);
    await pregame.predict(principal, { ...asked, sourceId: null, gameId: soon, poolId: soonPool }, null);
  });

  it('PG6: one letter per address and day, and friends when the address signs up', async () => {
    const { pregame, players, friends } = room.services;
    const host = await room.world.player();
    const challengeId = await players.challengeId(host.principal);
    const letters = async () =>
      (await room.database.query(`select 1 as one from mails where recipient = 'soon@example.org'`)).length;
    await pregame.preSignUp('soon@example.org', false, null);
    await pregame.preSignUp('soon@example.org', true, challengeId);
    await Promise.all([1, 2, 3].map(() => pregame.preSignUp('soon@example.org', true, null)));
    assert.equal(await letters(), 1);
    room.clock.advance(86_400_000);
    await pregame.preSignUp('SOON@example.org', true, null);
    await pregame.preSignUp('soon@example.org', true, null);
    const all = await room.database.query(`select 1 as one from mails where lower(recipient) = 'soon@example.org'`);
    assert.equal(all.length, 2);
    const guest = await room.world.player('soon');
    assert.deepEqual(await friends.list(guest.id), { friends: { [host.id]: host.username } });
  });
});
