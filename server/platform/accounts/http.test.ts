import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { pino } from 'pino';
import { HotCache } from '../cache/hot.ts';
import { IdempotencyKeys } from '../http/idempotency.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { Metrics } from '../observability/metrics.ts';
import { SeededRandom } from '../testing/random.ts';
import { ACCOUNT_ACTIONS, createAuthority } from './authority.ts';
import { LOGIN_FAILURE_LIMITS } from './failures.ts';
import { startInstallation, type TestInstallation, type TestProcess } from './fixture.ts';
import { accountSurface } from './http.ts';

let house: TestInstallation;
let process: TestProcess;
let server: HttpServer;
let base: string;

before(async () => {
  house = await startInstallation('http');
  process = await house.startProcess();
  const random = new SeededRandom('http');
  const ports = { clock: house.clock, random, ids: random, log: pino({ level: 'silent' }) };
  const authority = createAuthority();
  authority.define(ACCOUNT_ACTIONS);
  const { authenticator } = process;
  const isHttps = (request: { headers: Record<string, unknown> }) => request.headers['x-test-https'] === 'yes';
  server = await createHttpServer({
    ports,
    settings: {
      HOST: '127.0.0.1',
      PORT: 0,
      PUBLIC_URL: 'http://127.0.0.1',
      TRUSTED_PROXIES: [],
      CORS_ORIGINS: [],
      RATE_LIMITS: true,
      TLS_CERT: null,
      TLS_KEY: null,
    },
    version: 'test',
    surfaces: [accountSurface({ ...process, clock: house.clock, isHttps, limits: LOGIN_FAILURE_LIMITS })],
    authority,
    authenticate: (request) => authenticator.authenticate(request),
    checkCsrf: (request, principal) => authenticator.checkCsrf(request, principal),
    idempotency: new IdempotencyKeys({ database: process.database, secrets: house.secrets, ports }),
    metrics: new Metrics({ process: false }),
    hot: new HotCache({ maxBytes: 1 << 20, clock: house.clock }),
    site: { find: () => undefined, index: undefined },
    strictResponses: true,
  });
  base = `http://127.0.0.1:${(await server.listen()).port}`;
});
after(async () => {
  await server.close();
  await house.stop();
});

/** Every field an answer of these routes may have; the tests say which ones it must have. */
interface Body {
  account: {
    id: string;
    username: string;
    email: string | null;
    email_verified: boolean;
    second_factor: boolean;
    grants: string[];
    number: number;
  };
  code: string;
  status: number;
  title: string;
  detail: string;
  type: string;
  instance: string;
  requestId: string;
  errors: { field: string; message: string }[];
  sessions: {
    id: string;
    kind: string;
    current: boolean;
    address: string;
    agent: string;
    created_at: string;
    last_seen_at: string;
  }[];
  secret: string;
  uri: string;
  recovery_codes: string[];
  enabled: boolean;
}

interface Answer {
  status: number;
  body: Body;
  setCookies: string[];
  headers: Headers;
}

