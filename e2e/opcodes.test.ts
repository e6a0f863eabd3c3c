// A client that knows nothing but the fixture plays a whole small match: every op, every response code, every error code, both ways, each
// message with exactly the declared fields (contract 4).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fixture, optionalFields, Seen } from './support/fixture.ts';
import { type Installation, openInstallation } from './support/installation.ts';
import { ACTIONS, openGame, openPool, openStage, type Stage, TARGETS } from './support/match.ts';
import { connectRefused, type Message, type OpcodeClient } from './support/opcode-client.ts';
import type { Person } from './support/people.ts';
import { until } from './support/waiting.ts';

const seen = new Seen();
let house: Installation;
let stage: Stage;
/** The admin's connection, which joins the game; every op below is his unless said otherwise. */
let admin: OpcodeClient;
let alice: Person;
let bob: Person;
let alices: OpcodeClient;
let bobs: OpcodeClient;
let gameId: string;

before(async () => {
  house = await openInstallation();
  house.people.seen = seen;
  stage = await openStage(house.people);
  admin = stage.console;
  alice = await house.people.signUp('alice');
  bob = await house.people.signUp('bob', await alice.challengeId());
  alices = await alice.connect({ sourceId: stage.sourceId });
  bobs = await bob.connect();
});

after(async () => await house.close());

/** What a step of the admin's brings to himself (his direct answer first), to bob in the game, and to alice where it matters. */
interface Expected {
  admin: number[];
  bob?: number[];
  alice?: number[];
}

/** The admin sends an op; everybody gets exactly these messages. Returns the admin's. */
async function step(op: number, params: object, expected: Expected): Promise<Message[]> {
  const from = { admin: admin.mark(), alice: alices.mark(), bob: bobs.mark() };
  await admin.expect(expected.admin[0]!, op, params);
  const messages = await admin.receives(expected.admin, from.admin);
  await bobs.receives(expected.bob ?? [], from.bob);
  if (expected.alice) await alices.receives(expected.alice, from.alice);
  return messages;
}

test('ops of the connection', async () => {
  const wrong = await connectRefused({ ...alice.handshake(), key: 'not-the-key' }, seen);
  assert.equal(wrong.closing.code, 4401);
  seen.answered(100, 110);

  await alices.expect(1, 1);
  const names = await alices.expect(2, 2);
  const named = (entries: readonly { name: string | null; other_names: string[] }[], number: (i: number) => number) =>
    Object.fromEntries(
      entries.flatMap(({ name, other_names }, i) =>
        name === null ? [] : [name, ...other_names].map((each) => [each, number(i)]),
      ),
    );
  assert.deepEqual(
    names.opcodes,
    named(fixture.ops, (i) => fixture.ops[i]!.op),
  );
  assert.deepEqual(
    names.response_codes,
    named(fixture.responses, (i) => fixture.responses[i]!.res),
  );

  const logon = await alices.expect(100, 100);
  const again = await alices.expect(112, 100);
  assert.equal(again.session_key, logon.session_key);
  assert.notEqual(logon.session_key, alice.sessionKey);
});

test('sources and games: everybody of the source hears of a new game', async () => {
  const { sourceId } = stage;
  const listed = await admin.expect(621, 611);
  assert.deepEqual(listed.sources, [{ id: sourceId, name: 'A source', description: null }]);

  const asked = { source_id: sourceId, game_name: 'Chile - Peru', type: 'football' };
  const [created] = await step(3701, asked, { admin: [3401], alice: [3401] });
  assert.equal(created!.hashtag, '#ChiPer');
  const upcoming = await alices.expect(3461, 3811, { source_id: sourceId });
  assert.deepEqual(
    upcoming.games!.map((game) => (game as { id: string }).id),
    [created!.game_id],
  );
  await step(3702, { game_id: created!.game_id, actions: ACTIONS, targets: TARGETS }, { admin: [3402], alice: [3402] });
  gameId = created!.game_id!;

  const closing = await step(370, { ...asked, actions: ACTIONS, targets: TARGETS }, { admin: [340], alice: [340] });
  const active = await alices.expect(345, 380, { source_id: sourceId });
  assert.equal(active.games!.length, 2);
  await admin.expect(341, 375, { game_id: closing[0]!.game_id });
});

