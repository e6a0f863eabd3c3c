import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Person, type Room } from './fixture.ts';

type Row = { username: string; points: number; rank: number; user_id: string };

describe('player routes', () => {
  let room: Room;
  let gameId: string;
  let sourceId: string;
  let poolId: string;
  const people: Person[] = [];
  before(async () => {
    room = await openRoom('player-routes');
    const admin = await room.world.player('admin');
    sourceId = await room.world.source(admin);
    gameId = await room.world.game(admin, sourceId);
    poolId = await room.world.pool(gameId);
    for (let i = 1; i <= 12; i++) people.push(await room.world.player(`fan${String(i).padStart(2, '0')}`));
    const [reader, ...others] = people as [Person, ...Person[]];
    for (const person of people) await room.world.bet(person, poolId, 'chile', 1);
    for (const other of others.slice(0, 4)) {
      const challengeId = await room.services.players.challengeId(other.principal);
      await room.database.transaction('test', (tx) => room.services.friends.befriend(tx, reader.id, challengeId));
    }
  });
  after(() => room.close());

  const namesOf = (body: Record<string, unknown>) => (body.leaderboard as Row[]).map((row) => row.username);
  const login = async (person: Person) => {
    const browser = room.browser();
    await browser.login(person.username);
    return browser;
  };

  it('3.3: the global board around a player, for all games, a source, a game', async () => {
    const [, , , , , , seventh] = people as Person[];
    const seventhId = seventh!.id;
    for (const path of [
      `/r/leaderboard/global/${seventhId}`,
      `/r/leaderboard/global/source/${sourceId}/${seventhId}/`,
      `/i/r/leaderboard/global/game/${gameId}/${seventhId}`,
      `/r/leaderboard/global/${gameId}/${seventhId}`,
    ]) {
      const { status, body } = await room.browser().get(path);
      assert.deepEqual([status, Object.keys(body).sort()], [200, ['break_after_rank', 'leaderboard']], path);
      assert.deepEqual(
        namesOf(body),
        ['fan01', 'fan02', 'fan03', 'fan06', 'fan07', 'fan08', 'fan10', 'fan11', 'fan12'],
        path,
      );
      assert.deepEqual(body.break_after_rank, [1, 1]);
    }
    const few = await room
      .browser()
      .get(`/r/leaderboard/global/${seventhId}?top_count=1&bottom_count=0&surroundings_count=0`);
    assert.deepEqual(namesOf(few.body), ['fan01', 'fan07']);
    const nobody = await room.browser().get(`/r/leaderboard/global/game/${gameId}`);
    assert.equal(namesOf(nobody.body).length, 6);
    assert.equal((await room.browser().get('/r/leaderboard/global/?top_count=101')).status, 400);
    assert.equal((await room.browser().get('/r/leaderboard/global/?currency=XYZ')).body.code, 6626);
    assert.equal((await room.browser().get(`/r/leaderboard/global/game/${poolId}`)).status, 404);
    assert.equal((await room.browser().get(`/r/leaderboard/global/source/${poolId}`)).status, 404);
  });

  it('predictions-63: the personal board by ranks, start and end shown', async () => {
    const [reader] = people as [Person];
    const browser = await login(reader);
    const own = `/r/leaderboard/personal/${reader.id}`;
    assert.deepEqual(namesOf((await browser.get(own)).body), ['fan01', 'fan02', 'fan03', 'fan04', 'fan05']);
    const [row] = (await browser.get(own)).body.leaderboard as Record<string, unknown>[];
    assert.deepEqual(row, { username: 'fan01', points: 1000, rank: 1, user_id: reader.id, global_rank: 1 });
    await room.database.query(
      `update predictions_balances set available = available - n from unnest($1::uuid[]) with ordinality as u(id, n) where account_id = id`,
      [people.map((person) => person.id)],
    );
    assert.deepEqual(namesOf((await browser.get(`${own}?start=2&end=3`)).body), ['fan02', 'fan03']);
    for (const path of [`game/${gameId}`, `source/${sourceId}`, gameId]) {
      const { body } = await browser.get(`/r/leaderboard/personal/${path}/${reader.id}`);
      assert.equal(namesOf(body).length, 5, path);
    }
    assert.equal((await browser.get(`/r/leaderboard/personal/${people[1]!.id}`)).status, 401);
    assert.equal((await room.browser().get(own)).status, 403);
  });

  it('LB3: a first bet brings its player onto the boards at once, though they are ready bytes', async () => {
    const player = await room.world.player('newcomer');
    const paths = ['/r/leaderboard/global/', `/r/leaderboard/global/game/${gameId}/`].map(
      (path) => `${path}${player.id}`,
    );
    const shows = async () => {
      const boards = await Promise.all(paths.map(async (path) => namesOf((await room.browser().get(path)).body)));
      return boards.map((names) => names.includes('newcomer'));
    };
    assert.deepEqual(await shows(), [false, false]);
    await room.world.bet(player, poolId, 'peru', 1);
    assert.deepEqual(await shows(), [true, true]);
  });

  it('LB11: a settlement shows at once, though boards are ready bytes', async () => {
    const [player, rival] = [await room.world.player('swift'), await room.world.player('slow')];
    const pool = await room.world.pool(gameId);
    const board = async () => {
      const path = `/r/leaderboard/global/game/${gameId}/${player.id}?top_count=1&bottom_count=1`;
      return ((await room.browser().get(path)).body.leaderboard as Row[]).map((row) => [row.username, row.points]);
    };
    await room.world.bet(player, pool, 'chile', 10);
    await room.world.bet(rival, pool, 'peru', 4);
    assert.deepEqual((await board()).at(-1), ['swift', 0]);
    await room.world.settle(pool, 'chile');
    assert.deepEqual(await board(), [
      ['swift', 4],
      ['fan01', 0],
      ['slow', -4],
    ]);
  });

  it('3.3: statistics and friends of the caller', async () => {
    const [reader] = people as [Person];
    const browser = await login(reader);
    const { body } = await browser.get(`/r/statistics/${reader.id}`);
    assert.deepEqual(body, {
      statistics: {
        ...{ total_bets_won: 0, total_bets_lost: 0, average_number_of_bets_per_game: 1 },
        ...{ average_points_won_per_game: 0, average_reaction_time: 0 },
      },
    });
    const friends = (await browser.get('/r/friends/', {})).body;
    assert.equal(friends.code, 6606);
    const listed = (await browser.get(`/r/friends/?user_id=${reader.id}`)).body.friends as Record<string, string>;
    assert.deepEqual(Object.values(listed).sort(), ['fan02', 'fan03', 'fan04', 'fan05']);
    assert.equal((await browser.get(`/r/friends/${people[1]!.id}`)).status, 401);
  });
});
