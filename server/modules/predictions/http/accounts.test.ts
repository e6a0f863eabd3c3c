import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TOTP } from 'otpauth';
import { USER_KEY } from '../service/keys.ts';
import { openRoom, type Room } from './fixture.ts';

const PASSWORD = 'correct horse';

describe('account routes', () => {
  let room: Room;
  before(async () => {
    room = await openRoom('account-routes');
  });
  after(() => room.close());

  it('AU1: signing up logs in, with cookies and the body of a login', async () => {
    const browser = room.browser();
    const asked = { username: 'Nina', email: 'nina@example.org', password: PASSWORD, next: '/g/7' };
    const { status, body, headers } = await browser.post('/r/signup/', asked);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), ['id', 'redirect_url', 'user_id', 'user_session_key', 'username']);
    assert.deepEqual([body.username, body.id, body.redirect_url], ['Nina', body.user_id, '/i/play?next=%2Fg%2F7']);
    const cookies = headers.getSetCookie();
    assert.deepEqual(cookies.map((line) => line.split('=')[0]).sort(), ['_xsrf', 'im_user', 'user_session_key']);
    for (const line of cookies) {
      assert.match(line, /; Path=\/;|; Path=\/$/);
      assert.match(line, /SameSite=Lax/);
      assert.equal(/HttpOnly/.test(line), line.startsWith('im_user='));
      assert.doesNotMatch(line, /Secure/);
    }
    assert.equal(browser.cookies.get('user_session_key'), body.user_session_key);
    assert.doesNotMatch(decodeURIComponent(browser.cookies.get('im_user')!), new RegExp(String(body.id)));
    const name = await browser.get(`/r/username/?userId=${String(body.id)}`);
    assert.deepEqual([name.status, name.body], [200, { username: 'Nina' }]);
  });

  it('AU1: names and addresses that are taken are 409, bad ones 400', async () => {
    await room.world.player('taken');
    const signUp = async (changes: Record<string, unknown>) => {
      const asked = { username: 'fresh', email: 'fresh@example.org', password: PASSWORD, ...changes };
      const { status, body } = await room.browser().post('/r/signup/', asked);
      assert.deepEqual(Object.keys(body).sort(), ['code', 'details', 'error', 'msg']);
      return [status, body.code, (body.details as { name: string }).name];
    };
    assert.deepEqual(await signUp({ username: 'TAKEN' }), [409, 6607, 'username']);
    assert.deepEqual(await signUp({ email: 'Taken@example.org' }), [409, 6607, 'email']);
    assert.deepEqual(await signUp({ username: 'no' }), [400, 6607, 'username']);
    assert.deepEqual(await signUp({ username: 'sp ace' }), [400, 6607, 'username']);
    assert.deepEqual(await signUp({ email: 'nobody' }), [400, 6607, 'email']);
    assert.deepEqual(await signUp({ password: 'short' }), [400, 6607, 'password']);
    assert.deepEqual(await signUp({ password: null }), [400, 6606, 'password']);
  });

  it('AU2, AU6: logging in by name or e-mail, as JSON or form, under the earlier names of the fields', async () => {
    const { id } = await room.world.player('logger');
    for (const fields of [{ username: 'LOGGER' }, { loginname: 'logger@example.org' }]) {
      const { status, body } = await room.browser().post('/r/login', { ...fields, password: PASSWORD });
      assert.deepEqual([status, body.id], [200, id]);
    }
    const form = new URLSearchParams({ username: 'logger', password: PASSWORD });
    assert.equal((await room.browser().send('POST', '/i/r/login/', form)).status, 200);
    const wrong = await room.browser().post('/r/login/', { username: 'logger', password: 'something else' });
    const unknown = await room.browser().post('/r/login/', { username: 'nobody-at-all', password: PASSWORD });
    assert.deepEqual([wrong.status, wrong.body], [401, unknown.body]);
    assert.equal(
      wrong.headers.getSetCookie().some((line) => line.startsWith('im_user')),
      false,
    );
  });

  it('predictions-8: right password, no code of the second factor', async () => {
    const person = await room.world.player('factor');
    const { secondFactor } = room.accounts;
    const { secret } = await secondFactor.begin(person.id);
    const totp = () => new TOTP({ secret }).generate({ timestamp: room.clock.now() });
    await secondFactor.confirm(person.id, totp());
    room.clock.advance(30_000);
    for (const token of [undefined, '000000']) {
      const { status, body, headers } = await room.browser().login('factor', { token });
      assert.deepEqual([status, body.needs_2fa, typeof body.msg], [401, true, 'string']);
      assert.deepEqual(
        headers.getSetCookie().filter((line) => !line.startsWith('_xsrf')),
        [],
      );
    }
    assert.equal((await room.browser().login('factor', { '2fa_token': totp() })).status, 200);
  });

  it('predictions-9: the data of others are 401, without a login 403', async () => {
    const [anna, ben] = [await room.world.player('anna9'), await room.world.player('ben9')];
    const browser = room.browser();
    await browser.login('anna9');
    assert.equal((await browser.get(`/r/statistics/${anna.id}`)).status, 200);
    const others = await browser.get(`/r/statistics/${ben.id}`);
    assert.deepEqual([others.status, others.body.code], [401, 6602]);
    const nobody = await room.browser().get(`/r/statistics/${ben.id}`);
    assert.deepEqual([nobody.status, nobody.body.code, nobody.body.error], [403, 6603, 'not_logged_on']);
  });

  it('predictions-10: changes by cookie repeat _xsrf, in the header or as a field; reads need none', async () => {
    const { id } = await room.world.player('ten');
    const browser = room.browser();
    await browser.login('ten');
    const change = { usernameNew: 'ten10', password: PASSWORD, userId: id };
    const post = (body: unknown, headers: Record<string, string> = {}) =>
      browser.send('POST', '/r/username/', body, headers);
    assert.equal((await post(change)).status, 403);
    assert.equal((await post(change, { 'x-xsrftoken': 'x'.repeat(43) })).status, 403);
    const foreign = room.browser();
    await foreign.get('/r/key/');
    await foreign.get(`/r/username/?userId=${id}`);
    assert.equal((await post(change, { 'x-xsrftoken': foreign.cookies.get('_xsrf')! })).status, 403);
    assert.equal((await browser.get(`/r/username/?userId=${id}`)).status, 200);
    const xsrf = browser.cookies.get('_xsrf')!;
    assert.deepEqual((await post({ ...change, _xsrf: xsrf })).body, { username: 'ten10' });
    assert.equal((await browser.get(`/r/username/?userId=${id}`)).body.username, 'ten10');
    assert.equal(
      (await browser.send('POST', `/r/username/?_xsrf=${xsrf}`, { ...change, newUsername: 'ten11' })).status,
      200,
    );
  });

  it('predictions-11: next is kept only when it stays on this site', async () => {
    await room.world.player('eleven');
    const redirect = async (next: unknown) => (await room.browser().login('eleven', { next })).body.redirect_url;
    assert.equal(await redirect('//evil.example'), '/i/play');
    assert.equal(await redirect('https://evil.example/'), '/i/play');
    assert.equal(await redirect('/g/7'), '/i/play?next=%2Fg%2F7');
    // Anything else is dropped silently (AU9), whatever it is.
    for (const next of [7, ['/g/7'], { path: '/g/7' }, `/${'a'.repeat(3000)}`, '', null]) {
      assert.equal(await redirect(next), '/i/play', JSON.stringify(next).slice(0, 20));
    }
  });

  it('AU7: a client without _xsrf is given one; foreign pages may not log anybody in', async () => {
    const browser = room.browser();
    await browser.post('/r/login/', { username: 'x', password: 'y' });
    assert.match(browser.cookies.get('_xsrf') ?? '', /^[\w-]{43}$/);
    const given = browser.cookies.get('_xsrf');
    await browser.post('/r/login/', { username: 'x', password: 'y' });
    assert.equal(browser.cookies.get('_xsrf'), given);
    await room.world.player('origin');
    const login = (origin: string) =>
      room.browser().send('POST', '/r/login/', { username: 'origin', password: PASSWORD }, { origin });
    assert.equal((await login('https://evil.example')).status, 403);
    assert.equal((await login('http://greenroom.test')).status, 200);
    assert.equal((await login(room.server.url)).status, 200);
  });

  it('AU5, AU10: admins get an admin key; logging out ends both and clears the cookies', async () => {
    const { id } = await room.world.player('boss', ['predictions.developer']);
    const browser = room.browser();
    const { body } = await browser.login('boss');
    assert.equal(typeof body.admin_session_key, 'string');
    assert.equal(browser.cookies.get('admin_session_key'), body.admin_session_key);
    const live = () => room.database.query('select kind from sessions where account_id = $1', [id]);
    assert.equal((await live()).length, 2);
    const copied = new Map(browser.cookies);
    assert.equal((await browser.send('POST', '/r/logout/')).status, 403);
    assert.equal((await browser.post('/r/logout/')).status, 200);
    assert.equal((await live()).length, 0);
    assert.deepEqual([...browser.cookies.keys()], []);
    const thief = room.browser();
    for (const [name, value] of copied) thief.cookies.set(name, value);
    assert.equal((await thief.get(`/r/username/?userId=${id}`)).status, 403);
    const again = await room.browser().post('/r/logout/');
    assert.deepEqual([again.status, again.body], [200, {}]);
  });

  it('AU4: every login is a key of its own, the oldest dies beyond ten', async () => {
    const { id } = await room.world.player('many');
    const first = room.browser();
    await first.login('many');
    room.clock.advance(1);
    for (let i = 0; i < 9; i++) await room.browser().login('many');
    assert.equal((await first.get(`/r/username/?userId=${id}`)).status, 200);
    await room.browser().login('many');
    assert.equal((await first.get(`/r/username/?userId=${id}`)).status, 403);
    assert.equal((await room.accounts.sessions.readableSecrets(id, [USER_KEY])).length, 10);
    room.clock.advance(86_400_001);
    assert.equal((await room.accounts.sessions.readableSecrets(id, [USER_KEY])).length, 0);
  });

  it('AU13, AU14: password and name are changed with the old password; a new password ends every login', async () => {
    const { id } = await room.world.player('changer');
    const [browser, other] = [room.browser(), room.browser()];
    await browser.login('changer');
    await other.login('changer');
    const update = (fields: Record<string, unknown>) => browser.post('/r/password/update/', { userId: id, ...fields });
    const wanted = { passwordOld: PASSWORD, passwordNew1: 'a new password', passwordNew2: 'a new password' };
    assert.equal((await update({ ...wanted, passwordNew2: 'another one' })).status, 400);
    assert.equal((await update({ ...wanted, passwordOld: 'wrong' })).status, 401);
    const earlierNames = { passOld: PASSWORD, passNew1: 'a new password', passNew2: 'a new password' };
    const done = await update(earlierNames);
    assert.deepEqual([done.status, done.body], [200, {}]);
    assert.equal((await other.get(`/r/username/?userId=${id}`)).status, 403);
    assert.equal((await browser.login('changer')).status, 401);
    assert.equal((await browser.post('/r/login/', { username: 'changer', password: 'a new password' })).status, 200);
    await room.world.player('occupied');
    const rename = (usernameNew: string, password: string) =>
      browser.post('/r/username/', { usernameNew, password, userId: id });
    assert.equal((await rename('occupied', 'a new password')).status, 409);
    assert.equal((await rename('whatever', 'wrong')).status, 401);
    assert.deepEqual((await rename('renamed', 'a new password')).body, { username: 'renamed' });
  });

  it('AU12: recovery tells nobody who has an account; its code works once', async () => {
    await room.world.player('forgetful');
    const unknown = await room.browser().post('/r/password/recover/', { user: 'never-seen' });
    assert.deepEqual([unknown.status, unknown.body], [200, {}]);
    await room.browser().post('/r/password/recover/', { username: 'forgetful' });
    const letter = await room.letterTo('forgetful@example.org');
    const code = /^[\w-]{43}$/m.exec(letter.text)![0];
    const reset = (fields: Record<string, unknown>) =>
      room.browser().post('/r/password/update/from_recovery/', {
        ...{
          email: 'forgetful@example.org',
          recoveryCode: code,
          password1: 'brand new one',
          password2: 'brand new one',
        },
        ...fields,
      });
    assert.equal((await reset({ password2: 'different one' })).status, 400);
    assert.equal((await reset({ recoveryCode: 'x'.repeat(43) })).status, 400);
    assert.deepEqual((await reset({})).body, {});
    assert.equal((await reset({})).status, 400);
    assert.equal(
      (await room.browser().post('/r/login/', { username: 'forgetful', password: 'brand new one' })).status,
      200,
    );
  });

  it('recovery_code_ttl: a code is good for as long as the setting says, and no longer', async () => {
    await room.world.player('slow');
    const ask = async () => {
      await room.browser().post('/r/password/recover/', { username: 'slow' });
      return /^[\w-]{43}$/m.exec((await room.letterTo('slow@example.org')).text)![0];
    };
    const reset = async (recoveryCode: string) => {
      const fields = { email: 'slow@example.org', recoveryCode, password1: 'another one', password2: 'another one' };
      return (await room.browser().post('/r/password/update/from_recovery/', fields)).status;
    };
    const late = await ask();
    room.clock.advance(room.deps.settings.recoveryCodeTtlMs);
    assert.equal(await reset(late), 400);
    const timely = await ask();
    room.clock.advance(room.deps.settings.recoveryCodeTtlMs - 1);
    assert.equal(await reset(timely), 200);
  });

  it('AU11: without a provider, logging in by one is 400', async () => {
    const asked = { oauthId: '1', oauth_token: 't', oauthEmail: 'a@example.org', oauthProvider: 'facebook' };
    assert.equal((await room.browser().post('/r/login/oauth/', asked)).status, 400);
  });

  it('predictions-69: an invitation makes friends, once', async () => {
    const host = await room.world.player('host');
    const inviteId = await room.services.players.challengeId(host.principal);
    const guest = room.browser();
    const asked = { username: 'guest', email: 'guest@example.org', password: PASSWORD, challengeId: inviteId };
    const { body } = await guest.post('/r/signup/', asked);
    const friends = await guest.get(`/r/friends/${String(body.id)}`);
    assert.deepEqual(friends.body, { friends: { [host.id]: 'host' } });
    await guest.login('guest', { invite_id: inviteId });
    assert.deepEqual((await guest.get(`/r/friends/?userId=${String(body.id)}`)).body, friends.body);
    assert.equal((await guest.login('guest', { invite_id: 'nonsense' })).status, 200);
    // Each sees the other's bets (461).
    const gameId = await room.world.game(host, await room.world.source(host));
    const poolId = await room.world.pool(gameId);
    await room.world.bet(host, poolId, 'chile', 1);
    await room.world.bet({ id: String(body.id) }, poolId, 'peru', 2);
    const seen = async (account: { id: string; username: string }) => {
      const principal = { ...host.principal, accountId: account.id };
      const game = await room.services.friends.betsInGame(principal, gameId);
      return (game.predictions as { running: { username: string }[] }).running.map((bet) => bet.username);
    };
    assert.deepEqual(await seen(host), ['guest']);
    assert.deepEqual(await seen({ id: String(body.id), username: 'guest' }), ['host']);
  });

  it('PG6: leaving an e-mail address', async () => {
    for (let i = 0; i < 2; i++) {
      const { status, body } = await room
        .browser()
        .post('/r/n/', { email: 'later@example.org', prediction_saved: '1' });
      assert.deepEqual([status, body], [200, {}]);
    }
    assert.equal((await room.browser().post('/r/n/', { email: 'no address' })).status, 400);
  });

  it('PF-63: the platform session counts as a login here, with its own CSRF pair', async () => {
    await room.world.player('platform-person');
    const browser = room.browser();
    const signedIn = await browser.post('/account/api/sign-in', { username: 'platform-person', password: PASSWORD });
    const id = (signedIn.body.account as { id: string }).id;
    assert.equal((await browser.get(`/r/username/?userId=${id}`)).status, 200);
    const change = { usernameNew: 'platform-name', password: PASSWORD, userId: id };
    assert.equal((await browser.post('/r/username/', change)).status, 403);
    const csrf = browser.cookies.get('gr_csrf')!;
    assert.equal((await browser.post('/r/username/', change, { 'x-csrf-token': csrf })).status, 200);
    // The module's own cookie beats it (PF-63).
    const { id: other } = await room.world.player('module-person');
    assert.equal((await browser.login('module-person', {})).status, 403);
    await browser.post('/r/login/', { username: 'module-person', password: PASSWORD }, { 'x-csrf-token': csrf });
    assert.equal((await browser.get(`/r/username/?userId=${other}`)).status, 200);
    assert.equal((await browser.get(`/r/username/?userId=${id}`)).status, 401);
  });
});

describe('limits of account routes', () => {
  it('AU15: ten failed logins of one name from one address, then 429', async () => {
    const room = await openRoom('account-limits', { rateLimits: true });
    try {
      await room.world.player('victim');
      for (let i = 0; i < 10; i++) {
        assert.equal(
          (await room.browser().post('/r/login/', { username: 'victim', password: 'wrong guess' })).status,
          401,
        );
      }
      const refused = await room.browser().login('victim');
      assert.deepEqual([refused.status, refused.body.code, refused.body.error], [429, 6623, 'rate_limited']);
      assert.ok(Number(refused.headers.get('retry-after')) > 0);
      room.clock.advance(600_001);
      assert.equal((await room.browser().login('victim')).status, 200);
      for (let i = 0; i < 5; i++) await room.browser().post('/r/password/recover/', { username: 'victim' });
      assert.equal((await room.browser().post('/r/password/recover/', { username: 'victim' })).status, 429);
    } finally {
      await room.close();
    }
  });
});
