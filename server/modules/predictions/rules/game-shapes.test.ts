import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addActions } from './actions.ts';
import {
  activeGameShape,
  compareUpcoming,
  createdGameShape,
  type GameRecord,
  gameCardShape,
  gameDetailsShape,
  upcomingGameShape,
} from './game-shapes.ts';
import { countEvents, gameStateRows } from './game-state.ts';
import { addTargets } from './targets.ts';
import { aGame } from './testing.ts';
import { messageFaults } from './vocabulary.ts';

const game = (changes: Partial<GameRecord> = {}): GameRecord => ({
  ...aGame({ openAt: 100, liveStartAt: 200 }),
  sourceId: 'source-1',
  name: 'Chile - Peru',
  typeName: 'football',
  typeId: 'type-1',
  actions: addActions([], ['Goal']),
  targets: addTargets([], ['Chile:11', 'Peru']),
  liveFinishAt: 300,
  closeAt: 400,
  hashtag: '#ChiPer',
  imageUrl: 'https://x.example/i.png',
  ...changes,
});

const target = (target_id: string, symbol: string, display_name: string, targets: unknown[] = []) => ({
  target_id,
  symbol,
  display_name,
  targets,
});
const tree = [
  target('chile', 'chi', 'Chile', [target('chile:11', '11', '11')]),
  target('peru', 'per', 'Peru'),
  target('none', 'non', 'None'),
];
const actions = [{ action_id: 'goal', name: 'Goal' }];

test('340, 3401 and 3402 say all of a game, the type as it was given (I3)', () => {
  const shape = createdGameShape(game(), 'football');
  assert.deepEqual(shape, {
    source_id: 'source-1',
    game_id: 'game-1',
    game_name: 'Chile - Peru',
    type: 'football',
    actions,
    targets: tree,
    open_at: 100,
    live_start_at: 200,
    live_finish_at: 300,
    close_at: 400,
    hashtag: '#ChiPer',
    image_url: 'https://x.example/i.png',
    currency: 'DON',
  });
  for (const res of [340, 3401, 3402]) assert.deepEqual(messageFaults({ res, ...shape }), []);
});

test('342 says all of a game, its counts, and its events newest first, ties by later registration (I2–I4)', () => {
  const past = (eventId: string, happenedAt: number, logSeq: number) => ({
    eventId,
    actionId: 'goal',
    targetId: 'chile:11',
    happenedAt,
    logSeq,
  });
  const events = [past('a', 150, 1), past('b', 170, 2), past('c', 160, 3), past('d', 170, 4)];
  const shape = gameDetailsShape(game(), gameStateRows(countEvents(events), 'football'), events, 150);
  assert.deepEqual(shape, {
    game_id: 'game-1',
    source_id: 'source-1',
    name: 'Chile - Peru',
    game_name: 'Chile - Peru',
    status: 'pre_game_betting_active',
    type: 'type-1',
    type_name: 'football',
    actions,
    targets: tree,
    game_state: [{ action_id: 'goal', chile: '4' }],
    past_events: [
      { event_id: 'd', happened_at: 170, target_id: 'chile:11', action_id: 'goal' },
      { event_id: 'b', happened_at: 170, target_id: 'chile:11', action_id: 'goal' },
      { event_id: 'c', happened_at: 160, target_id: 'chile:11', action_id: 'goal' },
      { event_id: 'a', happened_at: 150, target_id: 'chile:11', action_id: 'goal' },
    ],
    open_at: 100,
    live_start_at: 200,
    live_finish_at: 300,
    close_at: 400,
    currency: 'DON',
    hashtag: '#ChiPer',
    image_url: 'https://x.example/i.png',
  });
  assert.deepEqual(messageFaults({ res: 342, ...shape }), []);
});

test('a card of 345 is scheduled at its live start, else at its opening (4.3, I26)', () => {
  const card = gameCardShape(game(), 250);
  assert.deepEqual(card, {
    game_id: 'game-1',
    status: 'game_in_progress_betting_active',
    name: 'Chile - Peru',
    type: 'type-1',
    type_name: 'football',
    open_at: 100,
    schedulted_at: 200,
    scheduled_at: 200,
    live_start_at: 200,
    close_at: 400,
    targets: tree,
    actions,
  });
  const unset = gameCardShape(game({ liveStartAt: null }), 250);
  assert.deepEqual([unset.schedulted_at, unset.scheduled_at, unset.live_start_at], [100, 100, null]);
  assert.deepEqual(messageFaults({ res: 345, source_id: 's', games: [card, unset] }), []);
});

test('an upcoming game has the fields of 3461', () => {
  const upcoming = upcomingGameShape(game());
  assert.deepEqual(upcoming, {
    id: 'game-1',
    source_id: 'source-1',
    game_name: 'Chile - Peru',
    currency: 'DON',
    game_type_id: 'type-1',
    live_start_at: 200,
    hashtag: '#ChiPer',
  });
  assert.deepEqual(messageFaults({ res: 3461, source_id: 's', games: [upcoming] }), []);
});

test('an active game names its teams: level-1 targets without none (I64)', () => {
  assert.deepEqual(activeGameShape(game(), 150), {
    game_id: 'game-1',
    opening_source_id: 'source-1',
    name: 'Chile - Peru',
    teams: [
      { target_id: 'chile', symbol: 'chi', display_name: 'Chile' },
      { target_id: 'peru', symbol: 'per', display_name: 'Peru' },
    ],
    type: 'type-1',
    status: 'pre_game_betting_active',
    open_at: 100,
    close_at: 400,
    live_start_at: 200,
  });
});

test('upcoming games come by live start, unset last, then by id (4.3)', () => {
  const at = (gameId: string, liveStartAt: number | null) => ({ gameId, liveStartAt });
  const games = [at('e', null), at('b', 5), at('d', null), at('a', 5), at('c', 1)];
  const expected = ['c', 'a', 'b', 'd', 'e'];
  for (const order of [games, games.toReversed()]) {
    assert.deepEqual(
      order.toSorted(compareUpcoming).map((entry) => entry.gameId),
      expected,
    );
  }
  assert.equal(compareUpcoming(at('a', 1), at('a', 1)), 0);
});
