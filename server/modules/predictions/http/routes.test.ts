import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RULE_ERRORS } from '../rules/errors.ts';
import { openRoom, type Person, type Room } from './fixture.ts';

/** Who may: anybody, whoever is logged in, only the user named in the path or query (section 3, column "Auth"). */
type Auth = 'anybody' | 'login' | 'owner';

interface Expected {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  auth: Auth;
  /** Status for an empty request of whoever may. */
  status: number;
}

const nobody = '00000000-0000-4000-8000-00000000dead';
const U = ':user';

const TABLE: readonly Expected[] = [
  { method: 'POST', path: '/r/signup/', auth: 'anybody', status: 400 },
  { method: 'POST', path: '/r/login/', auth: 'anybody', status: 400 },
  { method: 'POST', path: '/r/login/oauth/', auth: 'anybody', status: 400 },
  { method: 'POST', path: '/r/n/', auth: 'anybody', status: 400 },
  { method: 'GET', path: `/r/username/?userId=${U}`, auth: 'owner', status: 200 },
  { method: 'POST', path: `/r/username/?userId=${U}`, auth: 'owner', status: 400 },
  { method: 'POST', path: '/r/password/recover/', auth: 'anybody', status: 400 },
  { method: 'POST', path: '/r/password/update/from_recovery/', auth: 'anybody', status: 400 },
  { method: 'POST', path: `/r/password/update/?userId=${U}`, auth: 'owner', status: 400 },
  { method: 'GET', path: `/r/games/history/${U}`, auth: 'owner', status: 200 },
  { method: 'GET', path: `/r/games/history/?userId=${U}`, auth: 'owner', status: 200 },
  { method: 'GET', path: `/r/sources/${nobody}/games/active/`, auth: 'anybody', status: 404 },
  { method: 'GET', path: `/r/sources/${nobody}/games/upcoming/`, auth: 'anybody', status: 404 },
  { method: 'GET', path: '/r/games/active/', auth: 'anybody', status: 200 },
  { method: 'GET', path: '/r/games/upcoming/', auth: 'anybody', status: 200 },
  ...['active', 'upcoming'].flatMap((stage) =>
    ['open', 'running'].flatMap((list): Expected[] =>
      [`/r/sources/${nobody}`, '/r'].flatMap((base): Expected[] => [
        { method: 'GET', path: `${base}/games/${stage}/${nobody}/pools/${list}/`, auth: 'anybody', status: 404 },
        { method: 'GET', path: `${base}/games/${stage}/${nobody}/pools/${list}/${U}`, auth: 'anybody', status: 404 },
      ]),
    ),
  ),
  { method: 'GET', path: `/r/games/upcoming/${nobody}/pools/`, auth: 'anybody', status: 404 },
  ...(['POST', 'PUT'] as const).flatMap((method) =>
    [`/r/sources/${nobody}`, '/r'].flatMap((base): Expected[] => [
      { method, path: `${base}/games/active/${nobody}/pools/open/${nobody}/predictions/`, auth: 'login', status: 400 },
      { method, path: `${base}/games/upcoming/${nobody}/pools/${nobody}/predictions/`, auth: 'anybody', status: 400 },
    ]),
  ),
  { method: 'GET', path: `/r/statistics/${U}`, auth: 'owner', status: 200 },
  { method: 'GET', path: `/r/friends/${U}`, auth: 'owner', status: 200 },
  { method: 'GET', path: `/r/friends/?user_id=${U}`, auth: 'owner', status: 200 },
  ...['', `/game/${nobody}`, `/source/${nobody}`].flatMap((scope): Expected[] => {
    const status = scope === '' ? 200 : 404;
    return [
      { method: 'GET', path: `/r/leaderboard/global${scope}/`, auth: 'anybody', status },
      { method: 'GET', path: `/r/leaderboard/global${scope}/${U}`, auth: 'anybody', status },
      { method: 'GET', path: `/r/leaderboard/personal${scope}/${U}`, auth: 'owner', status },
    ];
  }),
  { method: 'GET', path: `/r/leaderboard/global/${nobody}/${U}`, auth: 'anybody', status: 404 },
  { method: 'GET', path: `/r/leaderboard/personal/${nobody}/${U}`, auth: 'owner', status: 404 },
  { method: 'GET', path: '/predictions/api/games', auth: 'anybody', status: 200 },
  { method: 'GET', path: `/predictions/api/games/${nobody}`, auth: 'anybody', status: 404 },
  { method: 'GET', path: `/predictions/api/sources/${nobody}`, auth: 'anybody', status: 404 },
  { method: 'GET', path: `/predictions/api/pools/${nobody}/result`, auth: 'anybody', status: 404 },
  { method: 'POST', path: '/predictions/api/session-key', auth: 'login', status: 200 },
  { method: 'POST', path: `/predictions/api/games/${nobody}/events`, auth: 'login', status: 400 },
  { method: 'GET', path: '/predictions/api/rejected-items', auth: 'login', status: 401 },
  { method: 'GET', path: '/predictions/api/parked-pools', auth: 'login', status: 401 },
  { method: 'POST', path: `/predictions/api/parked-pools/${nobody}/retry`, auth: 'login', status: 404 },
  { method: 'POST', path: '/r/logout/', auth: 'anybody', status: 200 },
];

