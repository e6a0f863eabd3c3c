import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BetBatch,
  type BetCommand,
  type BetDecision,
  type BetView,
  balanceKey,
  clientRefKey,
  decideBet,
  decideBets,
  type PoolBook,
  positionKey,
} from './bet.ts';
import { RuleError } from './errors.ts';
import { aGame, aPool } from './testing.ts';
import type { Game, Pool } from './types.ts';

const limits = { minBet: 1n, maxBet: null };

const command = (changes: Partial<BetCommand> = {}): BetCommand => ({
  betId: 'bet-1',
  userId: 'A',
  poolId: 'pool-1',
  target: 'Chile',
  amount: '10',
  clientRef: null,
  kind: 'live',
  ...changes,
});

const bookOf = (pool: Partial<Pool> = {}, game: Partial<Game> = {}): PoolBook => ({
  pool: aPool(pool),
  game: aGame(game),
  lastPlacedAt: 0,
  nextSeq: 5,
});

const viewOf = (changes: Partial<BetView> = {}): BetView => ({
  book: bookOf(),
  position: undefined,
  available: 100_000n,
  earlier: undefined,
  ...changes,
});

const refusal = (decision: BetDecision) => {
  assert.equal(decision.kind, 'refused');
  return decision.kind === 'refused' ? decision.error : undefined;
};
const errorOf = (view: BetView, changes: Partial<BetCommand> = {}, now = 1000) =>
  refusal(decideBet(view, command(changes), now, limits))?.error;

test('predictions-42: an accepted bet moves its amount and gets its place in the pool (BT2, I9)', () => {
  const view = viewOf();
  assert.deepEqual(decideBet(view, command(), 1000, limits), {
    kind: 'accepted',
    bet: { betId: 'bet-1', userId: 'A', targetId: 'chile', amount: 1000n, placedAt: 1000, seq: 5 },
    isNewcomer: true,
    book: { ...view.book, lastPlacedAt: 1000, nextSeq: 6 },
    position: { targetId: 'chile', amount: 1000n },
    available: 99_000n,
  });
});

test('predictions-43: more than available is refused with the figures; all of it is not (4.5)', () => {
  const error = refusal(decideBet(viewOf({ available: 99_000n }), command({ amount: 990.01 }), 1000, limits));
  assert.equal(error?.error, 'insufficient_funds');
  assert.deepEqual(error?.details, { available: 990, amount: 990.01, currency: 'DON' });
  const all = decideBet(viewOf({ available: 99_000n }), command({ amount: 990 }), 1000, limits);
  assert.equal(all.kind === 'accepted' && all.available, 0n);
});

test('predictions-44: bets of 0, -1, 1.005 and "abc" are refused', () => {
  for (const amount of [0, -1, 1.005, 'abc']) assert.equal(errorOf(viewOf(), { amount }), 'amount_invalid');
});

test('predictions-45: the same target adds up, another one is refused (BT4)', () => {
  const view = viewOf({ position: { targetId: 'chile', amount: 3000n } });
  const error = refusal(decideBet(view, command({ target: 'peru' }), 1000, limits));
  assert.equal(error?.error, 'other_target_backed');
  assert.deepEqual(error?.details, { target_id: 'chile' });
  const again = decideBet(view, command({ amount: 2 }), 1000, limits);
  assert.ok(again.kind === 'accepted');
  assert.deepEqual([again.position, again.isNewcomer], [{ targetId: 'chile', amount: 3200n }, false]);
});

test('predictions-47: a blocked pool refuses, an allowed one accepts (PL5, PL6)', () => {
  assert.equal(errorOf(viewOf({ book: bookOf({ isBlocked: true }) })), 'pool_blocked');
  assert.equal(decideBet(viewOf(), command(), 1000, limits).kind, 'accepted');
});

test('predictions-48: the bet at 4999 is accepted, the one at 5000 meets the due block (PL7)', () => {
  const view = viewOf({ book: bookOf({ pendingBlockAt: 5000 }) });
  assert.equal(decideBet(view, command(), 4999, limits).kind, 'accepted');
  assert.equal(errorOf(view, {}, 5000), 'pool_blocked');
});

