import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BoardEntry,
  friendsBoard,
  rankBoard,
  rowShape,
  rowsAfter,
  rowsFrom,
  type TailoredCounts,
  tailorBoard,
} from './leaderboard.ts';
import { assertRule } from './testing.ts';

const player = (username: string, points: bigint, userId = `id-${username}`): BoardEntry => ({
  userId,
  username,
  points,
});
/** Players 1 to n, best first, distinct points. */
const ladder = (count: number) =>
  rankBoard(Array.from({ length: count }, (_, index) => player(`p${index + 1}`, BigInt(1000 - index), `${index + 1}`)));

const defaults: TailoredCounts = { top: 3, surrounding: 1, bottom: 3 };
const tailored = (count: number, requester: string | null, counts = defaults) => {
  const { rows, breakAfterRank } = tailorBoard(ladder(count), requester, counts);
  return { ranks: rows.map((row) => row.rank), breaks: breakAfterRank };
};

const anyBoard = fc
  .array(fc.record({ points: fc.bigInt({ min: -4n, max: 4n }), name: fc.constantFrom('a', 'B', 'b', 'C') }), {
    maxLength: 20,
  })
  .map((players) => players.map(({ points, name }, index) => player(name, points, `${(index * 7) % 20}`)));

test('predictions-59: equal points share a rank, the next rank skips; ties stand by name without case (LB4, LB5)', () => {
  const board = rankBoard([player('z', 101000n), player('b', 100000n), player('A', 100000n), player('c', 99000n)]);
  assert.deepEqual(
    board.map((row) => [row.username, row.rank]),
    [
      ['z', 1],
      ['A', 2],
      ['b', 2],
      ['c', 4],
    ],
  );
});

test('names that differ only in case stand by user id (LB5)', () => {
  const board = rankBoard([player('ANN', 1n, '3'), player('ann', 1n, '1'), player('Ann', 1n, '2')]);
  assert.deepEqual(
    board.map((row) => row.userId),
    ['1', '2', '3'],
  );
});

test('a rank is 1 + the players with more points, and the order is total (LB4, LB5)', () => {
  fc.assert(
    fc.property(anyBoard, (players) => {
      const board = rankBoard(players);
      assert.equal(board.length, players.length);
      for (const [place, row] of board.entries()) {
        assert.equal(row.rank, 1 + players.filter((other) => other.points > row.points).length);
        const next = board[place + 1];
        if (next === undefined) continue;
        const [a, b] = [row.username.toLowerCase(), next.username.toLowerCase()];
        const isBefore =
          row.points > next.points || (row.points === next.points && (a < b || (a === b && row.userId < next.userId)));
        assert.ok(isBefore);
      }
      assert.deepEqual(rankBoard(players.toReversed()), board);
    }),
  );
});

test('predictions-60: 100 users, requester at 44 (LB8, LB9)', () => {
  assert.deepEqual(tailored(100, '44'), { ranks: [1, 2, 3, 43, 44, 45, 98, 99, 100], breaks: [3, 45] });
});

test('predictions-61: requester at 2 and at 5 (LB8, LB9)', () => {
  assert.deepEqual(tailored(100, '2'), { ranks: [1, 2, 3, 98, 99, 100], breaks: [3] });
  assert.deepEqual(tailored(100, '5'), { ranks: [1, 2, 3, 4, 5, 6, 98, 99, 100], breaks: [6] });
});

test('predictions-62: five users stand once each (LB8)', () => {
  assert.deepEqual(tailored(5, '3'), { ranks: [1, 2, 3, 4, 5], breaks: [] });
});

test('an unknown requester has no middle part; an empty board no rows (LB8)', () => {
  const ends = { ranks: [1, 2, 3, 98, 99, 100], breaks: [3] };
  assert.deepEqual(tailored(100, 'stranger'), ends);
  assert.deepEqual(tailored(100, null), ends);
  assert.deepEqual(tailored(0, '1'), { ranks: [], breaks: [] });
});

