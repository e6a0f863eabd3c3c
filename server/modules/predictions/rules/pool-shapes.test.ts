import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBackings } from './distribution.ts';
import { poolMineShape, poolResultShape, poolShape } from './pool-shapes.ts';
import { aPool, betsOf } from './testing.ts';
import { messageFaults } from './vocabulary.ts';

const backings = countBackings(betsOf('A 30.00 chile', 'B 10.00 peru'));
const facts = { backings, liveStartAt: 7 };
const pool = aPool({
  type: 2,
  startAt: 1,
  finishAt: 3,
  stopAcceptingBetsAt: 2,
  isBlocked: true,
  isHot: true,
  recreatedFrom: 'pool-0',
});

test('predictions-21: a pool is sent under both spellings of its doubled fields (4.3, I10–I12, I17, I20)', () => {
  const shape = poolShape(pool, facts);
  assert.deepEqual(
    { ...shape, distribution: shape.distribution.map((line) => [line.target_id, line.to_win_if_backed]) },
    {
      pool_id: 'pool-1',
      game_id: 'game-1',
      description: 'Next goal?',
      name: 'Next goal?',
      type: 2,
      pool_type: 2,
      action_id: 'goal',
      target_level: 1,
      participants: 2,
      people_involved: 2,
      amount_total: 40,
      money_at_stake: 40,
      is_blocked: true,
      is_hot: true,
      distribution: [
        ['chile', 1.3333],
        ['peru', 4],
        ['none', 1],
      ],
      start_at: 1,
      live_start_at: 7,
      finish_at: 3,
      stop_accepting_bets_at: 2,
      recreated_from: 'pool-0',
    },
  );
});

const shown = new Map(['chile', 'peru', 'none'].map((targetId) => [targetId, { bets: [], total: 0 }]));

test('352, 353, 354 and 355 carry exactly their fields (4.4)', () => {
  const full = { ...facts, shown };
  const outcome = {
    verdict: { winningTarget: 'chile', isMoneyReturn: false },
    own: { outcome: 'won', net: 1000n },
    resolvedAt: 9,
    gameName: 'G',
  } as const;
  const mine = new Map([['chile', 3000n]]);
  assert.deepEqual(messageFaults({ res: 352, ...poolShape(pool, full) }), []);
  assert.deepEqual(messageFaults({ res: 353, game_id: 'g', pools_list: [poolShape(pool, full)] }), []);
  assert.deepEqual(messageFaults({ res: 354, game_id: 'g', pools_list: [poolMineShape(pool, full, mine)] }), []);
  assert.deepEqual(
    messageFaults({ res: 355, game_id: 'g', pools_list: [poolResultShape(pool, full, mine, outcome)] }),
    [],
  );
});

test('user_backed holds the own valid stakes, nothing when only late (6.2)', () => {
  assert.deepEqual(poolMineShape(pool, facts, new Map([['chile', 3050n]])).user_backed, { chile: 30.5 });
  assert.deepEqual(poolMineShape(pool, facts, new Map()).user_backed, {});
});

test('a resolved pool tells its winner, the own net win, and decided multipliers (PO7, PO10)', () => {
  const result = (isMoneyReturn: boolean, outcome: 'won' | 'lost' | 'returned', net: bigint) =>
    poolResultShape(pool, facts, new Map([['chile', 3000n]]), {
      verdict: { winningTarget: 'chile', isMoneyReturn },
      own: { outcome, net },
      resolvedAt: 9,
      gameName: 'Chile - Peru',
    });
  const won = result(false, 'won', 1000n);
  assert.deepEqual(
    [won.winning_target, won.total_winnings, won.resolved_at, won.game_name, won.is_money_return],
    ['chile', 10, 9, 'Chile - Peru', false],
  );
  assert.deepEqual(
    won.distribution.map((line) => line.to_win_if_backed),
    [1.3333, 0, 0],
  );
  assert.deepEqual(won.user_backed, { chile: 30 });
  assert.equal(result(false, 'lost', -3000n).total_winnings, 0);
  const returned = result(true, 'returned', 0n);
  assert.deepEqual([returned.total_winnings, returned.is_money_return], [0, true]);
  assert.deepEqual(
    returned.distribution.map((line) => line.to_win_if_backed),
    [1, 1, 1],
  );
});
