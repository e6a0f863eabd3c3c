import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { pino } from 'pino';
import { createTestCore, type TestCore } from '../testing/core.ts';
import { type Migration, MigrationFault, migrate, pendingMigrations, readMigrations } from './migrate.ts';

const log = pino({ level: 'silent' });

async function withFolder(
  fn: (core: TestCore, write: (file: string, sql: string) => void, read: () => Migration[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  mkdirSync(join(folder, 'extra'));
  const core = await createTestCore();
  try {
    await fn(
      core,
      (file, sql) => writeFileSync(join(folder, 'extra', file), sql),
      () => readMigrations(folder, ['extra']),
    );
  } finally {
    await core.close();
    rmSync(folder, { recursive: true });
  }
}

test('PF-50: migrations run once each, in order, also when several processes start at once', async () => {
  await withFolder(async (core, write, read) => {
    write('0001_first.sql', 'create table first (n int)');
    write('0002_second.sql', 'alter table first add column m int');
    assert.equal((await pendingMigrations(core.database, read())).length, 2);
    const applied = await Promise.all([1, 2, 3].map(() => migrate(core.database, read(), log, 1)));
    assert.deepEqual(
      applied.flat().map((one) => one.number),
      [1, 2],
    );
    assert.equal((await pendingMigrations(core.database, read())).length, 0);
  });
});

test('PF-50: a migration that fails leaves nothing behind and is told by name', async () => {
  await withFolder(async (core, write, read) => {
    write('0001_good.sql', 'create table good (n int)');
    write('0002_bad.sql', 'create table half (n int); select 1/0');
    await assert.rejects(migrate(core.database, read(), log, 1), /extra\/2 \(bad\) failed/);
    const [row] = await core.database.query<{ good: boolean; half: boolean }>(
      `select to_regclass('good') is not null as good, to_regclass('half') is not null as half`,
    );
    assert.deepEqual(row, { good: true, half: false });
  });
});

test('PF-50: a schema newer than the program, or one whose files were changed, is refused', async () => {
  await withFolder(async (core, write, read) => {
    write('0001_first.sql', 'create table first (n int)');
    write('0002_second.sql', 'create table second (n int)');
    await migrate(core.database, read(), log, 1);
    await assert.rejects(
      migrate(core.database, read().slice(0, 1), log, 1),
      (error) =>
        error instanceof MigrationFault && /newer than this program: it has extra\/2 \(second\)/.test(error.message),
    );
    write('0001_first.sql', 'create table first (n bigint)');
    await assert.rejects(
      migrate(core.database, read(), log, 1),
      (error) => error instanceof MigrationFault && /was changed after it was applied/.test(error.message),
    );
  });
});