test('game admins: become and appoint', async () => {
  assert.equal((await alices.expect(645, 616, { game_id: gameId })).game_id, gameId);
  await step(616, { game_id: gameId }, { admin: [640] });
  const games = await admin.expect(620, 610);
  assert.deepEqual(games.games, [{ id: gameId, name: 'Chile - Peru' }]);

  const deputy = await house.people.signUp('deputy');
  const deputys = await deputy.connect();
  await step(617, { game_id: gameId, username: deputy.username }, { admin: [617] });
  await deputys.receives([640], 0);
  await deputys.close();
});

test('joining, leaving and details', async () => {
  const first = await bobs.expect(333, 363, { game_id: gameId });
  assert.equal(typeof first.response_header.seq, 'number');
  await step(363, { game_id: gameId }, { admin: [333], bob: [470] });
  await step(364, { game_id: gameId }, { admin: [334], bob: [480] });
  await step(363, { game_id: gameId }, { admin: [333], bob: [470] });
  await step(363, { game_id: gameId }, { admin: [333] });

  const [details] = await step(372, { game_id: gameId }, { admin: [342] });
  const [swapped] = await step(373, { game_id: gameId }, { admin: [342] });
  assert.deepEqual({ ...swapped, response_header: 0 }, { ...details, response_header: 0 });
  await step(373, { game_id: gameId, targets: ['Peru:5'] }, { admin: [343, 342], bob: [342] });
});

/** Pools by the part they play below. */
const pools: Record<string, string> = {};

test('pools: four types, lists', async () => {
  const question = { game_id: gameId, description: 'Who scores next?' };
  const goal = { ...question, action_id: 'goal', targets: ['chile', 'peru'] };
  const kinds: Record<string, object> = {
    recreated: { ...goal, type: 1, recreate_on_end: true },
    scorer: { ...goal, targets: 'chile:11, chile:7' },
    timed: { ...goal, action_id: 'yellow-card', type: 2, finish_at: Date.now() + 3_600_000 },
    binary: { ...question, type: 3 },
    timedBinary: {
      ...question,
      type: 4,
      finish_at: Date.now() + 3_600_000,
      stop_accepting_bets_at: Date.now() + 60_000,
    },
  };
  for (const [name, params] of Object.entries(kinds)) {
    const [created, announced] = await step(385, params, { admin: [350, 352], bob: [352] });
    assert.equal(created!.pool_id, announced!.pool_id);
    pools[name] = created!.pool_id!;
  }
  const all = await alices.expect(3535, 387, { game_id: gameId });
  assert.deepEqual(
    all.pools_list!.map((pool) => pool.pool_id),
    Object.values(pools),
  );
});

test('bets, balances and lists of mine', async () => {
  const from = alices.mark();
  const bet = { pool_id: pools.recreated, target: 'chile', amount: '10', client_ref: 'first' };
  const placed = await alices.expect(356, 392, bet);
  // Not a subscriber: bettor all the same (BT2, WC3).
  await alices.receives([356, 361, 815], from);
  await bobs.first(361);
  const fromRepeat = alices.mark();
  const again = await alices.expect(356, 392, bet);
  assert.equal(again.bet_id, placed.bet_id);
  await alices.receives([356], fromRepeat);

  const fromBob = bobs.mark();
  await bobs.expect(356, 392, { pool_id: pools.recreated, target_id: 'Peru', amount: 5 });
  await bobs.receives([356, 361, 815], fromBob);
  await bobs.expect(356, 392, { pool_id: pools.timed, target: 'peru', amount: 1 });

  await alices.expect(360, 393, { pool_id: pools.recreated });
  const open = await alices.expect(353, 388, { game_id: gameId });
  assert.equal(open.pools_list!.length, 4);
  const running = await alices.expect(354, 389, { game_id: gameId });
  assert.deepEqual(running.pools_list![0]!.user_backed, { chile: 10 });
  assert.deepEqual((await alices.expect(355, 390, { game_id: gameId })).pools_list, []);

  assert.equal((await alices.expect(800, 800)).current_balance, 1000);
  assert.equal((await alices.expect(810, 810, { currency: 'DON' })).available_balance, 990);
  assert.equal((await alices.expect(840, 840)).exposure, 10);
  assert.equal(((await bobs.expect(460, 460, { pool_id: pools.recreated })).predictions as object[]).length, 1);
  const ofGame = (await bobs.expect(461, 461, { game_id: gameId })).predictions as { running: object[] };
  assert.equal(ofGame.running.length, 1);
});

