// What the opcode wire says, to whom and in which order: the cases of contract 9 about it, and 4.1.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Installation, openInstallation } from './support/installation.ts';
import { openGame, openPool, openStage, type Stage } from './support/match.ts';
import type { OpcodeClient } from './support/opcode-client.ts';
import type { Person } from './support/people.ts';

let house: Installation;
let stage: Stage;
let admin: OpcodeClient;

before(async () => {
  house = await openInstallation();
  stage = await openStage(house.people);
  admin = stage.console;
});

after(async () => await house.close());

async function arrive(name: string, gameId?: string): Promise<{ person: Person; client: OpcodeClient }> {
  const person = await house.people.signUp(name);
  const client = await person.connect();
  if (gameId !== undefined) await client.expect(333, 363, { game_id: gameId });
  return { person, client };
}

const bet = (poolId: string, amount: number | string, target = 'chile') => ({ pool_id: poolId, target, amount });

test('predictions-40: the same event twice: the second is a duplicate, to the caller only (EV12)', async () => {
  const gameId = await openGame(stage);
  const { client } = await arrive('watcher', gameId);
  const from = client.mark();
  const event = { game_id: gameId, action_id: 'goal', target_id: 'chile:11', happened_at: 1_700_000_300_000 };
  const first = await admin.expect(366, 395, event);
  const second = await admin.expect(366, 395, event);
  assert.deepEqual([first.duplicate, second.duplicate], [undefined, true]);
  assert.deepEqual(second.current_count, { chile: '1' });
  assert.equal(second.event_id, first.event_id);
  await client.receives([366], from);
});

test('predictions-41: two events without happened_at are two; the second resolves the recreated pool (PL11)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId, { recreate_on_end: true });
  const { client } = await arrive('watcher', gameId);
  const from = client.mark();
  const event = { game_id: gameId, action_id: 'goal', target_id: 'chile:11' };
  await admin.expect(366, 395, event);
  const recreated = await client.first(352, from);
  assert.equal(recreated.recreated_from, poolId);
  const again = await admin.expect(366, 395, event);
  assert.deepEqual(again.current_count, { chile: '2' });
  const messages = await client.receives([366, 362, 352, 366, 362, 352], from);
  assert.deepEqual([messages[4]!.pool_id, messages[4]!.is_money_return], [recreated.pool_id, true]);
});

test('predictions-42: a bet of "10": 356, 361, 815; exposure 10 (BT2)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId);
  const { client } = await arrive('alice', gameId);
  const from = client.mark();
  client.send(392, bet(poolId, '10'));
  const [placed, , balance] = await client.receives([356, 361, 815], from);
  assert.equal(placed!.amount, 10);
  const { current_balance: current, available_balance: available } = balance!;
  assert.deepEqual([current, available], [1000, 990]);
  assert.equal((await client.expect(840, 840)).exposure, 10);
});

test('predictions-45: another target 6620; the same one adds up (BT4, I13)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId);
  const { client } = await arrive('alice', gameId);
  await client.expect(356, 392, bet(poolId, 3));
  await client.refused(6620, 392, bet(poolId, 3, 'peru'));
  const from = client.mark();
  await client.expect(356, 392, bet(poolId, 2));
  assert.equal((await client.first(361, from)).participants, 1);
  const running = await client.expect(354, 389, { game_id: gameId });
  assert.deepEqual(running.pools_list![0]!.user_backed, { chile: 5 });
});

test('predictions-46: two bets of all that is left, at once on two connections: one is accepted (RS7)', async () => {
  const gameId = await openGame(stage);
  const pools = [await openPool(stage, gameId), await openPool(stage, gameId)];
  const { person, client } = await arrive('alice');
  const others = [client, await person.connect()];
  await client.expect(356, 392, bet(await openPool(stage, gameId), 990));
  const answers = await Promise.all(others.map((each, i) => each.ask(392, bet(pools[i]!, 10))));
  assert.deepEqual(answers.map(({ res }) => res).sort(), [356, 666]);
  assert.equal(answers.find(({ res }) => res === 666)!.code, 6601);
  assert.equal((await client.expect(810, 810)).available_balance, 0);
});

test('predictions-47: blocked 6615, allowed 369, accepted (PL5, PL6)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId, { is_blocked: 'True' });
  const { client } = await arrive('alice', gameId);
  await client.refused(6615, 392, bet(poolId, 1));
  await admin.expect(369, 398, { pool_id: poolId });
  await client.first(369);
  await client.expect(356, 392, bet(poolId, 1));
});

