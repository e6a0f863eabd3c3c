import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Room } from '../http/fixture.ts';

describe('statistics', () => {
  let room: Room;
  before(async () => {
    room = await openRoom('statistics');
  });
  after(() => room.close());

  it('predictions-65: won 2, lost 1, returned 1, late 1 in two games', async () => {
    const admin = await room.world.player();
    const sourceId = await room.world.source(admin);
    const [first, second] = [await room.world.game(admin, sourceId), await room.world.game(admin, sourceId)];
    const [me, rival] = [await room.world.player(), await room.world.player()];
    const start = room.clock.now();
    // First game: +5.00 by two bets on the winner, and a pool given back.
    const won = await room.world.pool(first);
    const returned = await room.world.pool(first);
    room.clock.set(start + 100);
    await room.world.bet(me, won, 'chile', 6);
    await room.world.bet(me, won, 'chile', 4);
    await room.world.bet(rival, won, 'peru', 5);
    await room.world.bet(me, returned, 'peru', 3);
    // Second game: -2.00, and a pool in which every bet came too late.
    const lost = await room.world.pool(second);
    const late = await room.world.pool(second);
    room.clock.set(start + 301);
    await room.world.bet(me, lost, 'peru', 2);
    await room.world.bet(rival, lost, 'chile', 1);
    await room.world.bet(me, late, 'chile', 7);
    const now = room.clock.now();
    await room.world.settle(won, 'chile');
    await room.world.settle(returned, 'chile');
    await room.world.settle(lost, 'chile');
    await room.world.settle(late, 'chile', now);

    // Reactions: 100, 100 and 201 ms.
    assert.deepEqual(await room.services.statistics.of(me.id), {
      total_bets_won: 2,
      total_bets_lost: 1,
      average_number_of_bets_per_game: 2,
      average_points_won_per_game: 1.5,
      average_reaction_time: 134,
    });
    const history = await room.services.gameReads.history(me.principal);
    assert.deepEqual(
      new Set((history.game_history as { id: string }[]).map((game) => game.id)),
      new Set([first, second]),
    );
  });

  it('ST3, ST5: running bets count as bets, not as settled games', async () => {
    const admin = await room.world.player();
    const gameId = await room.world.game(admin, await room.world.source(admin));
    const me = await room.world.player();
    await room.world.bet(me, await room.world.pool(gameId), 'chile', 1);
    await room.world.bet(me, await room.world.pool(gameId), 'chile', 1);
    assert.deepEqual(await room.services.statistics.of(me.id), {
      total_bets_won: 0,
      total_bets_lost: 0,
      average_number_of_bets_per_game: 2,
      average_points_won_per_game: 0,
      average_reaction_time: 0,
    });
  });
});
