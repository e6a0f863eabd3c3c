import assert from 'node:assert/strict';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded.ts';
import { type Binaries, findBinaries } from './binaries.ts';

const binaries = await findBinaries().catch(() => undefined);
const isRoot = process.getuid?.() === 0;
const skip = !isRoot
  ? 'needs root, which PostgreSQL refuses'
  : binaries === undefined && 'no PostgreSQL is packaged for this platform';

describe('the embedded PostgreSQL under root', { skip }, () => {
  /** A home that only root may enter, and a folder that everybody may pass through. */
  let home: string;
  let open: string;
  let homePackage: string;
  /** The installed binaries may themselves lie in a closed home. */
  let openPackage: string;
  const path = process.env.PATH;
  const started: EmbeddedPostgres[] = [];
  before(async () => {
    const base = await realpath(tmpdir());
    home = await mkdtemp(join(base, 'home-'));
    open = await mkdtemp(join(base, 'open-'));
    await chmod(open, 0o755);
    homePackage = join(home, 'package');
    openPackage = join(open, 'package');
    await copyPackage(binaries!, homePackage);
    await copyPackage(binaries!, openPackage);
  });
  afterEach(async () => {
    process.env.PATH = path;
    for (const server of started.splice(0)) await server.stop();
  });
  after(async () => {
    await rm(home, { recursive: true });
    await rm(open, { recursive: true });
  });

  async function start(dataDir: string, packageRoot?: string): Promise<EmbeddedPostgres> {
    const quiet = () => undefined;
    const server = await startEmbeddedPostgres({
      dataDir,
      packageRoot,
      log: { info: quiet, warn: quiet, error: quiet },
    });
    started.push(server);
    await assertAnswers(server);
    return server;
  }

  it('runs as another user where that one can go, the data being closed to all others', async () => {
    const dataDir = join(open, 'plain');
    await start(dataDir, openPackage);
    const { uid, mode } = await stat(join(dataDir, 'db'));
    assert.notEqual(uid, 0);
    assert.equal(mode & 0o777, 0o700);
    assert.equal((await stat(dataDir)).mode & 0o777, 0o701);
  });

  it('runs as the owner of the data folder, who can go on without root', async () => {
    const nobody = 65_534;
    for (const packageRoot of [openPackage, homePackage]) {
      const dataDir = join(open, `of-nobody-${packageRoot === openPackage ? 'open' : 'closed'}`);
      await mkdir(dataDir, { mode: 0o700 });
      await chown(dataDir, nobody, nobody);
      await start(dataDir, packageRoot);
      assert.equal((await stat(join(dataDir, 'db'))).uid, nobody);
    }
  });

  it('runs in a user namespace when data or binaries lie in a closed home (a clone in /root)', async () => {
    const closed = join(home, 'data');
    await start(closed, homePackage);
    assert.equal((await stat(join(closed, 'db'))).uid, 0);
    assert.equal((await stat(closed)).mode & 0o777, 0o700);
    await start(join(open, 'binaries-closed'), homePackage);
    assert.deepEqual(
      (await readdir(join(open, 'binaries-closed'))).filter((name) => name.startsWith('postgresql-')),
      [],
    );
  });

  it('follows when the folder changes from closed to open', async () => {
    const first = join(home, 'moves', 'data');
    await start(first);
    await started.pop()!.stop();
    const second = join(open, 'moved');
    await cp(first, second, { recursive: true });
    await start(second, openPackage);
    assert.notEqual((await stat(join(second, 'db/base'))).uid, 0);
  });

  it('copies the binaries where user namespaces are not allowed', async () => {
    process.env.PATH = '/nowhere';
    const dataDir = join(open, 'copy');
    await start(dataDir, homePackage);
    assert.deepEqual((await readdir(dataDir)).sort(), [
      'db',
      'greenroom.lock',
      'postgres.log',
      `postgresql-${binaries!.version}`,
    ]);
  });

  it('says what to do when nothing works', async () => {
    process.env.PATH = '/nowhere';
    const message =
      /PostgreSQL does not run as root, no other user can reach .*\/data2, .*Run Greenroom as an ordinary user, .*DATABASE_URL/;
    await assert.rejects(start(join(home, 'data2')), { code: 'no-account', exitCode: 78, message });
  });
});

async function copyPackage(from: Binaries, to: string): Promise<void> {
  await cp(dirname(from.native), to, { recursive: true, verbatimSymlinks: true });
}

async function assertAnswers(server: EmbeddedPostgres): Promise<void> {
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('create table if not exists answers (at timestamptz)');
  await client.end();
}
