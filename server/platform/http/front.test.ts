import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { frontSurface } from './front.ts';
import { joinSites, loadSite } from './site.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'greenroom-site-'));
let server: TestServer;

before(async () => {
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('secret.txt', 'top secret');
  write(
    'console/index.html',
    '<!doctype html><title>Greenroom</title><script type="module" src="/assets/app-1.js"></script>',
  );
  write('console/assets/app-1.js', 'console.log(1)');
  write('console/favicon.svg', '<svg/>');
  write('docs/index.html', '<script>let theme</script>docs');
  write('docs/guides/first.html', 'first guide');
  write('docs/modules/draws/index.html', 'draws');
  const site = joinSites([loadSite(join(folder, 'console')), loadSite(join(folder, 'docs'), '/docs')]);
  server = await startTestServer({
    site,
    surfaces: [
      frontSurface({ site, front: async () => ({ name: 'greenroom', version: '0.0.0', modules: ['draws'] }) }),
      {
        owner: 'draws',
        paths: ['=/auth', '/api/events'],
        pages: ['/draws', '=/i/play'],
        routes: (app) => void app.post('/auth', { config: { action: 'public' } }, async () => 'x'),
      },
    ],
  });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const html = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };

describe('console and docs', () => {
  it('PF-61: the root answers anybody with 200, JSON when asked', async () => {
    for (const init of [{}, html, { headers: { accept: '*/*' } }]) {
      const page = await server.fetch('/', init);
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-type')!, /^text\/html/);
      assert.match(await page.text(), /Greenroom/);
      assert.equal(page.headers.get('cache-control'), 'no-cache');
      assert.match(page.headers.get('content-security-policy')!, /script-src 'self';/);
    }
    const json = await server.fetch('/', { headers: { accept: 'application/json' } });
    assert.deepEqual(await json.json(), { name: 'greenroom', version: '0.0.0', modules: ['draws'] });
  });

  it('PF-60: pages and unknown paths open the console for who accepts HTML, outside /api', async () => {
    for (const path of [
      '/sign-in',
      '/admin/tables/bets',
      '/draws/42/verify',
      '/i/play?next=/r',
      '/anything/else',
      '/apid',
    ]) {
      const page = await server.fetch(path, html);
      assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8'], path);
    }
    for (const path of ['/api/nowhere', '/api', '/api/events/x'])
      assert.equal((await server.fetch(path, html)).status, 404, path);
    assert.match((await server.fetch('/anything/else')).headers.get('content-type')!, /problem/);
    assert.equal((await server.fetch('/draws/42')).status, 200, 'a page needs no Accept');
    const posted = await server.fetch('/draws/42', { method: 'POST' });
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
    const etag = (await server.fetch('/sign-in', html)).headers.get('etag')!;
    assert.equal(
      (await server.fetch('/sign-in', { headers: { accept: 'text/html', 'if-none-match': etag } })).status,
      304,
    );
  });

  it('PF-61: an API path is never a page', async () => {
    assert.equal((await server.fetch('/auth', html)).status, 405);
  });

  it('PF-09: hashed assets are immutable, others are revalidated', async () => {
    const asset = await server.fetch('/assets/app-1.js');
    assert.deepEqual([asset.status, await asset.text()], [200, 'console.log(1)']);
    assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(asset.headers.get('x-content-type-options'), 'nosniff');
    assert.match((await server.fetch('/favicon.svg')).headers.get('content-type')!, /svg/);
    assert.equal((await server.fetch('/assets/none.js', html)).status, 404, 'a missing script must not be a page');
  });

  it('DESIGN 7: nothing outside the folder can be reached', async () => {
    for (const path of [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/docs/..%2f..%2fsecret.txt',
      '/assets/..\\..\\secret.txt',
    ]) {
      const answer = await server.raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 40\d /, path);
      assert.doesNotMatch(answer, /top secret/);
    }
  });

  it('PF-02: the docs are a folder of pages; their inline scripts are allowed by hash only', async () => {
    for (const [path, text] of [
      ['/docs', /docs/],
      ['/docs/', /docs/],
      ['/docs/guides/first', /first guide/],
      ['/docs/modules/draws', /draws/],
      ['/docs/modules/draws/', /draws/],
    ] as const) {
      assert.match(await (await server.fetch(path)).text(), text, path);
    }
    assert.match((await server.fetch('/docs')).headers.get('content-security-policy')!, /script-src 'self' 'sha256-/);
  });

  it('platform 1: without a built console the server says so', async () => {
    const site = loadSite(join(folder, 'absent'));
    const bare = await startTestServer({ site, surfaces: [frontSurface({ site, front: async () => ({}) })] });
    assert.equal((await bare.fetch('/', html)).status, 503);
    assert.equal((await bare.fetch('/sign-in', html)).status, 503);
    await bare.close();
  });
});
