import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildMounts, MountFault } from './mounts.ts';
import type { Surface } from './types.ts';

const surface = (owner: string, paths: string[], more: Partial<Surface> = {}): Surface => ({
  owner,
  paths,
  routes: () => undefined,
  ...more,
});
const owner = (mounts: ReturnType<typeof buildMounts>, path: string) => mounts.ownerOf(path)?.surface.owner ?? null;

describe('mounts', () => {
  const mounts = buildMounts([
    surface('platform', ['=/', '/events/stream'], { pages: ['/admin'] }),
    surface('predictions', ['/r'], { aliases: { '/i/r': '/r' }, pages: ['=/i/play'] }),
    surface('draws', ['=/auth', '/api/events'], { pages: ['/draws'] }),
    surface('restaurants', ['/auth/v1', '/socket.io/', '=/realtime/v1'], { pages: ['/app'] }),
    surface('races', ['/races', '/api/admin']),
    surface('admin', ['/admin/api']),
    surface('calls', ['/calls/v1'], { aliases: { '/v1': '/calls/v1' } }),
  ]);

  it('PF-60: exact beats prefix, the deeper prefix wins, prefixes end at a segment', () => {
    const expected: Record<string, string | null> = {
      '/': 'platform',
      '/r': 'predictions',
      '/r/login': 'predictions',
      '/races': 'races',
      '/ra': null,
      '/auth': 'draws',
      '/auth/': 'draws',
      '/auth/x': null,
      '/auth/v1/login': 'restaurants',
      '/socket.io/': 'restaurants',
      '/socket.iox': null,
      '/realtime/v1': 'restaurants',
      '/realtime/v1/x': null,
      '/admin': 'platform',
      '/admin/users': 'platform',
      '/admin/api/users': 'admin',
      '/app': 'restaurants',
      '/apps': null,
      '/nowhere': null,
    };
    for (const [path, name] of Object.entries(expected)) assert.equal(owner(mounts, path), name, path);
    assert.equal(mounts.ownerOf('/admin/users')?.page, true);
    assert.equal(mounts.ownerOf('/admin/api/users')?.page, false);
  });

  it('PF-60: an alias leads to the same routes', () => {
    assert.equal(mounts.rewrite('/i/r/login'), '/r/login');
    assert.equal(mounts.rewrite('/i/races'), '/i/races');
    assert.equal(mounts.rewrite('/i/play'), '/i/play');
    assert.equal(mounts.rewrite('/v1/apps'), '/calls/v1/apps');
    assert.equal(mounts.rewrite('/r/login'), '/r/login');
  });

  it('PF-01: two equal mounts are a start-up error', () => {
    const clashes: [Surface, Surface][] = [
      [surface('a', ['/r']), surface('b', ['/r/'])],
      [surface('a', ['=/auth']), surface('b', ['=/auth'])],
      [surface('a', ['/x']), surface('b', [], { pages: ['/x'] })],
      [surface('a', ['/x']), surface('b', ['/y'], { aliases: { '/x': '/y' } })],
    ];
    for (const pair of clashes) assert.throws(() => buildMounts(pair), MountFault);
    buildMounts([surface('a', ['=/auth']), surface('b', ['/auth'])]);
    assert.throws(() => buildMounts([surface('a', ['r'])]), MountFault);
    assert.throws(() => buildMounts([surface('a', ['/r/*'])]), MountFault);
    assert.throws(() => buildMounts([surface('a', ['/r'], { aliases: { '/q': '/other' } })]), MountFault);
  });

  it('PF-01: a mount can be moved, its old place is then unknown', () => {
    const moved = buildMounts(
      [surface('predictions', ['/r'], { aliases: { '/i/r': '/r' } }), surface('draws', ['=/auth'])],
      {
        '/r': '/games',
        '=/auth': '/draws-auth',
      },
    );
    assert.equal(moved.rewrite('/games/login'), '/r/login');
    assert.equal(moved.rewrite('/draws-auth'), '/auth');
    assert.equal(owner(moved, moved.rewrite('/r/login')), null);
    assert.equal(owner(moved, moved.rewrite('/auth')), null);
    assert.throws(() => buildMounts([surface('a', ['/r']), surface('b', ['/q'])], { '/r': '/q' }), MountFault);
    assert.throws(() => buildMounts([surface('a', ['/r'])], { '/typo': '/q' }), MountFault);
  });
});