describe('every route', () => {
  let room: Room;
  let me: Person;
  let other: Person;
  before(async () => {
    room = await openRoom('routes');
    me = await room.world.player('me-myself');
    other = await room.world.player('somebody');
  });
  after(() => room.close());

  function assertErrorForm(body: Record<string, unknown>, path: string): void {
    const name = body.error as keyof typeof RULE_ERRORS;
    assert.equal(RULE_ERRORS[name]?.code, body.code, `${path}: ${JSON.stringify(body)}`);
    const texts = path.includes('/pools/open/') && path.includes('predictions') ? (body.msg as string[]) : [body.msg];
    assert.ok(texts.length === 1 && typeof texts[0] === 'string' && texts[0] !== '', path);
  }

  for (const { method, path, auth, status } of TABLE) {
    it(`${method} ${path}: ${auth}`, async () => {
      const send = async (user: Person, who: Person | null, prefix = '') => {
        const browser = room.browser();
        if (who) await browser.login(who.username);
        const url = prefix + path.replace(U, user.id);
        const headers = { 'x-xsrftoken': browser.cookies.get('_xsrf') ?? '' };
        const answer = await browser.send(method, url, method === 'GET' ? undefined : {}, headers);
        assert.equal(answer.headers.get('x-contract-fault'), null);
        if (answer.status !== 200) assertErrorForm(answer.body, url);
        return answer.status;
      };
      const mayStatus = await send(me, me);
      assert.equal(mayStatus, status);
      if (path.startsWith('/r/')) assert.equal(await send(me, me, '/i'), status);
      assert.equal(await send(me, null), auth === 'anybody' ? status : 403);
      if (auth === 'owner') assert.equal(await send(other, me), 401);
    });
  }

  it('the table names every route of the surface', () => {
    const listed = TABLE.map(({ method, path }) => `${method} ${path.split('?')[0]!.replace(/\/$/, '')}`);
    for (const route of room.server.routes
      .list()
      .filter(({ owner, method }) => owner === 'predictions' && method !== 'HEAD')) {
      const pattern = route.url.replace(/\/:\w+\?/g, '(/[^/]+)?').replace(/:\w+/g, '[^/]+');
      const expression = new RegExp(`^${route.method} ${pattern}$`);
      assert.ok(
        listed.some((one) => expression.test(one)),
        `${route.method} ${route.url}`,
      );
    }
  });

  it('PF-04: OpenAPI describes every route with its parameters and answers', () => {
    const { paths } = room.server.openapi() as {
      paths: Record<string, Record<string, { summary?: string; responses: object }>>;
    };
    const ours = Object.entries(paths).filter(([path]) => path.startsWith('/r/') || path.startsWith('/predictions/'));
    assert.ok(ours.length > 40);
    for (const [path, methods] of ours) {
      for (const [method, operation] of Object.entries(methods)) {
        assert.ok(operation.summary, `${method} ${path}`);
        assert.deepEqual(Object.keys(operation.responses), ['200', 'default'], `${method} ${path}`);
      }
    }
  });

  it('section 3: what was withdrawn, unknown paths and methods, sizes and types, in the form of the module', async () => {
    const faults: [Promise<{ status: number; body: Record<string, unknown> }>, number, string][] = [
      [room.browser().get('/r/key/'), 404, 'unknown_op'],
      [room.browser().get('/i/r/nothing/here'), 404, 'unknown_op'],
      [room.browser().send('DELETE', '/r/login/'), 405, 'unknown_op'],
      [room.browser().send('POST', '/r/login/', { username: 'x'.repeat(2_000_000) }), 413, 'malformed_message'],
      [room.browser().send('POST', '/r/login/', { username: 'a\u0000b', password: 'x' }), 400, 'malformed_message'],
      [room.browser().send('POST', '/r/login/', { username: ['a', 'b'], password: 'x' }), 400, 'invalid_parameter'],
    ];
    for (const [sent, status, error] of faults) {
      const answer = await sent;
      assert.deepEqual([answer.status, answer.body.error], [status, error]);
      assertErrorForm(answer.body, '');
    }
    const broken = await room.server.fetch('/r/login/', {
      method: 'POST',
      body: '{"username":',
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([broken.status, ((await broken.json()) as { code: number }).code], [400, 6605]);
    const xml = await room.server.fetch('/r/login/', {
      method: 'POST',
      body: '<a/>',
      headers: { 'content-type': 'text/xml' },
    });
    assert.deepEqual([xml.status, ((await xml.json()) as { code: number }).code], [415, 6605]);
  });
});