test('checks come in the order of BT3: each fault hides the ones after it', () => {
  const faults: [string, Partial<Pool>, Partial<Game>, Partial<BetCommand>, Partial<BetView>][] = [
    ['unknown_pool', {}, {}, {}, { book: undefined }],
    ['game_closed', {}, { state: 'closing' }, {}, {}],
    ['pool_closed', { state: 'resolved' }, {}, {}, {}],
    ['pool_blocked', { isBlocked: true }, {}, {}, {}],
    ['unknown_target', {}, {}, { target: 'brazil' }, {}],
    ['amount_invalid', {}, {}, { amount: 'x' }, {}],
    ['other_target_backed', {}, {}, {}, { position: { targetId: 'peru', amount: 1n } }],
    ['insufficient_funds', {}, {}, {}, { available: 0n }],
  ];
  faults.forEach(([expected], first) => {
    const left = faults.slice(first);
    const merged = <T extends object>(index: 1 | 2 | 3) => Object.assign({}, ...left.map((fault) => fault[index])) as T;
    const book = bookOf(merged<Partial<Pool>>(1), merged<Partial<Game>>(2));
    const view: BetView = Object.assign(viewOf({ book }), ...left.map((fault) => fault[4]));
    assert.equal(errorOf(view, merged<Partial<BetCommand>>(3)), expected);
  });
});

test('a game not opened takes pre-game bets only, a closed one none (GM4)', () => {
  const created = viewOf({ book: bookOf({}, { state: 'created' }) });
  assert.equal(errorOf(created), 'game_not_open');
  assert.equal(decideBet(created, command({ kind: 'pre_game' }), 1000, limits).kind, 'accepted');
  for (const state of ['closing', 'closed'] as const) {
    const view = viewOf({ book: bookOf({}, { state }) });
    assert.equal(errorOf(view), 'game_closed');
    assert.equal(errorOf(view, { kind: 'pre_game' }), 'game_closed');
  }
});

test('refusals about the pool name it', () => {
  assert.deepEqual(refusal(decideBet(viewOf({ book: undefined }), command(), 1, limits))?.details, {
    pool_id: 'pool-1',
  });
  const closed = viewOf({ book: bookOf({ state: 'resolved' }) });
  assert.deepEqual(refusal(decideBet(closed, command(), 1, limits))?.details, { pool_id: 'pool-1' });
});

test('min_bet and max_bet are kept (6621)', () => {
  const bounded = { minBet: 500n, maxBet: 1000n };
  const kinds = ['4.99', '5.00', '10.00', '10.01'].map(
    (amount) => decideBet(viewOf(), command({ amount }), 1, bounded).kind,
  );
  assert.deepEqual(kinds, ['refused', 'accepted', 'accepted', 'refused']);
});

test('placed_at never decreases within a pool, and it is the moment the pool is judged by (BT5)', () => {
  const ahead = { ...bookOf({ stopAcceptingBetsAt: 2000 }), lastPlacedAt: 1500 };
  const decision = decideBet(viewOf({ book: ahead }), command(), 1000, limits);
  assert.ok(decision.kind === 'accepted');
  assert.deepEqual([decision.bet.placedAt, decision.book.lastPlacedAt], [1500, 1500]);
  assert.equal(errorOf(viewOf({ book: { ...ahead, lastPlacedAt: 2000 } })), 'pool_closed');
});

test('a repeated client_ref gets the first bet again, whatever changed meanwhile (BT6)', () => {
  const bet = { betId: 'first', userId: 'A', targetId: 'chile', amount: 1n, placedAt: 3, seq: 0 };
  const view = viewOf({ book: bookOf({ state: 'resolved' }), earlier: bet, available: 0n });
  assert.deepEqual(decideBet(view, command({ amount: 'x', clientRef: 'r' }), 1000, limits), { kind: 'repeated', bet });
  assert.equal(errorOf({ ...view, book: undefined }), 'unknown_pool');
});

test('a fault that is not a broken rule is not swallowed', () => {
  const broken = {
    ...viewOf(),
    get available(): bigint {
      throw new TypeError('broken');
    },
  };
  assert.throws(() => decideBet(broken, command(), 1000, limits), { message: 'broken' });
});

const emptyBatch = (books: readonly PoolBook[], available: Record<string, bigint>): BetBatch => ({
  books: new Map(books.map((book) => [book.pool.poolId, book])),
  positions: new Map(),
  available: new Map(Object.entries(available).map(([userId, money]) => [balanceKey(userId, 'DON'), money])),
  earlier: new Map(),
});

const outcomes = (decisions: readonly BetDecision[]) =>
  decisions.map((decision) => (decision.kind === 'refused' ? decision.error.error : decision.kind));

test('predictions-46: of two bets for the same last money exactly one is accepted (BT2, RS7)', () => {
  const books = [bookOf(), bookOf({ poolId: 'pool-2' })];
  const commands = [command({ betId: 'x' }), command({ betId: 'y', poolId: 'pool-2' })];
  const { decisions, batch } = decideBets(emptyBatch(books, { A: 1000n }), commands, 1000, limits);
  assert.deepEqual(outcomes(decisions), ['accepted', 'insufficient_funds']);
  assert.equal(batch.available.get(balanceKey('A', 'DON')), 0n);
  assert.deepEqual(batch.positions.get(positionKey('pool-1', 'A')), { targetId: 'chile', amount: 1000n });
  assert.equal(batch.positions.has(positionKey('pool-2', 'A')), false);
});

