import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { pino } from 'pino';
import { actionsOfOp } from './modules/predictions/realtime/operations.ts';
import { OPS, type OpName } from './modules/predictions/rules/ops.ts';
import { MODULES } from './modules.ts';
import { accessMatrix, samplePrincipals } from './platform/accounts/authority.ts';
import { asset } from './platform/config/asset.ts';
import { loadSettings } from './platform/config/settings.ts';
import { createPlatform } from './platform/platform.ts';
import { type RunningServer, startServer } from './platform/server.ts';
import { systemPorts } from './platform/system-ports.ts';
import { MIGRATIONS_FOLDER } from './platform/testing/core.ts';
import { createTestDatabase } from './platform/testing/database.ts';

const MATRIX = 'docs/access-matrix.md';
const OWNERS = ['platform', ...MODULES.map((module) => module.name)];

async function withServer(fn: (server: RunningServer) => Promise<void>): Promise<void> {
  const database = await createTestDatabase({ migrationsFolder: MIGRATIONS_FOLDER, owners: OWNERS });
  const env = {
    DATABASE_URL: database.url,
    SECRET_KEY: 'a secret of tests, long enough to be one',
    PORT: '0',
    LOG_LEVEL: 'silent',
  };
  const loaded = loadSettings({
    env,
    modules: Object.fromEntries(MODULES.map((module) => [module.name, module.settings])),
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const platform = await createPlatform({
    settings: loaded.settings.platform,
    version: 'test',
    ports: systemPorts(pino({ level: 'silent' })),
    migrationOwners: OWNERS,
  });
  const server = await startServer(platform, loaded.settings, MODULES);
  try {
    await fn(server);
  } finally {
    await server.stop();
    await database.drop();
  }
}

/** The whole matrix as a page: who may ever use which route, topic and operation. */
function describe(server: RunningServer): string {
  const { authority, topics } = server.platform;
  const matrix = accessMatrix(authority);
  const uses = new Map<string, string[]>();
  const use = (action: string, what: string) => uses.set(action, [...(uses.get(action) ?? []), what]);
  for (const route of server.http.routes.list()) use(route.action, `${route.method} ${route.url}`);
  for (const topic of topics.definitions) use(topic.action, `topic ${topic.pattern}`);
  for (const name of Object.keys(OPS) as OpName[])
    for (const action of actionsOfOp(name)) use(action, `op ${OPS[name].op} ${name}`);
  const kinds = Object.keys(samplePrincipals());
  const lines = Object.entries(matrix).map(([action, allowed]) => {
    const who = allowed.length === kinds.length ? 'everybody' : allowed.join(', ') || 'nobody at the edge';
    return `| \`${action}\` | ${who} | ${
      (uses.get(action) ?? [])
        .sort()
        .map((item) => `\`${item}\``)
        .join(' ') || '-'
    } |`;
  });
  return `# Who may do what\n\nMade from the routes, topics and operations of the program by \`UPDATE=1 npm test -- access-matrix\`; a test compares it (PF-16). "Everybody"
are ${kinds.join(', ')}. Whether a role holds for the very source or game is asked again inside the use case.\n\n| Action | Let through at the edge | Used by |\n|---|---|---|\n${lines.join('\n')}\n`;
}

test('PF-16: every route, topic and operation names an action that has a policy, and the matrix is the one written down', async () => {
  await withServer(async (server) => {
    const known = new Set(server.platform.authority.actions());
    for (const route of server.http.routes.list())
      assert.ok(known.has(route.action), `${route.method} ${route.url} names ${route.action}`);
    for (const topic of server.platform.topics.definitions) assert.ok(known.has(topic.action), topic.pattern);
    for (const name of Object.keys(OPS) as OpName[])
      for (const action of actionsOfOp(name)) assert.ok(known.has(action), name);
    const page = describe(server);
    if (process.env.UPDATE === '1') writeFileSync(asset(MATRIX), page);
    assert.equal(readFileSync(asset(MATRIX), 'utf8'), page, `${MATRIX} is out of date`);
  });
});

test('PF-02: the documents of a running server name every module surface', async () => {
  await withServer(async (server) => {
    const base = `http://127.0.0.1:${server.address.port}`;
    const openapi = (await (await fetch(`${base}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<string, unknown>;
    };
    assert.match(openapi.openapi, /^3\.1/);
    for (const path of ['/r/signup', '/r/leaderboard/global/{userId}', '/account/api/sign-in', '/healthz']) {
      assert.ok(
        Object.keys(openapi.paths).some((known) => known.replace(/\/$/, '').startsWith(path.replace(/\{.*/, ''))),
        path,
      );
    }
    const asyncapi = (await (await fetch(`${base}/asyncapi.json`)).json()) as {
      channels: Record<string, { address: string }>;
    };
    assert.ok(Object.values(asyncapi.channels).some((channel) => channel.address === 'predictions/game/{game}'));
    assert.equal((await fetch(`${base}/readyz`)).status, 200);
  });
});

/** Changes that need no CSRF value, since they take nothing from a cookie. */
const WITHOUT_CSRF = ['/account/api/recover', '/account/api/register', '/account/api/reset', '/account/api/sign-in'];

test('PF-17: no change goes by the cookie of the platform alone, on any surface', async () => {
  await withServer(async (server) => {
    const base = `http://127.0.0.1:${server.address.port}`;
    const headers = { 'content-type': 'application/json' };
    const admin = { username: 'boss', email: 'boss@example.org', password: 'correct horse battery' };
    await server.platform.accounts.accounts.createAdmin(admin);
    const { username, password } = admin;
    for (const login of ['/account/api/sign-in', '/r/login/']) {
      const answer = await fetch(base + login, {
        method: 'POST',
        headers,
        body: JSON.stringify({ username, password }),
      });
      const cookie = answer.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ');
      for (const { method, url } of server.http.routes.list()) {
        const isExempt = ['GET', 'HEAD', 'OPTIONS'].includes(method) || WITHOUT_CSRF.includes(url);
        if (isExempt || (login === '/r/login/' && !url.startsWith('/r/'))) continue;
        const path = url.replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000');
        const { status } = await fetch(base + path, { method, headers: { ...headers, cookie }, body: '{}' });
        assert.equal(status, 403, `${method} ${url} by ${login}`);
      }
    }
  });
});