test('blocking, allowing and hot marks, now and later', async () => {
  const one = { pool_id: pools.scorer };
  const ofAction = { game_id: gameId, action_id: 'goal' };
  await step(397, one, { admin: [368], bob: [368] });
  await step(397, one, { admin: [368] });
  await step(398, one, { admin: [369], bob: [369] });
  await step(3975, ofAction, { admin: [370, 368, 368], bob: [370, 368, 368] });
  await step(3985, ofAction, { admin: [371, 369, 369], bob: [371, 369, 369] });
  await step(396, one, { admin: [367], bob: [367] });
  await step(3961, { ...ofAction, target_id: 'chile:11' }, { admin: [367, 367], bob: [367, 367] });

  for (const [op, res, at] of [
    [397, 368, 'block_at'],
    [398, 369, 'allow_at'],
    [396, 367, 'likely_to_happen_at'],
  ] as const) {
    const from = bobs.mark();
    const fromAdmin = admin.mark();
    const scheduled = await admin.expect(res, op, { ...one, [at]: Date.now() + 300 });
    assert.equal(scheduled.scheduled, true);
    assert.equal((await bobs.first(res, from)).scheduled, undefined);
    await admin.receives([res, res], fromAdmin);
  }
  for (const [op, res, at] of [
    [3975, 370, 'block_at'],
    [3985, 371, 'allow_at'],
  ] as const) {
    const from = bobs.mark();
    const scheduled = await admin.expect(res, op, { ...ofAction, [at]: Date.now() + 300 });
    assert.equal(scheduled.scheduled, true);
    await bobs.receives([res, res - 2, res - 2], from);
  }
});

test('an event decides pools: 366, 362, 815, 352 in this order (EV8)', async () => {
  await alices.expect(333, 363, { game_id: gameId });
  await bobs.first(470, bobs.mark() - 1);
  const event = { game_id: gameId, action_id: 'goal', target_id: 'chile:11', event_id: 'goal-1' };
  const [told] = await step(395, event, {
    admin: [366, 362, 362, 352],
    bob: [366, 362, 362, 815, 352],
    alice: [366, 362, 362, 815, 352],
  });
  assert.deepEqual(told!.current_count, { chile: '1' });
  const [duplicate] = await step(395, event, { admin: [366] });
  assert.equal(duplicate!.duplicate, true);

  const resolved = await alices.expect(355, 390, { game_id: gameId });
  assert.equal(resolved.pools_list![0]!.total_winnings, 5);
  const recreated = await alices.first(352, alices.mark() - 12);
  assert.equal(recreated.recreated_from, pools.recreated);
});

test('a time-based pool expires: 363, 815, 352', async () => {
  const other = await openGame(stage);
  const carol = await house.people.signUp('carol');
  const carols = await carol.connect();
  await carols.expect(333, 363, { game_id: other });
  const timed = await openPool(stage, other, { type: 2, finish_at: Date.now() + 1_000, recreate_on_end: true });
  await carols.expect(356, 392, { pool_id: timed, target: 'peru', amount: 1 });
  await carols.first(815);
  const from = carols.mark();
  const recreated = await carols.first(352, from);
  const [expired] = await carols.receives([363, 815, 352], from);
  assert.equal(expired!.winning_target, 'none');
  assert.equal(expired!.is_money_return, true);
  assert.equal(recreated.recreated_from, timed);
  await stage.console.expect(341, 375, { game_id: other });
  await carols.close();
});

test('a binary pool is decided by an event of its own', async () => {
  const [told] = await step(
    395,
    { game_id: gameId, pool_id: pools.timedBinary, target_id: 'yes' },
    {
      admin: [366, 362],
      bob: [362],
    },
  );
  assert.deepEqual(told!.current_count, {});
});

