import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, readFile, readlink, realpath, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Binaries, binariesOf, copyBinaries, findBinaries, prepareBinaries } from './binaries.ts';

const installed = await findBinaries().catch(() => undefined);
const skip = installed === undefined && 'no PostgreSQL is packaged for this platform';

describe('the packaged binaries', { skip }, () => {
  let scratch: string;
  before(async () => {
    scratch = await mkdtemp(join(await realpath(tmpdir()), 'binaries-'));
  });
  after(() => rm(scratch, { recursive: true }));

  /** The package as `npm ci --ignore-scripts` leaves it, or worse: no symbolic links, no executable bits. */
  async function bareCopy(name: string): Promise<Binaries> {
    const root = join(scratch, name);
    await cp(dirname(installed!.native), root, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !file.includes(`${sep}share${sep}`),
    });
    for (const { target } of await listedLinks(root)) await unlink(join(root, target)).catch(() => undefined);
    const binaries = await binariesOf(root);
    for (const file of [binaries.postgres, binaries.initdb]) await chmod(file, 0o644);
    return binaries;
  }

  it('are made runnable as their own install script would have, as often as one likes', async () => {
    const binaries = await bareCopy('bare');
    await assert.rejects(versionOf(binaries));
    await Promise.all([prepareBinaries(binaries, scratch), prepareBinaries(binaries, scratch)]);
    assert.equal(await prepareBinaries(binaries, scratch), binaries);
    assert.match(await versionOf(binaries), new RegExp(`\\(PostgreSQL\\) ${binaries.version}`));
    const root = dirname(binaries.native);
    for (const { source, target } of await listedLinks(root)) {
      assert.equal((await lstat(join(root, target))).isSymbolicLink(), true);
      assert.equal((await stat(join(root, target))).ino, (await stat(join(root, source))).ino);
      assert.ok(!(await readlink(join(root, target))).startsWith('/'), 'the links survive a move of the whole folder');
    }
  });

  it('are copied into the data folder when they cannot be changed', {
    skip: process.getuid?.() === 0 && 'root may change all files',
  }, async () => {
    const binaries = await bareCopy('fixed');
    await chmod(join(binaries.native, 'lib'), 0o555);
    const usable = await prepareBinaries(binaries, scratch);
    await chmod(join(binaries.native, 'lib'), 0o755);
    assert.equal(usable.native, join(scratch, `postgresql-${binaries.version}`));
    assert.match(await versionOf(usable), /PostgreSQL/);
  });

  it('are copied once, whole, without what only linking needs', async () => {
    const binaries = await bareCopy('source');
    await chmod(binaries.native, 0o700);
    const [first, second] = await Promise.all([copyBinaries(binaries, scratch), copyBinaries(binaries, scratch)]);
    assert.deepEqual(first, second);
    assert.match(await versionOf(first), /PostgreSQL/);
    await assert.rejects(stat(join(first.native, 'lib/libpq.a')), { code: 'ENOENT' });
    await writeFile(join(first.native, 'mark'), '');
    await copyBinaries(binaries, scratch);
    await stat(join(first.native, 'mark'));
    for (const path of ['.', 'bin/postgres', 'lib'])
      assert.equal((await stat(join(first.native, path))).mode & 0o777, 0o755);
  });
});

describe('the binaries of a platform that has none', () => {
  it('are missed with a message that names the way out', async () => {
    const code = `
      Object.defineProperty(process, 'arch', { value: 'riscv64' });
      const { findBinaries } = await import(${JSON.stringify(join(import.meta.dirname, 'binaries.ts'))});
      await findBinaries().catch((error) => console.log(error.code, error.exitCode, error.message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
    assert.match(stdout, /^unsupported-platform 78 .*riscv64.*Set DATABASE_URL/);
  });
});

async function listedLinks(root: string): Promise<{ source: string; target: string }[]> {
  return JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
}

async function versionOf(binaries: Binaries): Promise<string> {
  return (await promisify(execFile)(binaries.postgres, ['--version'])).stdout;
}