test('predictions-48: a block to come: scheduled at once, bets until then, 368 when it is there (PL7)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId);
  const { client } = await arrive('alice', gameId);
  const from = client.mark();
  const blockAt = Date.now() + 600;
  const scheduled = await admin.expect(368, 397, { pool_id: poolId, block_at: blockAt });
  assert.deepEqual([scheduled.scheduled, scheduled.blocked_at], [true, blockAt]);
  await client.expect(356, 392, bet(poolId, 1));
  const blocked = await client.first(368, from);
  assert.equal(blocked.blocked_at, blockAt);
  await client.refused(6615, 392, bet(poolId, 1));
});

test('predictions-56, predictions-57: closing settles 1 and 2, waits for 3; 341 when asked again (GM7, GM8, GM12)', async () => {
  const gameId = await openGame(stage);
  const { client: alice } = await arrive('alice', gameId);
  const { client: bob } = await arrive('bob', gameId);
  const binary = await openPool(stage, gameId, { type: 3 });
  const poolId = await openPool(stage, gameId);
  await alice.expect(356, 392, bet(poolId, 1));
  await bob.expect(356, 392, bet(poolId, 1, 'none'));
  await bob.first(815);
  const [from, fromAdmin] = [bob.mark(), admin.mark()];
  const refusal = await admin.refused(6627, 375, { game_id: gameId });
  assert.deepEqual(refusal.details, { pools: [binary] });
  const [resolved, balance, blocked] = await bob.receives([362, 815, 368], from);
  assert.deepEqual([resolved!.winning_target, resolved!.winners], ['none', { [await idOf(bob)]: 1 }]);
  assert.equal(balance!.current_balance, 1001);
  assert.equal(blocked!.pool_id, binary);
  await admin.receives([666, 362, 368], fromAdmin);
  assert.equal((await admin.expect(342, 372, { game_id: gameId })).status, 'game_in_progress_betting_closed');
  await admin.refused(6627, 375, { game_id: gameId });

  const fromEvent = admin.mark();
  await admin.expect(366, 395, { game_id: gameId, pool_id: binary, target_id: 'yes' });
  await admin.first(362, fromEvent);
  await bob.first(362, from, ({ pool_id: id }) => id === binary);
  const fromEnd = [bob.mark(), admin.mark()] as const;
  await admin.expect(341, 375, { game_id: gameId });
  await admin.receives([341], fromEnd[1]);
  assert.deepEqual(
    (await bob.receives([341], fromEnd[0])).map(({ game_id: id }) => id),
    [gameId],
  );
  const listed = await bob.expect(345, 380, { source_id: stage.sourceId });
  assert.ok(!listed.games!.some((game) => (game as { game_id: string }).game_id === gameId));
  await bob.refused(6618, 363, { game_id: gameId });
  await bob.refused(6622, 364, { game_id: gameId });
});

async function idOf(client: OpcodeClient): Promise<string> {
  return new URL(client.socket.url).searchParams.get('id')!;
}

test('predictions-58: a source with two games, one with an open manual pool (GM13)', async () => {
  const other = await openStage(house.people);
  const [plain, manual] = [await openGame(other), await openGame(other)];
  const { client: alice } = await arrive('alice', plain);
  await alice.expect(333, 363, { game_id: manual });
  const binary = await openPool(other, manual, { type: 3 });
  await alice.first(352);
  const from = alice.mark();
  const refusal = await other.console.refused(6627, 366, { source_id: other.sourceId });
  assert.deepEqual(refusal.details, { pools: [binary] });
  await alice.first(341, from, ({ game_id: id }) => id === plain);
  await alice.first(368, from);
  await other.console.expect(366, 395, { game_id: manual, pool_id: binary, target_id: 'no' });
  await other.console.expect(336, 366, { source_id: other.sourceId });
  await alice.first(341, from, ({ game_id: id }) => id === manual);
  const asked = { source_id: other.sourceId, game_name: 'x', type: 'football', targets: ['a'], actions: ['goal'] };
  await other.console.refused(6619, 370, asked);
});

test('predictions-63: 20 users: the socket counts after start, REST from it (LB6, LB7)', async () => {
  const gameId = await openGame(stage);
  const poolId = await openPool(stage, gameId);
  const { person: alice, client: alices } = await arrive('alice', gameId);
  const invitation = await alice.challengeId();
  await alices.expect(356, 392, bet(poolId, 100));
  for (let i = 1; i < 20; i++) {
    const friend = await house.people.signUp('friend', invitation);
    const client = await friend.connect();
    await client.expect(356, 392, bet(poolId, 100 + i, i < 10 ? 'chile' : 'peru'));
  }
  const from = alices.mark();
  await admin.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
  await alices.first(815, from);
  const socket = await alices.expect(451, 451, { game_id: gameId, start: 3, end: 10 });
  assert.deepEqual(
    socket.leaderboard!.map(({ rank }) => rank),
    [4, 5, 6, 7, 8, 9, 10],
  );
  const friends = await alices.expect(453, 453, { game_id: gameId });
  assert.equal(friends.leaderboard!.length, 20);
  const { status, body } = await alice.rest.get(`/r/leaderboard/personal/game/${gameId}/${alice.id}?start=3&end=10`);
  assert.equal(status, 200, JSON.stringify(body));
  const rows = body.leaderboard as { rank: number }[];
  assert.deepEqual(
    rows.map(({ rank }) => rank),
    [3, 4, 5, 6, 7, 8, 9, 10],
  );
});

