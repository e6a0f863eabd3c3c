import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyMessage } from './messages.ts';
import { Sequences } from './sequences.ts';

const GAME = 'game-1';

function chat(seq: number): AnyMessage {
  return { res: 901, response_header: { t: 1, seq }, text: 'x', sender: 's', received_at: 1, channel: GAME };
}

function blocked(poolId: string, seq: number): AnyMessage {
  return { res: 368, response_header: { t: 1, seq }, pool_id: poolId, blocked_at: 1 };
}

function joined(seq: number): Sequences {
  const sequences = new Sequences();
  assert.equal(sequences.join(GAME, seq), false);
  return sequences;
}

test('WC3: an answer that overtakes the broadcasts of its own operation leaves no gap', () => {
  const sequences = joined(3);
  assert.equal(sequences.note(chat(6)), GAME);
  assert.equal(sequences.note(blocked('p', 4)), undefined);
  assert.equal(sequences.note(blocked('q', 5)), undefined);
  assert.equal(sequences.takeMissing(GAME), false);
});

test('WC11: what does not come is missing, and is told once', () => {
  const sequences = joined(3);
  assert.equal(sequences.note(chat(6)), GAME);
  assert.equal(sequences.note(chat(9)), undefined);
  assert.equal(sequences.takeMissing(GAME), true);
  assert.equal(sequences.takeMissing(GAME), false);
  assert.equal(sequences.note(chat(10)), undefined);
});

test('a rejoin tells whether anything happened meanwhile, an unfinished gap included', () => {
  const sequences = joined(3);
  sequences.note(chat(6));
  assert.equal(sequences.join(GAME, 6), true);
  assert.equal(sequences.join(GAME, 6), false);
  assert.equal(sequences.join(GAME, 8), true);
});

test('367-369 carry only a pool id: the pool lists tell the game', () => {
  const sequences = joined(1);
  sequences.join('game-2', 1);
  const pool = { pool_id: 'p', game_id: GAME };
  sequences.note({ res: 3535, response_header: { t: 1 }, game_id: GAME, pools_list: [pool] } as AnyMessage);
  assert.equal(sequences.gameOf(blocked('p', 2)), GAME);
  assert.equal(sequences.gameOf(blocked('unknown', 2)), undefined);
});