test('leaderboards of every scope', async () => {
  const game = { game_id: gameId };
  const source = { source_id: stage.sourceId };
  for (const [res, op, params] of [
    [450, 450, {}],
    [451, 451, game],
    [452, 452, {}],
    [453, 453, game],
    [454, 454, source],
    [4505, 4505, {}],
    [4515, 4515, game],
    [4516, 4516, source],
    [4517, 4517, source],
  ] as const) {
    const board = await alices.expect(res, op, params);
    const rows = board.leaderboard!.filter(({ user_id: id }) => id === alice.id || id === bob.id);
    assert.deepEqual(
      rows.map((row) => row.username),
      [alice.username, bob.username],
      `board ${res}`,
    );
  }
  const ofGame = await alices.ask(4505, { ...game, surroundings_count: 2 });
  assert.equal(ofGame.res, 4515);
});

test('chat', async () => {
  const from = alices.mark();
  await step(900, { text: 'Goal!', targets: gameId }, { admin: [901], bob: [901] });
  const heard = await alices.first(901, from);
  assert.equal(heard.sender, stage.admin.username);
  assert.equal(heard.channel, gameId);
});

test('a lost connection is restored, by the same URL or by another', async () => {
  const dana = await house.people.signUp('dana');
  const nonce = 'a library keeps its URL';
  const from = bobs.mark();
  let danas = await dana.connect({ nonce });
  await danas.expect(333, 363, { game_id: gameId });
  for (const next of [{ nonce }, {}]) {
    await danas.cut();
    // The same URL may come back before its loss is noticed; another one is a device like any other until then.
    if (next.nonce === undefined) await until('the loss is noticed', () => isNoticed(dana));
    danas = await dana.connect(next);
    const restored = await danas.first(100);
    assert.equal(restored.restored, true);
    assert.deepEqual(restored.games, [gameId]);
  }
  await bobs.receives([470], from);
  await danas.close();
});

async function isNoticed(person: Person): Promise<boolean> {
  const { rows } = await house.store.pool.query(
    'select bool_and(dropped_at is not null) as noticed from predictions_connections where account_id = $1',
    [person.id],
  );
  return (rows[0] as { noticed: boolean }).noticed;
}

test('every error code', async () => {
  const nobody = '00000000-0000-4000-8000-000000000000';
  const game = { game_id: gameId };
  const goal = { ...game, action_id: 'goal' };
  const question = { ...goal, description: 'Who?', targets: ['chile', 'peru'] };
  const open = await openPool(stage, gameId);
  const bet = { pool_id: open, target: 'chile', amount: 1 };

  const broke = await alices.refused(6601, 392, { ...bet, amount: 5_000 });
  assert.deepEqual(broke.details, { available: 1005, amount: 5000, currency: 'DON' });
  await alices.refused(6602, 365, { source_name: 'mine' });
  await alices.refused(6602, 397, { pool_id: open });
  await alices.refused(6604, 12345);
  assert.equal((await alices.tell('', {})).at(-1)!.code, 6605);
  assert.deepEqual((await alices.refused(6606, 363)).details, { name: 'game_id' });
  assert.deepEqual((await alices.refused(6607, 450, { start: 'soon' })).details, { name: 'start' });
  await alices.refused(6608, 380, { source_id: nobody });
  await alices.refused(6609, 363, { game_id: nobody });
  await alices.refused(6610, 393, { pool_id: nobody });
  await admin.refused(6611, 395, { ...goal, target_id: 'brazil' });
  await admin.refused(6612, 395, { ...game, action_id: 'throw-in', target_id: 'chile:11' });
  await admin.refused(6613, 395, { ...goal, target_id: 'chile' });
  await admin.refused(6614, 385, { ...question, targets: ['chile', 'chile:11'] });
  const blocked = await openPool(stage, gameId, { is_blocked: true });
  await alices.refused(6615, 392, { ...bet, pool_id: blocked });
  await alices.refused(6616, 392, { ...bet, pool_id: pools.recreated });
  const later = await openGame(stage, { open_at: Date.now() + 3_600_000 });
  await admin.refused(6617, 385, { ...question, game_id: later });
  await alices.expect(356, 392, bet);
  await alices.refused(6620, 392, { ...bet, target: 'peru' });
  for (const amount of [0, -1, 1.005, 'abc']) await alices.refused(6621, 392, { ...bet, amount });
  await alices.refused(6622, 364, { game_id: later });
  await admin.expect(341, 375, { game_id: later });
  for (let sent = 0; sent < 5; sent++) await alices.ask(900, { text: 'flood' });
  const slower = await alices.refused(6623, 900, { text: 'flood' });
  assert.ok(Number(slower.details!.retry_after_ms) > 0);
  await admin.refused(6624, 617, { ...game, username: 'nobody-at-all' });
  await admin.refused(6625, 395, { ...goal, target_id: 'chile:11', happened_at: Date.now() + 3_600_000 });
  await admin.refused(6626, 370, { source_id: stage.sourceId, game_name: 'x', type: 'football', currency: 'EUR' });
});

