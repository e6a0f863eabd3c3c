import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { KEY_KINDS } from '../service/keys.ts';
import { openRoom, type Person, type Room } from './fixture.ts';

const PASSWORD = 'correct horse';

describe('console routes', () => {
  let room: Room;
  let admin: Person;
  let sourceId: string;
  let gameId: string;
  before(async () => {
    room = await openRoom('console-routes');
    admin = await room.world.player('admin');
    sourceId = await room.world.source(admin);
    gameId = await room.world.game(admin, sourceId);
  });
  after(() => room.close());

  async function signedIn(person: Person) {
    const browser = room.browser();
    await browser.post('/account/api/sign-in', { username: person.username, password: PASSWORD });
    return { browser, csrf: { 'x-csrf-token': browser.cookies.get('gr_csrf')! } };
  }

  it('games, a game, a source: for everybody, dropped by events', async () => {
    const poolId = await room.world.pool(gameId);
    const list = await room.browser().get('/predictions/api/games');
    assert.deepEqual(list.body.sources, [{ id: sourceId, name: 'Liga', description: null }]);
    const [game] = list.body.games as Record<string, unknown>[];
    assert.deepEqual(
      [game!.game_id, game!.source_name, game!.status],
      [gameId, 'Liga', 'game_in_progress_betting_active'],
    );
    const details = await room.browser().get(`/predictions/api/games/${gameId}`);
    assert.equal((details.body.game as Record<string, unknown>).game_id, gameId);
    assert.deepEqual(
      (details.body.pools as Record<string, unknown>[]).map((pool) => pool.pool_id),
      [poolId],
    );
    await room.world.settle(poolId, 'chile');
    assert.deepEqual((await room.browser().get(`/predictions/api/games/${gameId}`)).body.pools, []);
    const soon = await room.world.game(admin, sourceId, 'created');
    assert.equal((await room.browser().get(`/predictions/api/games/${soon}`)).status, 200);
    await room.database.query(`update predictions_games set state = 'closed' where id = $1`, [soon]);
    const closed = await room.browser().get(`/predictions/api/games/${soon}?again`);
    assert.deepEqual([closed.status, closed.body.pools], [200, []]);
    assert.equal((await room.browser().get(`/predictions/api/sources/${sourceId}`)).body.name, 'Liga');
    assert.equal((await room.browser().get(`/predictions/api/sources/${gameId}`)).status, 404);
    assert.equal((await room.browser().get(`/predictions/api/games/${sourceId}`)).status, 404);
  });

  it('AU4, PF-72: a session key for the platform session, which ends with it', async () => {
    const person = await room.world.player('console-user');
    const { browser, csrf } = await signedIn(person);
    assert.equal((await browser.post('/predictions/api/session-key')).status, 403);
    const first = await browser.post('/predictions/api/session-key', {}, csrf);
    assert.deepEqual([first.body.user_id, first.body.roles], [person.id, { developer: false, sources: [], games: [] }]);
    assert.match(String(first.body.challenge_id), /^[0-9a-f-]{36}$/);
    const again = await browser.post('/predictions/api/session-key', {}, csrf);
    assert.equal(again.body.user_session_key, first.body.user_session_key);
    room.clock.advance(43_200_001);
    const later = await browser.post('/predictions/api/session-key', {}, csrf);
    assert.notEqual(later.body.user_session_key, first.body.user_session_key);
    const keys = async () =>
      (await room.accounts.sessions.readableSecrets(person.id, KEY_KINDS)).map((key) => key.secret);
    assert.deepEqual(new Set(await keys()), new Set([first.body.user_session_key, later.body.user_session_key]));
    await browser.post('/account/api/sign-out', {}, csrf);
    assert.deepEqual(await keys(), []);
    assert.equal((await room.browser().post('/predictions/api/session-key')).status, 403);
  });

  it('PF-08: the whole result of a pool comes in pages by cursor (BO1)', async () => {
    const poolId = await room.world.pool(gameId);
    const path = `/predictions/api/pools/${poolId}/result`;
    const idOf = (i: number) => {
      const hex = createHash('md5').update(`bettor ${i}`).digest('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    };
    const ids = Array.from({ length: 1500 }, (_, i) => idOf(i));
    await room.database.query(
      `insert into predictions_positions (pool_id, account_id, target_id, amount, late_amount, first_placed_at, net)
       select $1, id, case when o % 2 = 0 then 'chile' else 'peru' end, 100, case when o = 1 then 100 else 0 end, 0,
         case when o = 1 then 0 when o % 2 = 0 then 99 else -100 end
       from unnest($2::uuid[]) with ordinality as u(id, o)`,
      [poolId, ids],
    );
    const open = await room.browser().get(path);
    assert.deepEqual([open.status, open.body.code], [409, 6627]);
    await room.database.query(
      `update predictions_pools set state = 'resolved', winning_target = 'chile', is_money_return = false, resolved_at = 5 where id = $1`,
      [poolId],
    );
    const first = (await room.browser().get(path)).body;
    const second = (await room.browser().get(`${path}?cursor=${String(first.next)}`)).body;
    assert.equal(second.next, null);
    const winners = { ...(first.winners as object), ...(second.winners as object) };
    const losers = { ...(first.losers as object), ...(second.losers as object) };
    assert.deepEqual([Object.keys(winners).length, Object.keys(losers).length], [750, 749]);
    assert.deepEqual(
      [new Set(Object.values(winners)), new Set(Object.values(losers))],
      [new Set([0.99]), new Set([1])],
    );
    assert.deepEqual([first.invalidated_bettors, second.invalidated_bettors].flat(), [ids[0]]);
    assert.deepEqual([first.winning_target, first.is_money_return, first.resolved_at], ['chile', false, 5]);
  });

  it('RS10, RS11: feed items are acknowledged one by one, by admins of the game or its source, or a developer', async () => {
    const path = `/predictions/api/games/${gameId}/events`;
    const items = [
      { item_id: 1, action_id: 'Goal', target_id: 'Chile:11', happened_at: room.clock.now() },
      { item_id: 1, action_id: 'Goal', target_id: 'Chile:11', happened_at: room.clock.now() },
      { item_id: 2, action: 'goal', target: 'chile' },
      { item_id: 3, action_id: 'juggling', target_id: 'peru:4' },
    ];
    const push = async (person: Person, body: unknown) => {
      const { browser, csrf } = await signedIn(person);
      return await browser.post(path, body, csrf);
    };
    const done = await push(admin, { feed: 'stadium', items });
    const outcomes = done.body.outcomes as Record<string, unknown>[];
    assert.deepEqual(
      outcomes.map(({ item_id, outcome, reason }) => [item_id, outcome, reason]),
      [
        ['1', 'registered', undefined],
        ['1', 'duplicate', undefined],
        ['2', 'rejected', 'target_not_leaf'],
        ['3', 'rejected', 'unknown_action'],
      ],
    );
    assert.deepEqual((outcomes[0]!.event as Record<string, unknown>).current_count, { chile: '1' });
    const developer = await room.world.player('developer', ['predictions.developer']);
    assert.equal((await push(developer, { feed: 'stadium', items: [] })).status, 200);
    const nobody = await push(await room.world.player('onlooker'), { feed: 'stadium', items });
    assert.deepEqual([nobody.status, nobody.body.code], [401, 6602]);
    assert.equal((await push(admin, { feed: 'stadium', items: 'goal' })).status, 400);
    assert.equal((await push(admin, { feed: 'stadium', items: [{ item_id: 9 }] })).body.code, 6606);
    assert.equal((await room.browser().post(path, { feed: 'stadium', items })).status, 403);
  });
});
