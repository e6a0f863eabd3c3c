import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPS } from './ops.ts';
import { readParams } from './params.ts';
import { assertRule } from './testing.ts';

test('predictions-15: other names, text for numbers and "False" for false are taken (I10, I17, I18)', () => {
  const message = {
    op: 385,
    game_id: 'g',
    description: 'Next?',
    pool_type: '1',
    action: 'Goal',
    targets: 'chile, peru',
    recreate_on_end: 'False',
  };
  assert.deepEqual(readParams(OPS.create_and_open_betting_pool.params, message), {
    game_id: 'g',
    description: 'Next?',
    action_id: 'Goal',
    targets: ['chile', 'peru'],
    type: 1,
    finish_at: null,
    stop_accepting_bets_at: null,
    recreate_on_end: false,
    is_blocked: false,
    is_hot: false,
  });
});

test('the name of the table beats its other spelling', () => {
  const params = readParams(OPS.place_bet_in_betting_pool.params, {
    pool_id: 1,
    target_id: 'peru',
    target: 'chile',
    amount: '10',
  });
  assert.deepEqual(params, { pool_id: '1', target: 'chile', amount: '10', client_ref: null });
});

test('an unset name leaves the word to its other spelling', () => {
  const params = readParams(OPS.block_betting_for_game_and_action.params, {
    game_id: 'g',
    action_id: '',
    action: 'goal',
  });
  assert.deepEqual(params, { game_id: 'g', action_id: 'goal', block_at: null });
});

test('absent required parameters are 6606, unset ones too; unreadable ones 6607', () => {
  const read = (message: Record<string, unknown>) => () => readParams(OPS.place_bet_in_betting_pool.params, message);
  assertRule(read({ target: 'chile', amount: 1 }), 'missing_parameter', { name: 'pool_id' });
  assertRule(read({ pool_id: '', target: 'chile', amount: 1 }), 'missing_parameter', { name: 'pool_id' });
  assertRule(read({ pool_id: 'p', amount: 1 }), 'missing_parameter', { name: 'target' });
  assertRule(read({ pool_id: 'p', target: 'chile', amount: null }), 'missing_parameter', { name: 'amount' });
  assertRule(read({ pool_id: {}, target: 'chile', amount: 1 }), 'invalid_parameter', { name: 'pool_id' });
  assertRule(read(Object.create({ pool_id: 'p', target: 'x', amount: 1 })), 'missing_parameter', { name: 'pool_id' });
});

test('an amount stays as sent, also "": whether it is one is decided later (BT3)', () => {
  for (const amount of ['', 'abc', 0, false, [1]]) {
    assert.deepEqual(
      readParams(OPS.place_bet_in_betting_pool.params, { pool_id: 'p', target: 't', amount }).amount,
      amount,
    );
  }
});

test('required text that says nothing is 6607, optional text is absent then', () => {
  const read = (description: unknown) => () =>
    readParams({ description: { kind: 'text', required: true, most: 5 } }, { description });
  for (const text of ['', '   ', '123456', 7]) assertRule(read(text), 'invalid_parameter', { name: 'description' });
  assertRule(read(null), 'missing_parameter', { name: 'description' });
  assert.deepEqual(read(' ok ')(), { description: ' ok ' });
  const optional = { hashtag: { kind: 'text', most: 9 }, note: { kind: 'text', default: 'none', most: 9 } } as const;
  assert.deepEqual(readParams(optional, { hashtag: ' ', note: '' }), { hashtag: null, note: 'none' });
});

test('defaults stand in for absent and unset values, false and 0 are values', () => {
  const { start, end, game_type, currency } = readParams(OPS.get_leaderboard.params, { start: '', end: 0 });
  assert.deepEqual([start, end, game_type, currency], [0, 0, 'INSTAMRKT', 'DON']);
  assert.equal(readParams(OPS.suggest_hot_betting_pool.params, { pool_id: 'p' }).hot, true);
  assert.equal(readParams(OPS.suggest_hot_betting_pool.params, { pool_id: 'p', hot: '0' }).hot, false);
  assert.deepEqual(readParams(OPS.text_message.params, { text: 'hi', targets: null }), { text: 'hi', targets: [] });
});

test('integers keep to their bounds (LB8)', () => {
  const read = (message: Record<string, unknown>) => () =>
    readParams(OPS.get_user_tailored_leaderboard.params, message);
  assert.equal(read({ surroundings_count: '2' })().surrounding_count, 2);
  assert.equal(read({ top_count: 100 })().top_count, 100);
  for (const top_count of [101, -1, 'x']) assertRule(read({ top_count }), 'invalid_parameter', { name: 'top_count' });
  assert.deepEqual(readParams({ n: { kind: 'integer' } }, { n: 9007199254740991 }), { n: 9007199254740991 });
  assertRule(() => readParams({ n: { kind: 'integer' } }, { n: -1 }), 'invalid_parameter');
});

test('an absent image is kept, an unset one cleared, a given one set (373)', () => {
  const image = (message: Record<string, unknown>) =>
    readParams(OPS.update_game_details.params, { game_id: 'g', ...message }).image_url;
  assert.equal(image({}), undefined);
  assert.equal(image({ image_url: null }), null);
  assert.equal(image({ image_url: '' }), null);
  assert.equal(image({ image_url: 'https://x.example/i.png' }), 'https://x.example/i.png');
  assertRule(() => image({ image_url: 'x'.repeat(2049) }), 'invalid_parameter', { name: 'image_url' });
});

test('an event names its action, or else its pool (EV11)', () => {
  const read = (message: Record<string, unknown>) => () =>
    readParams(OPS.register_game_event.params, { game_id: 'g', target_id: 'yes', ...message });
  assert.deepEqual(read({ pool_id: 'p', happened_at: 1700000000 })(), {
    game_id: 'g',
    action_id: null,
    target_id: 'yes',
    happened_at: 1700000000000,
    description: '',
    event_id: null,
    pool_id: 'p',
  });
  assertRule(read({}), 'missing_parameter', { name: 'action_id' });
  assertRule(read({ pool_id: '' }), 'missing_parameter', { name: 'action_id' });
});

test('a list may hold 5000 items', () => {
  const targets = Array.from({ length: 5000 }, (_, index) => `t${index}`);
  assert.equal(readParams(OPS.open_game.params, { game_id: 'g', targets }).targets.length, 5000);
  assertRule(() => readParams(OPS.open_game.params, { game_id: 'g', targets: [...targets, 'x'] }), 'invalid_parameter');
});
