import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opOf, readRequest, ridOf } from './envelope.ts';
import { assertRule } from './testing.ts';

test('op is a number or a numeric string (WC9); the message comes along', () => {
  const frame = { op: ' 392 ', header: { rid: 'r1' }, pool_id: 'p' };
  assert.deepEqual(readRequest(frame), { name: 'place_bet_in_betting_pool', op: 392, rid: 'r1', message: frame });
  assert.equal(readRequest({ op: 1 }).name, 'ping');
  assert.equal(readRequest({ op: 1, header: 'x' }).rid, undefined);
  assert.equal(readRequest({ op: 1, header: { rid: 7 } }).rid, 7);
  assert.equal(readRequest({ op: 1, header: { rid: {} } }).rid, undefined);
});

test('what is no object with an op is 6605, an op nobody knows 6604 (WC9, WC12)', () => {
  for (const frame of [null, 7, 'op', [], [{ op: 1 }], {}, { op: null }, { op: '' }, undefined]) {
    assertRule(() => readRequest(frame), 'malformed_message');
  }
  for (const op of [0, 3, 'ping', 361, {}, true, 1.5]) assertRule(() => readRequest({ op }), 'unknown_op');
});

test('predictions-16: 373 with only game_id reads, with anything to change it updates (I1)', () => {
  assert.equal(readRequest({ op: 373, game_id: 'g', header: {}, other: 1 }).name, 'get_game_details');
  for (const change of [{ actions: [] }, { targets: 'x' }, { image_url: null }]) {
    assert.equal(readRequest({ op: 373, game_id: 'g', ...change }).name, 'update_game_details');
  }
  assert.equal(readRequest({ op: 372, game_id: 'g', actions: [] }).name, 'get_game_details');
});

test("4505 with a game is that game's board, 4515 too (I28)", () => {
  assert.equal(readRequest({ op: 4505 }).name, 'get_user_tailored_leaderboard');
  assert.equal(readRequest({ op: 4505, game_id: '' }).name, 'get_user_tailored_leaderboard');
  const forGame = readRequest({ op: 4505, game_id: 'g' });
  assert.deepEqual([forGame.name, forGame.op], ['get_user_tailored_leaderboard_for_game', 4505]);
  assert.equal(readRequest({ op: 4515, game_id: 'g' }).name, 'get_user_tailored_leaderboard_for_game');
});

test('op and rid of a frame that could not be used are still found for its error', () => {
  assert.equal(opOf({ op: '99' }), 99);
  assert.equal(opOf({ op: 'x' }), null);
  assert.equal(opOf({ op: 2.5 }), null);
  assert.equal(opOf([1]), null);
  assert.equal(ridOf({ header: { rid: 'a' } }), 'a');
  assert.equal(ridOf({ header: null }), undefined);
  assert.equal(ridOf('x'), undefined);
});