test('counts are 0 to 100 (LB8)', () => {
  assert.deepEqual(tailored(100, '44', { top: 0, surrounding: 0, bottom: 0 }), { ranks: [44], breaks: [] });
  assert.deepEqual(tailored(300, '150', { top: 100, surrounding: 100, bottom: 100 }).ranks.length, 300);
  for (const [name, change] of [
    ['top_count', { top: 101 }],
    ['bottom_count', { bottom: -1 }],
    ['surrounding_count', { surrounding: 101 }],
  ] as const) {
    assertRule(() => tailored(5, '1', { ...defaults, ...change }), 'invalid_parameter', { name });
  }
});

test('a tailored board is the union by position of its three parts, breaks where rows are left out (LB8, LB9)', () => {
  const count = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(
      anyBoard,
      fc.integer({ min: 0, max: 21 }),
      count,
      count,
      count,
      (players, requester, top, surrounding, bottom) => {
        const board = rankBoard(players);
        const { rows, breakAfterRank } = tailorBoard(board, `${requester}`, { top, surrounding, bottom });
        const own = board.findIndex((row) => row.userId === `${requester}`);
        const middle = own < 0 ? [] : board.slice(Math.max(own - surrounding, 0), own + surrounding + 1);
        const parts = new Set([...board.slice(0, top), ...middle, ...(bottom === 0 ? [] : board.slice(-bottom))]);
        assert.deepEqual(
          rows,
          board.filter((row) => parts.has(row)),
        );
        const breaks = rows.slice(0, -1).filter((row, index) => board[board.indexOf(row) + 1] !== rows[index + 1]);
        assert.deepEqual(
          breakAfterRank,
          breaks.map((row) => row.rank),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('predictions-63: websocket 3 to 10 is ranks 4–10, personal REST 3 to 10 is ranks 3–10 (LB6, LB7)', () => {
  const board = ladder(20);
  const ranks = (rows: readonly { rank: number }[]) => rows.map((row) => row.rank);
  assert.deepEqual(ranks(rowsAfter(board, 3, 10)), [4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(ranks(rowsFrom(board, 3, 10)), [3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(rowsAfter(board, 0, 1_000_000).length, 20);
  assert.equal(rowsFrom(board, 1, 10_000_000).length, 20);
});

test('slices go by rank, so tied rows come or go together (LB6, LB7)', () => {
  const board = rankBoard([player('a', 9n), player('b', 5n), player('c', 5n), player('d', 1n)]);
  const names = (rows: readonly BoardEntry[]) => rows.map((row) => row.username).join('');
  assert.equal(names(rowsAfter(board, 1, 2)), 'bc');
  assert.equal(names(rowsFrom(board, 1, 2)), 'abc');
  assert.equal(names(rowsAfter(board, 2, 4)), 'd');
  assert.equal(names(rowsFrom(board, 3, 3)), '');
});

test('a friends board ranks among themselves and tells the rank on the full board (LB10)', () => {
  fc.assert(
    fc.property(anyBoard, fc.uniqueArray(fc.integer({ min: 0, max: 25 })), (players, chosen) => {
      const members = new Set(chosen.map(String));
      const board = rankBoard(players);
      const friends = friendsBoard(board, members);
      assert.deepEqual(
        friends.map(({ globalRank: _, ...row }) => row),
        rankBoard(players.filter((entry) => members.has(entry.userId))),
      );
      for (const row of friends) {
        assert.equal(row.globalRank, board.find((other) => other.userId === row.userId)?.rank);
      }
    }),
  );
});

test('predictions-64: points leave in units with two decimals, running stakes not among them (LB2)', () => {
  assert.deepEqual(rowShape({ ...player('A', 100000n), rank: 2 }), {
    username: 'A',
    points: 1000,
    rank: 2,
    user_id: 'id-A',
  });
  assert.deepEqual(rowShape({ ...player('A', -1050n), rank: 2, globalRank: 7 }), {
    username: 'A',
    points: -10.5,
    rank: 2,
    user_id: 'id-A',
    global_rank: 7,
  });
});