test('idempotency mismatch (6629) is of the REST surface', async () => {
  await alice.logIn();
  const path = `/r/sources/${stage.sourceId}/games/active/${gameId}/pools/open/${await openPool(stage, gameId)}/predictions/`;
  const headers = { 'Idempotency-Key': 'one-and-the-same' };
  const first = await alice.rest.post(path, { target_id: 'chile', amount: 1 }, headers);
  const other = await alice.rest.post(path, { target_id: 'chile', amount: 2 }, headers);
  assert.deepEqual([first.status, other.status], [200, 422], JSON.stringify([first.body, other.body]));
  assert.equal(other.body.code, 6629);
  assert.equal(other.body.error, 'idempotency_mismatch');
  seen.errors.add(6629);
});

test('closing: refused while manual pools are left, then 341 and 336', async () => {
  await admin.refused(6618, 375, { game_id: await closedGame() });
  const waiting = await admin.expect(3535, 387, { game_id: gameId });
  const settled = waiting.pools_list!.filter(({ type }) => type === 1 || type === 2).map(() => 362);
  const [refusal] = await step(
    366,
    { source_id: stage.sourceId },
    { admin: [666, ...settled, 368], bob: [...settled, 815, 368] },
  );
  assert.equal(refusal!.code, 6627);
  assert.deepEqual(refusal!.details, { pools: [pools.binary] });
  await step(395, { game_id: gameId, pool_id: pools.binary, target_id: 'no' }, { admin: [366, 362], bob: [362] });
  await step(375, { game_id: gameId }, { admin: [341], bob: [341] });
  await step(366, { source_id: stage.sourceId }, { admin: [336] });
  await admin.refused(6619, 370, { source_id: stage.sourceId, game_name: 'x', type: 'football' });
});

async function closedGame(): Promise<string> {
  const id = await openGame(stage);
  await admin.expect(341, 375, { game_id: id });
  return id;
}

test('a failure of ours (6628) tells nothing of how', async () => {
  await house.store.pool.query('alter table predictions_friends rename to predictions_friends_away');
  const failure = await alices.refused(6628, 460, { pool_id: pools.recreated });
  assert.doesNotMatch(JSON.stringify(failure), /predictions_friends|select|relation/i);
  await house.store.pool.query('alter table predictions_friends_away rename to predictions_friends');
  await alices.expect(460, 460, { pool_id: pools.recreated });
});

test('the whole of the fixture was seen', async () => {
  const missing = fixture.responses.map(({ res }) => res).filter((res) => !seen.responses.has(res));
  assert.deepEqual(missing, [], 'response codes nobody got');
  for (const { op, direct } of fixture.ops) {
    const answers = [...(seen.answers.get(op) ?? [])].filter((res) => res !== 666);
    // 373 without changes reads (I1), 4505 with a game is that game's (I28).
    const alias = { 373: [342], 4505: [4515] }[op] ?? [];
    const expected = [...direct.filter((res) => res !== 666), ...alias].sort();
    assert.deepEqual(answers.sort(), expected, `direct answers of op ${op}`);
  }
  // 6603 needs a server that requires the logon: wire-settings.test.ts.
  const codes = Array.from({ length: 29 }, (_, i) => 6601 + i).filter((code) => code !== 6603);
  assert.deepEqual([...seen.errors].sort(), codes);
  // Crowds are in wire-crowd.test.ts (BO1, BO2).
  const ofCrowds = /\.(new_bets_total|truncated|winners_total|losers_total|rows_total)$/;
  assert.deepEqual(
    optionalFields().filter((field) => !seen.optionalFields.has(field) && !ofCrowds.test(field)),
    [],
    'fields nobody got',
  );
});
