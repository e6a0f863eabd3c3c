import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Person, type Room } from '../http/fixture.ts';
import { RuleError } from '../rules/errors.ts';

type Row = { username: string; points: number; rank: number; user_id: string; global_rank?: number };

const everything = { start: 0, end: 1_000_000, counting: 'after' } as const;
const allGames = { gameType: 'INSTAMRKT', currency: null };
const defaults = { top: 3, surrounding: 1, bottom: 3 };
const rowsOf = (body: Record<string, unknown>) => body.leaderboard as Row[];
const ranksOf = (body: Record<string, unknown>) => rowsOf(body).map((row) => row.rank);
const standing = (body: Record<string, unknown>) =>
  rowsOf(body).map((row) => `${row.username} ${row.rank} ${row.points}`);

describe('leaderboards', () => {
  let room: Room;
  before(async () => {
    room = await openRoom('boards');
  });
  after(() => room.close());

  /** A fresh source whose one game has a pool in which each of these players has bet 1.00. */
  async function arena(names: readonly string[], stake = 1) {
    const admin = await room.world.player();
    const sourceId = await room.world.source(admin);
    const gameId = await room.world.game(admin, sourceId);
    const poolId = await room.world.pool(gameId);
    const people: Person[] = [];
    for (const name of names) people.push(await room.world.player(name));
    for (const person of people) await room.world.bet(person, poolId, 'chile', stake);
    return { admin, sourceId, gameId, poolId, people };
  }

  /** Gives players these current balances, in whole units. */
  async function setPoints(people: readonly Person[], points: readonly number[]): Promise<void> {
    await room.database.query(
      `update predictions_balances b set available = p.points - b.exposure from unnest($1::uuid[], $2::bigint[]) as p(id, points)
       where b.account_id = p.id and b.currency = 'DON'`,
      [people.map((person) => person.id), points.map((amount) => amount * 100)],
    );
  }

  async function alone(fn: () => Promise<void>): Promise<void> {
    await room.database.query('delete from predictions_positions');
    await fn();
  }

  it('predictions-59: equal points share a rank, ties are ordered by name without case', () =>
    alone(async () => {
      const { people } = await arena(['z', 'bbb', 'AAA', 'ccc'].map((name) => name.padEnd(3, 'z')));
      await setPoints(people, [1010, 1000, 1000, 990]);
      const body = await room.services.leaderboards.board(allGames, everything, null);
      assert.deepEqual(standing(body), ['zzz 1 1010', 'AAA 2 1000', 'bbb 2 1000', 'ccc 4 990']);
      assert.deepEqual({ ...body, leaderboard: 0 }, { game_type: 'INSTAMRKT', currency: 'DON', leaderboard: 0 });
    }));

  it('predictions-60, predictions-61: the tailored board of a hundred', () =>
    alone(async () => {
      const { people } = await arena(Array.from({ length: 100 }, (_, i) => `hundred${i + 1}`));
      await setPoints(
        people,
        people.map((_, i) => 2000 - i),
      );
      const at = async (rank: number) => {
        const body = await room.services.leaderboards.tailored(allGames, defaults, people[rank - 1]!.id);
        return [ranksOf(body), body.break_after_rank];
      };
      assert.deepEqual(await at(44), [
        [1, 2, 3, 43, 44, 45, 98, 99, 100],
        [3, 45],
      ]);
      assert.deepEqual(await at(2), [[1, 2, 3, 98, 99, 100], [3]]);
      assert.deepEqual(await at(5), [[1, 2, 3, 4, 5, 6, 98, 99, 100], [6]]);
      const unknown = await room.services.leaderboards.tailored(allGames, defaults, null);
      assert.deepEqual(ranksOf(unknown), [1, 2, 3, 98, 99, 100]);
    }));

  it('predictions-62: a short board shows each row once', () =>
    alone(async () => {
      const { people } = await arena(['five1', 'five2', 'five3', 'five4', 'five5']);
      const body = await room.services.leaderboards.tailored(allGames, defaults, people[2]!.id);
      assert.equal(rowsOf(body).length, 5);
      assert.deepEqual(body.break_after_rank, []);
    }));

  it('predictions-63: sockets show start < rank <= end, REST start <= rank <= end', () =>
    alone(async () => {
      const { people } = await arena(Array.from({ length: 20 }, (_, i) => `twenty${i + 1}`));
      await setPoints(
        people,
        people.map((_, i) => 1500 - i),
      );
      const [reader, ...others] = people as [Person, ...Person[]];
      await room.database.transaction('test', async (tx) => {
        for (const other of others) {
          const challengeId = await room.services.players.challengeId(other.principal);
          await room.services.friends.befriend(tx, reader.id, challengeId);
        }
      });
      const { leaderboards } = room.services;
      const range = { start: 3, end: 10 };
      const socket = await leaderboards.board(allGames, { ...range, counting: 'after' }, reader.id);
      assert.deepEqual(ranksOf(socket), [4, 5, 6, 7, 8, 9, 10]);
      const rest = await leaderboards.friends(reader.principal, allGames, { ...range, counting: 'from' });
      assert.deepEqual(ranksOf(rest), [3, 4, 5, 6, 7, 8, 9, 10]);
    }));

  it('predictions-64: a running bet does not cost points, and is worth 0 in narrower scopes', () =>
    alone(async () => {
      const { gameId, sourceId, people } = await arena(['runner'], 400);
      const { leaderboards } = room.services;
      const points = async (asked: Parameters<typeof leaderboards.board>[0]) =>
        rowsOf(await leaderboards.board(asked, everything, people[0]!.id)).map((row) => row.points);
      assert.deepEqual(await points(allGames), [1000]);
      assert.deepEqual(await points({ gameId }), [0]);
      assert.deepEqual(await points({ sourceId }), [0]);
      assert.deepEqual(await points({ gameType: 'Football', currency: 'DON' }), [0]);
    }));

  it('LB2, LB3: narrower scopes add up net results; who only bet too late is on no board', () =>
    alone(async () => {
      const { admin, sourceId, gameId, poolId, people } = await arena(['early', 'loser']);
      const [early, loser] = people as [Person, Person];
      const late = await room.world.player('late');
      const rival = await room.world.pool(gameId);
      await room.world.bet(early, rival, 'chile', 10);
      await room.world.bet(loser, rival, 'peru', 4);
      room.clock.advance(1000);
      const happenedAt = room.clock.now();
      await room.world.bet(late, rival, 'chile', 50);
      await room.world.settle(rival, 'chile', happenedAt);
      await room.world.settle(poolId, null);
      const { leaderboards } = room.services;
      const game = await leaderboards.board({ gameId }, everything, null);
      assert.deepEqual(standing(game), ['early 1 4', 'loser 2 -4']);
      assert.deepEqual({ ...game, leaderboard: 0 }, { game_id: gameId, currency: 'DON', leaderboard: 0 });
      const source = await leaderboards.tailored({ sourceId, currency: 'DON' }, defaults, early.id);
      assert.deepEqual(standing(source), ['early 1 4', 'loser 2 -4']);
      assert.equal(source.source_id, sourceId);
      assert.deepEqual(standing(await leaderboards.board(allGames, everything, null)), ['early 1 1004', 'loser 2 996']);
      const other = await room.world.game(admin, sourceId, 'live', 'Chess');
      assert.deepEqual(standing(await leaderboards.board({ gameId: other }, everything, null)), []);
      assert.deepEqual(standing(await leaderboards.board({ gameType: 'chess', currency: null }, everything, null)), []);
    }));

  it('LB10: friends are ranked among themselves, with the rank on the full board beside', () =>
    alone(async () => {
      const { gameId, people } = await arena(['best', 'reader', 'friend']);
      await setPoints(people, [3000, 2000, 1000]);
      const [, reader, friend] = people as [Person, Person, Person];
      const challengeId = await room.services.players.challengeId(friend.principal);
      await room.database.transaction('test', (tx) => room.services.friends.befriend(tx, reader.id, challengeId));
      const body = await room.services.leaderboards.friends(reader.principal, allGames, everything);
      assert.deepEqual(
        rowsOf(body).map((row) => [row.username, row.rank, row.global_rank]),
        [
          ['reader', 1, 2],
          ['friend', 2, 3],
        ],
      );
      const ofGame = await room.services.leaderboards.friends(reader.principal, { gameId }, everything);
      assert.equal(rowsOf(ofGame).length, 2);
    }));

  it('DESIGN M5: of a long board the first thousand and the own row are shown', () =>
    alone(async () => {
      const { poolId, people } = await arena(['longest']);
      const ids = Array.from({ length: 1200 }, () => room.deps.ports.ids.uuid());
      await room.database.transaction('test', async (tx) => {
        await tx.query(
          `insert into login_names (name, account_id) select n || suffix, id from unnest($1::uuid[]) with ordinality as u(id, o)
           cross join lateral (select 'crowd' || o as n) c cross join (values (''), ('@example.org')) as s(suffix)`,
          [ids],
        );
        await tx.query(
          `insert into accounts (id, username, username_key, email, email_key, claimed, created_at)
           select id, 'crowd' || o, 'crowd' || o, 'crowd' || o || '@example.org', 'crowd' || o || '@example.org', true, 0
           from unnest($1::uuid[]) with ordinality as u(id, o)`,
          [ids],
        );
        await tx.query(
          `insert into predictions_positions (pool_id, account_id, target_id, amount, first_placed_at, net)
           select $2, id, 'chile', 100, 0, o from unnest($1::uuid[]) with ordinality as u(id, o)`,
          [ids, poolId],
        );
      });
      const [pool] = await room.database.query<{ game_id: string }>(
        'select game_id from predictions_pools where id = $1',
        [poolId],
      );
      const body = await room.services.leaderboards.board({ gameId: pool!.game_id }, everything, people[0]!.id);
      assert.equal(rowsOf(body).length, 1001);
      assert.deepEqual([body.truncated, body.rows_total, rowsOf(body).at(-1)!.username], [true, 1201, 'longest']);
      const next = await room.services.leaderboards.board(
        { gameId: pool!.game_id },
        { ...everything, start: 1000 },
        null,
      );
      assert.equal(rowsOf(next).length, 201);
    }));

  it('boards of nothing: unknown game, source, type, currency', async () => {
    const { leaderboards } = room.services;
    const nobody = room.deps.ports.ids.uuid();
    const code = (asked: Parameters<typeof leaderboards.board>[0]) =>
      leaderboards.board(asked, everything, null).then(
        () => 0,
        (error: unknown) => (error instanceof RuleError ? error.code : -1),
      );
    assert.equal(await code({ gameId: nobody }), 6609);
    assert.equal(await code({ sourceId: nobody }), 6608);
    assert.equal(await code({ gameType: 'quidditch', currency: null }), 6607);
    assert.equal(await code({ gameType: 'INSTAMRKT', currency: 'XYZ' }), 6626);
  });

  it('LB11: a question asked while a board is read never gets that older board', () =>
    alone(async () => {
      const { gameId, poolId, people } = await arena(['quick']);
      const late = await room.world.player('settled-late');
      await room.world.bet(late, poolId, 'peru', 5);
      const { leaderboards } = room.services;
      const before = [1, 2, 3].map(() => leaderboards.board({ gameId }, everything, null));
      await room.world.settle(poolId, 'chile');
      const afterwards = await leaderboards.board({ gameId }, everything, null);
      assert.deepEqual(standing(afterwards), ['quick 1 5', 'settled-late 2 -5']);
      await Promise.all(before);
      assert.equal(people.length, 1);
    }));
});