test('a bad command hurts no other, and a ref is known from the next command on (BT6)', () => {
  const commands = [
    command({ betId: '1', amount: 'x', clientRef: 'r' }),
    command({ betId: '2', clientRef: 'r' }),
    command({ betId: '3', clientRef: 'r', amount: 99 }),
    command({ betId: '4', poolId: 'nowhere' }),
    command({ betId: '5', userId: 'B', clientRef: 'r' }),
    command({ betId: '6', userId: 'stranger' }),
    command({ betId: '7', target: 'peru' }),
  ];
  const start = emptyBatch([bookOf()], { A: 5000n, B: 5000n });
  const { decisions, batch } = decideBets(start, commands, 1000, limits);
  assert.deepEqual(outcomes(decisions), [
    'amount_invalid',
    'accepted',
    'repeated',
    'unknown_pool',
    'accepted',
    'insufficient_funds',
    'other_target_backed',
  ]);
  const bets = decisions.flatMap((decision) =>
    decision.kind === 'refused' ? [] : [[decision.bet.betId, decision.bet.seq]],
  );
  assert.deepEqual(bets, [
    ['2', 5],
    ['2', 5],
    ['5', 6],
  ]);
  assert.deepEqual([...batch.earlier.keys()], [clientRefKey('pool-1', 'A', 'r'), clientRefKey('pool-1', 'B', 'r')]);
  assert.equal(batch.books.get('pool-1')?.nextSeq, 7);
  assert.deepEqual([start.positions.size, start.earlier.size, start.books.get('pool-1')?.nextSeq], [0, 0, 5]);
  assert.equal(start.available.get(balanceKey('A', 'DON')), 5000n);
});

test("balances are those of the game's currency (BT7)", () => {
  const start = emptyBatch([bookOf({}, { currency: 'EUR' })], { A: 5000n });
  assert.deepEqual(outcomes(decideBets(start, [command()], 1, limits).decisions), ['insufficient_funds']);
});

const anyCommand = fc.record({
  userId: fc.constantFrom('A', 'B', 'C'),
  poolId: fc.constantFrom('pool-1', 'pool-2', 'pool-3', 'nowhere'),
  target: fc.constantFrom('chile', 'peru', 'none', 'brazil'),
  amount: fc.constantFrom<unknown>(1, '2.50', 7, 40, 0, 'x'),
  clientRef: fc.constantFrom(null, null, 'r1', 'r2'),
  kind: fc.constantFrom('live', 'pre_game'),
});

test('deciding a batch is deciding one by one, in any cut; money is never made or lost (BT1)', () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 40 }), fc.integer({ min: 0, max: 40 }), (asked, cut) => {
      const commands = asked.map((fields, index) =>
        command({ ...fields, betId: `bet-${index}` } as Partial<BetCommand>),
      );
      const books = [
        bookOf(),
        bookOf({ poolId: 'pool-2', isBlocked: true }),
        bookOf({ poolId: 'pool-3' }, { state: 'created' }),
      ];
      const start = emptyBatch(books, { A: 10_000n, B: 5000n, C: 0n });
      const whole = decideBets(start, commands, 1000, limits);
      const head = decideBets(start, commands.slice(0, cut), 1000, limits);
      const tail = decideBets(head.batch, commands.slice(cut), 1000, limits);
      assert.deepEqual(outcomes([...head.decisions, ...tail.decisions]), outcomes(whole.decisions));
      assert.deepEqual(tail.batch, whole.batch);

      const sum = (values: Iterable<bigint>) => [...values].reduce((total, value) => total + value, 0n);
      const staked = sum(
        whole.decisions.flatMap((decision) => (decision.kind === 'accepted' ? [decision.bet.amount] : [])),
      );
      assert.equal(sum(whole.batch.available.values()) + staked, 15_000n);
      assert.equal(sum([...whole.batch.positions.values()].map((position) => position.amount)), staked);
      for (const money of whole.batch.available.values()) assert.ok(money >= 0n);
      const seqs = whole.decisions.flatMap((d) =>
        d.kind === 'accepted' && d.book.pool.poolId === 'pool-1' ? [d.bet.seq] : [],
      );
      assert.deepEqual(
        seqs,
        seqs.map((_, index) => index + 5),
      );
    }),
  );
});

test('every refusal is a rule error', () => {
  const error = refusal(decideBet(viewOf({ book: undefined }), command(), 1, limits));
  assert.ok(error instanceof RuleError);
});
