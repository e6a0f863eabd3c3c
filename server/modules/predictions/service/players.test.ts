import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Room } from '../http/fixture.ts';
import { RuleError } from '../rules/errors.ts';

describe('players', () => {
  let room: Room;
  before(async () => {
    room = await openRoom('players');
  });
  after(() => room.close());

  const count = async (sql: string, ...params: unknown[]) =>
    Number((await room.database.query<{ n: bigint }>(`select count(*) as n from ${sql}`, params))[0]!.n);

  /** Somebody known to the house, but not to this module. */
  async function stranger(username: string) {
    const { account } = await room.accounts.accounts.register(
      { username, email: `${username}@example.org`, password: 'correct horse', arrival: { through: 'platform' } },
      async () => undefined,
    );
    const { id: accountId, number, grants } = account;
    return {
      ...{ kind: 'account' as const, accountId, number, username, grants },
      ...{ sessionId: null, via: 'gr_session' as const, address: '127.0.0.1' },
    };
  }

  it('BT8, PF-70: a first own action grants once in each currency, whoever comes at once', async () => {
    const principal = await stranger('newcomer');
    assert.equal(await count('predictions_players where account_id = $1', principal.accountId), 0);
    await Promise.all([1, 2, 3, 4].map(() => room.services.players.enter(principal)));
    await room.services.players.enter(principal);
    assert.equal(await count('predictions_players where account_id = $1', principal.accountId), 1);
    const grants = await room.database.query<{ currency: string; amount: bigint }>(
      `select currency, amount from predictions_ledger where account_id = $1 and kind = 'grant' order by currency`,
      [principal.accountId],
    );
    assert.deepEqual(
      grants.map((row) => [row.currency, row.amount]),
      [
        ['DON', 100_000n],
        ['EUR', 100_000n],
      ],
    );
  });

  it('PF-70: reading makes nobody a player', async () => {
    const principal = await stranger('reader');
    const { players, statistics } = room.services;
    assert.deepEqual(await players.currentBalance(principal, 'DON'), { currency: 'DON', current_balance: 0 });
    assert.equal((await statistics.of(principal.accountId)).total_bets_won, 0);
    assert.equal(await count('predictions_players where account_id = $1', principal.accountId), 0);
  });

  it('BT1, BT2: balances after a bet; an unknown currency is 6626', async () => {
    const admin = await room.world.player();
    const gameId = await room.world.game(admin, await room.world.source(admin));
    const poolId = await room.world.pool(gameId);
    const { id, principal } = await room.world.player();
    const { players } = room.services;
    await room.world.bet({ id }, poolId, 'chile', 10);
    assert.deepEqual(await players.currentBalance(principal, 'DON'), { currency: 'DON', current_balance: 1000 });
    assert.deepEqual(await players.availableBalance(principal, 'DON'), { currency: 'DON', available_balance: 990 });
    assert.deepEqual(await players.exposure(principal, 'DON'), { currency: 'DON', exposure: 10 });
    const update = { current_balance: 1000, available_balance: 990, currency: 'DON', exposure: 10 };
    assert.deepEqual(await players.balanceUpdates([id], 'DON'), new Map([[id, update]]));
    await assert.rejects(
      players.exposure(principal, 'XYZ'),
      (error) => error instanceof RuleError && error.code === 6626,
    );
  });

  it('FR1: a challenge id makes two friends once; unknown and own ids do nothing', async () => {
    const [anna, ben] = [await room.world.player(), await room.world.player()];
    const { players, friends } = room.services;
    const challengeId = await players.challengeId(anna.principal);
    const befriend = (id: string) => room.database.transaction('test', (tx) => friends.befriend(tx, ben.id, id));
    await befriend(challengeId);
    await befriend(challengeId);
    await befriend(await players.challengeId(ben.principal));
    await befriend('no such id');
    await befriend(room.deps.ports.ids.uuid());
    assert.deepEqual(await friends.list(anna.id), { friends: { [ben.id]: ben.username } });
    assert.deepEqual(await friends.list(ben.id), { friends: { [anna.id]: anna.username } });
  });

  it('FR2: bets of friends in a pool and in a game, late ones too, own ones never', async () => {
    const admin = await room.world.player();
    const gameId = await room.world.game(admin, await room.world.source(admin));
    const [decided, running] = [await room.world.pool(gameId), await room.world.pool(gameId)];
    const [me, friend, other] = [await room.world.player(), await room.world.player(), await room.world.player()];
    const { players, friends } = room.services;
    const challengeId = await players.challengeId(friend.principal);
    await room.database.transaction('test', (tx) => friends.befriend(tx, me.id, challengeId));
    for (const person of [me, friend, other]) await room.world.bet(person, decided, 'chile', 2);
    room.clock.advance(1000);
    const { bet } = await room.world.bet(friend, decided, 'chile', 3);
    await room.world.bet(friend, running, 'peru', 4);
    await room.world.settle(decided, 'chile', room.clock.now());

    const inPool = (await friends.betsInPool(me.principal, decided)).predictions as Record<string, unknown>[];
    assert.deepEqual(
      inPool.map((row) => [row.user_id, row.amount]),
      [
        [friend.id, 2],
        [friend.id, 3],
      ],
    );
    assert.deepEqual(inPool[1], {
      ...{ user_id: friend.id, username: friend.username, target: 'chile', target_id: 'chile', amount: 3 },
      ...{ placed_at: bet.placedAt, bet_id: bet.betId, pool_id: decided },
    });
    const inGame = (await friends.betsInGame(me.principal, gameId)).predictions as Record<string, unknown[]>;
    assert.deepEqual([inGame.resolved!.length, inGame.running!.length], [2, 1]);
  });

  it('FR2: of very many bets of a friend the newest 100 a pool are listed, in order, and it says so', async () => {
    const admin = await room.world.player();
    const gameId = await room.world.game(admin, await room.world.source(admin));
    const poolId = await room.world.pool(gameId);
    const [me, friend] = [await room.world.player(), await room.world.player()];
    const challengeId = await room.services.players.challengeId(friend.principal);
    await room.database.transaction('test', (tx) => room.services.friends.befriend(tx, me.id, challengeId));
    const placed = await Promise.all(Array.from({ length: 130 }, () => room.world.bet(friend, poolId, 'chile', 1)));
    for (let i = 0; i < 5; i++) placed.push(await room.world.bet(friend, poolId, 'chile', 1));
    const newest = placed
      .map(({ bet }) => bet)
      .sort((a, b) => a.seq - b.seq)
      .slice(-100);
    const { predictions, truncated } = await room.services.friends.betsInPool(me.principal, poolId);
    assert.equal(truncated, true);
    assert.deepEqual(
      (predictions as { bet_id: string }[]).map((bet) => bet.bet_id),
      newest.map((bet) => bet.betId),
    );
    assert.equal((await room.services.statistics.of(friend.id)).average_number_of_bets_per_game, 135);
  });

  it('roles: what the console may offer', async () => {
    const developer = await room.world.player('maker', ['predictions.developer']);
    const sourceId = await room.world.source(developer);
    const gameId = await room.world.game(developer, sourceId);
    await room.services.games.becomeAdmin(developer.principal, gameId);
    assert.deepEqual(await room.services.players.roles(developer.principal), {
      ...{ developer: true, sources: [sourceId], games: [gameId] },
    });
    const nobody = await room.world.player();
    assert.deepEqual(await room.services.players.roles(nobody.principal), { developer: false, sources: [], games: [] });
  });
});