test('predictions-70: empty targets: one 901 per joined game, to the sender as well (CH1)', async () => {
  const games = [await openGame(stage), await openGame(stage)];
  const [sender, reader] = [(await arrive('alice')).client, (await arrive('bob')).client];
  for (const gameId of games) {
    await reader.expect(333, 363, { game_id: gameId });
    await sender.expect(333, 363, { game_id: gameId });
  }
  await reader.some(470, 2);
  const from = [sender.mark(), reader.mark()] as const;
  sender.send(900, { text: ' hello ', targets: [] });
  for (const [i, client] of [sender, reader].entries()) {
    const messages = await client.receives([901, 901], from[i]!);
    assert.deepEqual(new Set(messages.map(({ channel }) => channel)), new Set(games));
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['hello', 'hello'],
    );
  }
  await sender.refused(6622, 900, { text: 'x', targets: [games[0], await openGame(stage)] });
});

test('EV8: 366, a 362 per pool by start, 815 once a user on each connection, 352', async () => {
  const gameId = await openGame(stage);
  const pools = [
    await openPool(stage, gameId, { recreate_on_end: true }),
    await openPool(stage, gameId),
    await openPool(stage, gameId, { targets: ['chile:11', 'chile:7'] }),
  ];
  const { person, client } = await arrive('alice', gameId);
  for (const poolId of pools) await client.expect(356, 392, bet(poolId, 1, poolId === pools[2] ? 'chile:7' : 'chile'));
  await client.some(815, 3);
  const aside = await person.connect();
  const [from, fromAside] = [client.mark(), aside.mark()];
  await admin.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
  const messages = await client.receives([366, 362, 362, 362, 815, 352], from);
  assert.deepEqual(
    messages.slice(1, 4).map(({ pool_id: id }) => id),
    pools,
  );
  // BT9: a connection of the player's that has not joined hears of his money too.
  await aside.receives([815], fromAside);
});

test('WC2: answers in the order of requests, the echo of `rid` as it was sent', async () => {
  const { client } = await arrive('alice');
  const from = client.mark();
  const ops = [372, 800, 1, 2, 380, 810, 611, 1, 840, 4711];
  for (const [i, op] of ops.entries()) client.send(op, {}, { rid: i % 2 === 0 ? i : `text ${i}` });
  await client.fence();
  const answers = client.messages.slice(from, -1);
  assert.deepEqual(
    answers.map(({ res }) => res),
    [666, 800, 1, 2, 666, 810, 621, 1, 840, 666],
  );
  assert.deepEqual(
    answers.map(({ response_header: header }) => header.rid),
    ops.map((_, i) => (i % 2 === 0 ? i : `text ${i}`)),
  );
  client.send(1);
  client.send(1, {}, { t: Date.now(), api_version: 1.0, session_key: 'unused' });
  await client.fence();
  assert.deepEqual(
    client.messages.slice(-3, -1).map(({ response_header: header }) => header.rid),
    [undefined, undefined],
  );
});

for (const isMember of [false, true]) {
  for (const hasRid of [false, true]) {
    const who = `${isMember ? 'a' : 'no'} subscriber, ${hasRid ? 'with' : 'without'} rid`;
    test(`WC3: the caller, ${who}, gets each message once, the direct answer first`, async () => {
      const own = await openStage(house.people);
      const caller = own.console;
      const gameId = await openGame(own);
      if (isMember) await caller.expect(333, 363, { game_id: gameId });
      const makes = async (op: number, params: object, codes: number[]) => {
        const from = caller.mark();
        if (hasRid) await caller.ask(op, params);
        else caller.send(op, params);
        return await caller.receives(codes, from);
      };
      const game = { game_id: gameId };
      const ofAction = { ...game, action_id: 'goal' };
      const question = { ...ofAction, description: 'Who?', targets: ['chile', 'peru'], recreate_on_end: true };
      const [created] = await makes(385, question, [350, 352]);
      const pool = { pool_id: created!.pool_id! };
      await makes(385, question, [350, 352]);
      await makes(373, { ...game, targets: ['Peru:9'] }, [343, 342]);
      await makes(392, bet(pool.pool_id, 1), [356, 361, 815]);
      await makes(397, pool, [368]);
      await makes(397, pool, [368]);
      await makes(398, pool, [369]);
      await makes(396, pool, [367]);
      await makes(3975, ofAction, [370, 368, 368]);
      await makes(3985, ofAction, [371, 369, 369]);
      await makes(3961, { ...ofAction, target_id: 'chile' }, [367, 367]);
      await makes(395, { ...ofAction, target_id: 'chile:11' }, [366, 362, 362, 815, 352, 352]);
      await makes(616, game, [640]);
      if (isMember) await makes(900, { text: 'hi', targets: gameId }, [901]);
      // The direct answer is the last broadcast as well: it keeps its place there, so that `seq` rises (WC11).
      await makes(375, game, [362, 362, 341]);
    });
  }
}

