import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { lockFolder } from './folder-lock.ts';
import { isRunning, ownIdentity, startOf } from './process-identity.ts';

describe('the lock of a data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is held by one, names its owner, and leaves nothing behind', async () => {
    const lock = await lockFolder(folder);
    await assert.rejects(lockFolder(folder), {
      code: 'already-running',
      message: new RegExp(`\\(process ${process.pid}\\)`),
    });
    lock.release();
    lock.release();
    assert.deepEqual(await readdir(folder), []);
    (await lockFolder(folder)).release();
  });

  for (const [story, content] of [
    ['a killed owner', () => deadHolder()],
    [
      'an owner whose pid now belongs to another process',
      async () => holder({ ...(await ownIdentity()), startedAt: '0.1' }),
    ],
    ['a power cut while it was written', async () => '{"pid":'],
  ] as const) {
    it(`is taken over from ${story}`, async () => {
      await writeFile(join(folder, 'greenroom.lock'), await content());
      const lock = await lockFolder(folder);
      assert.equal(JSON.parse(await readFile(join(folder, 'greenroom.lock'), 'utf8')).pid, process.pid);
      assert.deepEqual(await readdir(folder), ['greenroom.lock']);
      lock.release();
    });
  }

  it('is taken over from one that was killed while taking it over', async () => {
    const [first, second] = [await deadHolder(), await deadHolder()];
    await writeFile(join(folder, 'greenroom.lock'), first);
    await writeFile(join(folder, `greenroom.lock.${JSON.parse(first).token}`), second);
    const lock = await lockFolder(folder);
    assert.deepEqual(await readdir(folder), ['greenroom.lock']);
    lock.release();
  });

  it('is not released by one who lost it', async () => {
    const lock = await lockFolder(folder);
    const other = await deadHolder();
    await writeFile(join(folder, 'greenroom.lock'), other);
    lock.release();
    assert.equal(await readFile(join(folder, 'greenroom.lock'), 'utf8'), other);
  });

  it('goes to exactly one of many who take over a dead lock at the same instant', async () => {
    for (let round = 0; round < 25; round++) {
      await writeFile(join(folder, 'greenroom.lock'), await deadHolder());
      const tries = await Promise.allSettled(Array.from({ length: 16 }, () => lockFolder(folder)));
      const won = tries.filter((one) => one.status === 'fulfilled');
      assert.equal(won.length, 1, `round ${round}`);
      won[0]!.value.release();
      assert.deepEqual(await readdir(folder), []);
    }
  });
});

describe('a process', () => {
  it('is told from a later one with the same pid, and from a zombie', async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => undefined, 1000)']);
    await once(child.stdout, 'data');
    const identity = { pid: child.pid!, startedAt: (await startOf(child.pid!)) ?? '' };
    assert.equal(await isRunning(identity), true);
    assert.equal(await isRunning({ ...identity, startedAt: '0.1' }), false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await isRunning(identity), false);
  });
});

/** The content of a lock whose owner has ended. */
async function deadHolder(): Promise<string> {
  const ended = promisify(execFile)('true');
  await ended;
  return holder({ pid: ended.child.pid!, startedAt: '0.1' });
}

function holder(identity: { pid: number; startedAt: string }): string {
  return JSON.stringify({ pid: identity.pid, startedAt: identity.startedAt, token: crypto.randomUUID() });
}
