import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openRoom, type Person, type Room } from './fixture.ts';

describe('game routes', () => {
  let room: Room;
  let admin: Person;
  let sourceId: string;
  before(async () => {
    room = await openRoom('game-routes');
    admin = await room.world.player('source-admin');
    sourceId = await room.world.source(admin);
  });
  after(() => room.close());

  const get = (path: string) => room.browser().get(path);
  const idsOf = (list: unknown, field: string) => (list as Record<string, unknown>[]).map((item) => item[field]);

  it('3.2: lists of games, under their source and in the older form, change with their games', async () => {
    const own = await room.world.source(admin);
    const active = `/r/sources/${own}/games/active/`;
    assert.deepEqual((await get(active)).body, { games_active: [] });
    const live = await room.world.game(admin, own, 'live');
    const soon = await room.world.game(admin, own, 'created');
    const { games_active } = (await get(active)).body as { games_active: Record<string, unknown>[] };
    assert.deepEqual(games_active[0], {
      ...{ game_id: live, opening_source_id: own, name: 'Chile - Peru', status: 'game_in_progress_betting_active' },
      teams: [
        { target_id: 'chile', symbol: 'chi', display_name: 'chile' },
        { target_id: 'peru', symbol: 'per', display_name: 'peru' },
      ],
      ...{ type: games_active[0]!.type, open_at: room.clock.now(), close_at: null, live_start_at: room.clock.now() },
    });
    const { upcoming_games } = (await get(`/i/r/sources/${own}/games/upcoming`)).body as {
      upcoming_games: Record<string, unknown>[];
    };
    assert.deepEqual(Object.keys(upcoming_games[0]!).sort(), [
      ...['currency', 'game_name', 'game_type_id', 'hashtag', 'id', 'live_start_at', 'source_id'],
    ]);
    assert.ok(idsOf((await get('/r/games/active/')).body.games_active, 'game_id').includes(live));
    assert.ok(idsOf((await get('/r/games/upcoming/')).body.upcoming_games, 'id').includes(soon));
    assert.equal((await get(`/r/sources/${soon}/games/active/`)).status, 404);
    assert.equal((await get('/r/sources/no-such-id/games/active/')).status, 404);
  });

  it('3.2: pools of a path, without or with those a player is in', async () => {
    const gameId = await room.world.game(admin, sourceId, 'live');
    const [mine, other] = [await room.world.pool(gameId), await room.world.pool(gameId)];
    const player = await room.world.player();
    const open = `/r/sources/${sourceId}/games/active/${gameId}/pools/open`;
    const running = `/r/games/active/${gameId}/pools/running`;
    assert.equal(((await get(open)).body.pools as unknown[]).length, 2);
    await room.world.bet(player, mine, 'chile', 3);
    // The list is dropped by the event, not by its age: the clock stands still.
    const listed = (await get(open)).body.pools as Record<string, unknown>[];
    assert.deepEqual(listed.map((pool) => pool.amount_total).sort(), [0, 3]);
    assert.deepEqual(idsOf((await get(`${open}/${player.id}`)).body.pools, 'pool_id'), [other]);
    const [running1] = (await get(`${running}/${player.id}/`)).body.pools as Record<string, unknown>[];
    assert.deepEqual(
      [running1!.pool_id, running1!.user_backed, running1!.name],
      [mine, { chile: 3 }, 'Who scores next?'],
    );
    const [line] = running1!.distribution as { user_ids: string[]; bets: unknown[]; to_win_if_backed: number }[];
    assert.deepEqual([line!.user_ids, line!.bets.length, line!.to_win_if_backed], [[player.id], 1, 1]);
    assert.deepEqual((await get(running)).body, { pools: [] });
    const foreign = await room.world.source(admin);
    for (const path of [
      `/r/sources/${foreign}/games/active/${gameId}/pools/open`,
      `/r/games/upcoming/${gameId}/pools/`,
      `/r/games/active/${mine}/pools/open`,
    ]) {
      const { status, body } = await get(path);
      assert.deepEqual([status, body.code], [404, 6609], path);
    }
  });

  it('3.2: an upcoming game shows its pools under both spellings of the path', async () => {
    const gameId = await room.world.game(admin, sourceId, 'created');
    const poolId = await room.world.pool(gameId);
    for (const path of [
      `/r/games/upcoming/${gameId}/pools/`,
      `/r/sources/${sourceId}/games/upcoming/${gameId}/pools/open/`,
    ]) {
      assert.deepEqual(idsOf((await get(path)).body.pools, 'pool_id'), [poolId]);
    }
  });

  it('PF-07: lists are ready bytes with an ETag', async () => {
    const path = `/r/sources/${sourceId}/games/active/`;
    const first = await room.server.fetch(path);
    const etag = first.headers.get('etag')!;
    assert.equal((await room.server.fetch(path, { headers: { 'if-none-match': etag } })).status, 304);
    await room.world.game(admin, sourceId, 'live');
    assert.equal((await room.server.fetch(path, { headers: { 'if-none-match': etag } })).status, 200);
  });

  async function arena() {
    const gameId = await room.world.game(admin, sourceId, 'live');
    const poolId = await room.world.pool(gameId);
    const person = await room.world.player();
    const browser = room.browser();
    await browser.login(person.username);
    const path = `/r/sources/${sourceId}/games/active/${gameId}/pools/open/${poolId}/predictions/`;
    return { gameId, poolId, person, browser, path };
  }

  it('3.2: a bet by REST, as POST or PUT, JSON or form', async () => {
    const { gameId, poolId, person, browser, path } = await arena();
    const { status, body } = await browser.post(path, { target_id: 'Chile', amount: '10' });
    const bet = body.bet_obj as Record<string, unknown>;
    assert.deepEqual(
      { ...body, bet_obj: { ...bet, bet_id: 0 } },
      {
        ...{ status: 200, msg: [] },
        bet_obj: {
          ...{
            bet_id: 0,
            amount: 10,
            by_friend: false,
            game_id: gameId,
            placed_at: room.clock.now(),
            target_id: 'chile',
          },
          ...{ user_id: person.id, username: person.username, pool_id: poolId },
        },
      },
    );
    assert.equal(status, 200);
    const xsrf = { 'x-xsrftoken': browser.cookies.get('_xsrf')! };
    assert.equal((await browser.send('PUT', path, { target: 'chile', amount: 2.5 }, xsrf)).status, 200);
    const form = new URLSearchParams({ target: 'chile', amount: '0.50', client_ref: 'a' });
    const older = path.replace(`/sources/${sourceId}`, '');
    const first = await browser.send('POST', older, form, xsrf);
    const again = await browser.send('POST', older, form, xsrf);
    assert.deepEqual(first.body, again.body);
    const balance = await room.services.players.availableBalance(person.principal, 'DON');
    assert.equal(balance.available_balance, 987);
  });

  it('3.2: a refused bet has status, a list of texts, an empty object, and the codes of 4.5', async () => {
    const { gameId, poolId, browser, path } = await arena();
    const refused = async (to: string, body: unknown, who = browser) => {
      const answer = await who.post(to, body);
      assert.deepEqual([answer.body.status, answer.body.bet_obj], [answer.status, '']);
      assert.ok(Array.isArray(answer.body.msg) && answer.body.msg.length === 1);
      return [answer.status, answer.body.code, answer.body.error];
    };
    const bet = { target_id: 'chile', amount: 1 };
    assert.deepEqual(await refused(path, { ...bet, amount: 1000.01 }), [409, 6601, 'insufficient_funds']);
    assert.deepEqual(await refused(path, { ...bet, amount: 1.005 }), [400, 6621, 'amount_invalid']);
    assert.deepEqual(await refused(path, { amount: 1 }), [400, 6606, 'missing_parameter']);
    assert.deepEqual(await refused(path, { ...bet, target_id: { a: 1 } }), [400, 6607, 'invalid_parameter']);
    assert.deepEqual(await refused(path, { ...bet, target_id: 'brazil' }), [404, 6611, 'unknown_target']);
    assert.deepEqual(await refused(path, bet, room.browser()), [403, 6603, 'not_logged_on']);
    const noXsrf = await browser.send('POST', path, bet);
    assert.deepEqual([noXsrf.status, noXsrf.body.status, noXsrf.body.bet_obj], [403, 403, '']);
    assert.deepEqual(await refused(path.replace(poolId, gameId), bet), [404, 6610, 'unknown_pool']);
    assert.deepEqual(await refused(path.replace(sourceId, gameId), bet), [404, 6609, 'unknown_game']);
    await browser.post(path, bet);
    assert.deepEqual(await refused(path, { ...bet, target_id: 'peru' }), [409, 6620, 'other_target_backed']);
    await room.world.settle(poolId, 'chile');
    assert.deepEqual(await refused(path, bet), [409, 6616, 'pool_closed']);
  });

  it('PF-06: an Idempotency-Key places a bet once', async () => {
    const { person, browser, path } = await arena();
    const place = (amount: number) => browser.post(path, { target_id: 'chile', amount }, { 'idempotency-key': 'once' });
    const [first, again] = [await place(5), await place(5)];
    assert.deepEqual(first.body, again.body);
    const other = await place(6);
    assert.deepEqual([other.status, other.body.code], [422, 6629]);
    const balance = await room.services.players.availableBalance(person.principal, 'DON');
    assert.equal(balance.available_balance, 995);
  });

  it('PF-06, BT6: a bet whose answer a crash has cut off is answered by its key, not placed again', async () => {
    const { person, browser, path } = await arena();
    const place = (method: string) => {
      const headers = { 'x-xsrftoken': browser.cookies.get('_xsrf')!, 'idempotency-key': `cut off ${method}` };
      return browser.send(method, path, { target_id: 'chile', amount: 5 }, headers);
    };
    for (const method of ['POST', 'PUT']) {
      const first = await place(method);
      await room.database.query('update idempotency_keys set answer = null, lease_until = 0');
      assert.deepEqual((await place(method)).body, first.body, method);
    }
    const balance = await room.services.players.availableBalance(person.principal, 'DON');
    assert.equal(balance.available_balance, 990);
  });

  it('PG1-PG4: predictions by e-mail, with and without the cookies they gave', async () => {
    const gameId = await room.world.game(admin, sourceId, 'created');
    const predict = async (browser: ReturnType<Room['browser']>, email: string | null, body: unknown) => {
      const poolId = await room.world.pool(gameId);
      const query = email === null ? '' : `?email=${encodeURIComponent(email)}`;
      return await browser.post(
        `/r/sources/${sourceId}/games/upcoming/${gameId}/pools/${poolId}/predictions/${query}`,
        body,
      );
    };
    const browser = room.browser();
    const first = await predict(browser, 'mail+x@example.org', { user_backed: { chile: 10 } });
    assert.deepEqual(
      [first.status, first.body.needs_auth, first.body.pending, first.body.msg],
      [200, false, false, []],
    );
    assert.equal(browser.cookies.get('user_session_key'), first.body.user_session_key);
    const userId = String(first.body.user_id);
    assert.deepEqual((await browser.get(`/r/username/?userId=${userId}`)).body, { username: first.body.username });
    // Its own cookies: placed, nothing to prove.
    const second = await predict(browser, null, { target_id: 'peru', amount: 10 });
    assert.deepEqual([second.status, second.body.user_session_key, second.body.needs_auth], [200, null, false]);
    assert.equal((await predict(browser, 'else@example.org', { user_backed: { chile: 10 } })).status, 400);
    // Without them: placed, but no key.
    const third = await predict(room.browser(), 'mail+x@example.org', { user_backed: JSON.stringify({ chile: '10' }) });
    assert.deepEqual([third.body.user_session_key, third.body.needs_auth, third.body.user_id], [null, true, userId]);
    const xsrf = { 'x-xsrftoken': browser.cookies.get('_xsrf')! };
    const poolId = await room.world.pool(gameId);
    const form = new URLSearchParams({ 'user_backed[chile]': '2.50' });
    assert.equal(
      (await browser.send('POST', `/r/games/upcoming/${gameId}/pools/${poolId}/predictions/`, form, xsrf)).status,
      200,
    );
    const updates = await room.services.players.balanceUpdates([userId], 'DON');
    assert.equal(updates.get(userId)!.available_balance, 967.5);

    await room.world.player('settled-in');
    const claimed = await predict(room.browser(), 'settled-in@example.org', { user_backed: { chile: 10 } });
    assert.deepEqual(claimed.body, {
      ...{ status: 200, msg: [], username: '', user_id: '', user_session_key: null, needs_auth: true, pending: true },
    });
    assert.equal((await predict(room.browser(), null, { user_backed: { chile: 10 } })).status, 403);
    assert.equal((await predict(room.browser(), 'no address', { user_backed: { chile: 10 } })).status, 400);
    const two = { user_backed: { chile: 1, peru: 1 } };
    assert.equal((await predict(room.browser(), 'two@example.org', two)).status, 400);
    assert.equal((await predict(room.browser(), 'none@example.org', { user_backed: {} })).status, 400);
    assert.equal((await predict(room.browser(), 'none@example.org', {})).body.code, 6606);
  });

  it('predictions-66: a refused first prediction is 409 and leaves no account', async () => {
    const gameId = await room.world.game(admin, sourceId, 'created');
    const poolId = await room.world.pool(gameId);
    await room.world.settle(poolId, null);
    const path = `/r/sources/${sourceId}/games/upcoming/${gameId}/pools/${poolId}/predictions/?email=nobody@example.org`;
    const browser = room.browser();
    const { status, body } = await browser.post(path, { user_backed: { chile: 10 } });
    assert.deepEqual([status, body.code, typeof body.msg], [409, 6616, 'string']);
    assert.equal(browser.cookies.has('im_user'), false);
    assert.equal(
      (await room.database.query(`select 1 as one from accounts where email_key = 'nobody@example.org'`)).length,
      0,
    );
  });

  it('3.2: the games a player has bet in, newest first', async () => {
    const { gameId, person, browser, path } = await arena();
    const history = () => browser.get(`/r/games/history/${person.id}`);
    assert.deepEqual((await history()).body, { game_history: [] });
    await browser.post(path, { target_id: 'chile', amount: 1 });
    const { game_history } = (await history()).body as { game_history: Record<string, unknown>[] };
    assert.deepEqual([game_history.length, game_history[0]!.id, game_history[0]!.name], [1, gameId, 'Chile - Peru']);
    assert.deepEqual((await browser.get(`/r/games/history/?userId=${person.id}`)).body, { game_history });
  });
});