/** A browser: keeps cookies, repeats the CSRF value. */
class Browser {
  readonly cookies = new Map<string, string>();
  headers: Record<string, string> = {};

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const csrf = this.cookies.get('gr_csrf');
    const response = await fetch(`${base}/account/api/${path}`, {
      method,
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(csrf && method !== 'GET' ? { 'x-csrf-token': csrf } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, body: (await response.json()) as Body, setCookies, headers: response.headers };
  }

  get(path: string): Promise<Answer> {
    return this.ask('GET', path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.ask('POST', path, body, headers);
  }
}

async function registered(username: string): Promise<Browser> {
  const browser = new Browser();
  const person = { username, email: `${username}@example.org`, password: 'correct horse' };
  assert.equal((await browser.post('register', person)).status, 200);
  return browser;
}

test('PF-02: who am I answers nobody and somebody with 200', async () => {
  const browser = new Browser();
  assert.deepEqual((await browser.get('me')).body, { account: null });
  const { status, body } = await browser.post('register', {
    username: 'Ann',
    email: 'ann@example.org',
    password: 'correct horse',
  });
  assert.equal(status, 200);
  const { id, number, ...rest } = body.account;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.ok(Number.isInteger(number));
  assert.deepEqual(rest, {
    username: 'Ann',
    email: 'ann@example.org',
    email_verified: false,
    grants: [],
    second_factor: false,
  });
  const me = await browser.get('me');
  assert.deepEqual(me.body, body);
  assert.equal(me.headers.get('cache-control'), 'no-store');
});

test('PF-64: attributes of the cookies; Secure only over HTTPS', async () => {
  const browser = await registered('cookies');
  for (const https of [false, true]) {
    const { setCookies } = await browser.post(
      'sign-in',
      { username: 'cookies', password: 'correct horse' },
      https ? { 'x-test-https': 'yes' } : {},
    );
    const secure = https ? '; Secure' : '';
    assert.match(
      setCookies[0] ?? '',
      new RegExp(`^gr_session=[\\w-]{43}; Max-Age=2592000; Path=/; HttpOnly${secure}; SameSite=Lax$`),
    );
    assert.match(
      setCookies[1] ?? '',
      new RegExp(`^gr_csrf=[\\w-]{43}; Max-Age=2592000; Path=/${secure}; SameSite=Lax$`),
    );
  }
});

test('PF-17: a change proved by the cookie needs its CSRF value; the value of another session does not do', async () => {
  const browser = await registered('csrf');
  const other = await registered('csrf-other');
  const session = browser.cookies.get('gr_session') ?? '';
  for (const token of ['', 'x', other.cookies.get('gr_csrf') ?? '', session]) {
    const refused = await browser.post('sign-out', undefined, { 'x-csrf-token': token });
    assert.deepEqual([refused.status, refused.body.code], [403, 'csrf_failed'], token);
  }
  assert.ok((await browser.get('me')).body.account, 'still signed in');
  assert.equal((await browser.post('sign-out')).status, 200);
});

test('PF-64: a lost or foreign CSRF cookie is set anew by the next question', async () => {
  const browser = await registered('csrf-lost');
  const right = browser.cookies.get('gr_csrf');
  for (const value of [undefined, 'of-an-earlier-session']) {
    if (value === undefined) browser.cookies.delete('gr_csrf');
    else browser.cookies.set('gr_csrf', value);
    await browser.get('me');
    assert.equal(browser.cookies.get('gr_csrf'), right);
  }
  assert.deepEqual((await browser.get('me')).setCookies, []);
});

test('PF-63: a credential in a header beats the cookie, even when it is refused', async () => {
  const browser = await registered('header');
  assert.equal((await browser.ask('GET', 'me', undefined, { authorization: 'Bearer gr_x' })).body.account, null);
  assert.equal((await browser.ask('GET', 'sessions', undefined, { authorization: 'Bearer gr_x' })).status, 401);
});

test('PF-05: sign-in and register fail with their codes, and name the fields', async () => {
  const browser = new Browser();
  await registered('taken');
  const failures: [string, unknown, number, string, string[]?][] = [
    ['sign-in', { username: 'taken', password: 'wrong' }, 401, 'invalid_credentials'],
    ['sign-in', { username: 'nobody', password: 'wrong' }, 401, 'invalid_credentials'],
    ['sign-in', { username: 'taken' }, 400, 'invalid_input', ['password']],
    [
      'register',
      { username: 'TAKEN', email: 'a1@example.org', password: 'correct horse' },
      409,
      'username_taken',
      ['username'],
    ],
    [
      'register',
      { username: 'new', email: 'Taken@example.org', password: 'correct horse' },
      409,
      'email_taken',
      ['email'],
    ],
    [
      'register',
      { username: 'a b', email: 'x', password: 'short' },
      400,
      'invalid_input',
      ['username', 'email', 'password'],
    ],
    [
      'register',
      { username: 'new', email: 'a2@example.org', password: 'correct horse', grants: ['superuser'] },
      400,
      'invalid_input',
      ['grants'],
    ],
    ['reset', { email: 'taken@example.org', code: 'x', password: 'correct horse' }, 400, 'invalid_code'],
  ];
  for (const [path, body, status, code, fields] of failures) {
    const answer = await browser.post(path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
    assert.deepEqual(
      answer.body.errors?.map((fault: { field: string }) => fault.field),
      fields,
    );
    assert.deepEqual(answer.setCookies, []);
  }
});

test('AU15: too many failures are 429 with Retry-After', async () => {
  const browser = await registered('guessed');
  for (let i = 0; i < 10; i++) await browser.post('sign-in', { username: 'guessed', password: 'wrong' });
  const answer = await browser.post('sign-in', { username: 'guessed', password: 'correct horse' });
  assert.deepEqual([answer.status, answer.body.code, answer.headers.get('retry-after')], [429, 'too_many', '600']);
});

test('PF-68: enrolment, sign-in with the second factor, and its end', async () => {
  const browser = await registered('twofold');
  const begun = await browser.post('second-factor/begin');
  const totp = new TOTP({ secret: Secret.fromBase32(begun.body.secret) });
  const code = () => totp.generate({ timestamp: house.clock.now() });
  assert.match(begun.body.uri, /^otpauth:\/\/totp\/Greenroom:twofold\?/);
  assert.equal((await browser.post('second-factor/confirm', { code: '000000' })).body.code, 'invalid_code');
  const confirmed = await browser.post('second-factor/confirm', { code: code() });
  assert.equal(confirmed.body.recovery_codes.length, 10);
  assert.deepEqual((await browser.get('second-factor')).body, {
    enabled: true,
    pending: false,
    recovery_codes_left: 10,
  });
  assert.equal((await browser.get('me')).body.account.second_factor, true);
  const elsewhere = new Browser();
  const person = { username: 'twofold', password: 'correct horse' };
  const asked = await elsewhere.post('sign-in', person);
  assert.deepEqual([asked.status, asked.body.code, asked.setCookies], [401, 'second_factor_required', []]);
  house.clock.advance(30_000);
  assert.equal((await elsewhere.post('sign-in', { ...person, otp: code() })).status, 200);
  house.clock.advance(30_000);
  assert.equal((await browser.post('second-factor/disable', { code: code(), password: 'correct horse' })).status, 200);
  assert.equal((await new Browser().post('sign-in', person)).status, 200);
});

test('PF-12: sessions are listed, revoked one by one, or all at once', async () => {
  const browser = await registered('devices');
  const phone = new Browser();
  phone.headers = { 'user-agent': 'Phone' };
  await phone.post('sign-in', { username: 'devices', password: 'correct horse' });
  const { sessions } = (await browser.get('sessions')).body;
  assert.equal(sessions.length, 2);
  const other = sessions.find((session) => !session.current)!;
  assert.deepEqual([other.kind, other.agent, other.address], ['web', 'Phone', '127.0.0.1']);
  assert.match(other.created_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const stranger = await registered('stranger');
  assert.equal((await stranger.ask('DELETE', `sessions/${other.id}`)).status, 404);
  assert.equal((await stranger.ask('DELETE', 'sessions/x')).status, 400);
  assert.equal((await browser.ask('DELETE', `sessions/${other.id}`)).status, 200);
  assert.equal((await phone.get('me')).body.account, null);
  await phone.post('sign-in', { username: 'devices', password: 'correct horse' });
  assert.equal((await browser.post('sign-out-everywhere')).status, 200);
  assert.equal(browser.cookies.size, 0);
  assert.equal((await phone.get('me')).body.account, null);
  assert.equal((await phone.get('sessions')).status, 401);
});

test('AU13: a password change signs out all others; the maker goes on', async () => {
  const browser = await registered('changer');
  const phone = new Browser();
  await phone.post('sign-in', { username: 'changer', password: 'correct horse' });
  const wrong = await browser.post('password', { current: 'wrong horse', password: 'battery staple' });
  assert.deepEqual([wrong.status, wrong.body.code], [401, 'invalid_credentials']);
  assert.equal((await browser.post('password', { current: 'correct horse', password: 'battery staple' })).status, 200);
  assert.equal((await browser.get('me')).body.account.username, 'changer');
  assert.equal((await phone.get('me')).body.account, null);
});

test('AU12: recovery answers alike, its code resets, and both are limited', async () => {
  await registered('forgetful');
  const browser = new Browser();
  const answers = [
    await browser.post('recover', { username: 'forgetful' }),
    await browser.post('recover', { username: 'nobody' }),
  ];
  assert.deepEqual(
    answers.map(({ status, body }) => [status, body]),
    [
      [200, {}],
      [200, {}],
    ],
  );
  await process.outbox.sweep();
  const code = /^[\w-]{43}$/m.exec(house.mails.find((mail) => mail.to === 'forgetful@example.org')?.text ?? '')?.[0];
  const reset = { email: 'forgetful@example.org', code, password: 'battery staple' };
  assert.equal((await browser.post('reset', reset)).status, 200);
  assert.equal((await browser.post('sign-in', { username: 'forgetful', password: 'battery staple' })).status, 200);
  for (let i = 0; i < 4; i++) await browser.post('recover', { username: 'forgetful' });
  assert.equal((await browser.post('recover', { username: 'forgetful' })).status, 429);
});

test('PF-06: a registration repeated with its key is answered as the first', async () => {
  const person = { username: 'repeated', email: 'repeated@example.org', password: 'correct horse' };
  const key = { 'idempotency-key': 'one' };
  const first = await new Browser().post('register', person, key);
  const second = await new Browser().post('register', person, key);
  assert.deepEqual([second.status, second.body, second.setCookies], [200, first.body, first.setCookies]);
});

test('PF-16: what concerns an account answers nobody with 401', async () => {
  const nobody = new Browser();
  const routes = server.routes.list().filter((route) => route.action !== 'public');
  assert.ok(routes.length >= 8);
  for (const { method, url } of routes) {
    const path = url.replace('/account/api/', '').replace(':id', '00000000-0000-4000-8000-000000000000');
    if (method !== 'HEAD') assert.equal((await nobody.ask(method, path)).status, 401, `${method} ${url}`);
  }
});