test('WC4-WC9: what is taken in many forms comes out in one', async () => {
  const gameId = await openGame(stage, {
    open_at: '1700000000',
    close_at: 'None',
    live_start_at: 1_700_000_000_123,
    x: 1,
  });
  const { client } = await arrive('alice');
  const [details] = await client.tell('372', { game_id: gameId, unknown: { field: [] } });
  assert.equal(details!.res, 342);
  assert.deepEqual([details!.close_at, details!.live_start_at], [null, 1_700_000_000_123]);
  assert.ok(Number(details!.open_at) > 1_700_000_000_123, 'an open_at in the past is now');
  const finishAt = Math.ceil(Date.now() / 1000) + 60;
  const asked = { type: '2', targets: 'Peru, ,Chile', finish_at: `${finishAt}`, is_hot: 'TRUE', is_blocked: '0' };
  const poolId = await openPool(stage, gameId, asked);
  const all = await client.expect(3535, 387, { game_id: gameId.toUpperCase().toLowerCase() });
  const [pool] = all.pools_list!;
  assert.deepEqual([pool!.type, pool!.finish_at, pool!.is_hot, pool!.is_blocked], [2, finishAt * 1000, true, false]);
  assert.deepEqual(
    (pool!.distribution as { target_id: string }[]).map((target) => target.target_id),
    ['peru', 'chile', 'none'],
  );
  const placed = await client.expect(356, 392, { pool_id: poolId, target_id: ' PERU ', amount: '0.10' });
  assert.deepEqual([placed.target, placed.amount], ['peru', 0.1]);
});

test('WC11: a subscriber sees a seq that rises by one, from the one its 333 carries', async () => {
  const gameId = await openGame(stage);
  const { client } = await arrive('alice');
  const joined = await client.expect(333, 363, { game_id: gameId });
  const { client: bob } = await arrive('bob', gameId);
  const poolId = await openPool(stage, gameId, { recreate_on_end: true });
  await Promise.all([bob.ask(392, bet(poolId, 1)), client.ask(392, bet(poolId, 1)), bob.ask(900, { text: 'hi' })]);
  await admin.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
  await client.first(352, 0, (message) => message.recreated_from === poolId);
  await bob.expect(334, 364, { game_id: gameId });
  await client.first(480);
  const seqs = client.messages.slice(client.messages.indexOf(joined)).flatMap(({ response_header: h }) => h.seq ?? []);
  assert.deepEqual(
    seqs,
    seqs.map((_, i) => joined.response_header.seq! + i),
  );
  assert.ok(seqs.length >= 9, `${seqs.length} messages with a seq`);
  const again = await client.expect(333, 363, { game_id: gameId });
  assert.equal(again.response_header.seq, seqs.at(-1));
});

test('1.3: a new game is told to the audience of its source, and to nobody else', async () => {
  const own = await openStage(house.people);
  const gameId = await openGame(own);
  const { sourceId } = own;
  const source = { source_id: sourceId };
  const audience = [
    await (await house.people.signUp('by-url')).connect({ sourceId }),
    await own.admin.connect(),
    (await arrive('by-joining', gameId)).client,
    (await arrive('by-380')).client,
    (await arrive('by-3811')).client,
  ];
  await audience[3]!.expect(345, 380, source);
  await audience[4]!.expect(3461, 3811, source);
  const stranger = (await arrive('stranger')).client;
  await stranger.expect(342, 372, { game_id: gameId });
  const from = audience.map((client) => client.mark());
  const asked = { ...source, game_name: 'Next', type: 'football', actions: ['goal'], targets: ['a', 'b'] };
  const { game_id: next } = await own.console.expect(340, 370, asked);
  for (const [i, client] of audience.entries()) {
    const [told] = await client.receives([340], from[i]!);
    assert.deepEqual([told!.game_id, told!.response_header.seq], [next, undefined]);
  }
  await stranger.fence();
  assert.ok(!stranger.codes().includes(340));
});
