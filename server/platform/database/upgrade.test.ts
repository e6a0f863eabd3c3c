import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { loadSettings } from '../config/settings.ts';
import { StartFault } from '../config/start-fault.ts';
import { systemPorts } from '../system-ports.ts';
import { findEmbeddedPostgres } from './embedded.ts';
import type { Migration } from './migrate.ts';
import { type OpenCurrentOptions, openCurrent } from './upgrade.ts';

const migration = (number: number, sql: string): Migration => ({
  owner: 'x',
  number,
  name: `m${number}`,
  sql,
  checksum: sql,
});
const FIRST = migration(1, 'create table kept (id int); insert into kept values (7)');
const SECOND = migration(2, 'drop table kept');
const THIRD = migration(3, 'create table more (id int)');

describe('an upgrade of the embedded database', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const open = (migrations: readonly Migration[], more: Partial<OpenCurrentOptions> = {}) => {
    const outcome = loadSettings({ env: { DATA_DIR: join(folder, 'data') } });
    assert.ok(outcome.ok);
    const settings = { ...outcome.settings.platform, ...more.settings };
    const ports = systemPorts(pino({ level: 'silent' }));
    return openCurrent({
      ports,
      version: 'test',
      onEvents: () => undefined,
      attached: false,
      migrations,
      ...more,
      settings,
    });
  };
  const copies = () => readdirSync(join(folder, 'data', 'before-upgrade'));

  it('PF-50: is preceded by a copy, with which one can go back', async () => {
    await (await open([FIRST])).close();
    await (await open([FIRST])).close();
    assert.deepEqual(
      readdirSync(join(folder, 'data')).includes('before-upgrade'),
      false,
      'a new database and a plain start copy nothing',
    );

    const upgraded = await open([FIRST, SECOND]);
    await assert.rejects(upgraded.database.query('select from kept'));
    await upgraded.close();
    assert.equal(copies().length, 1);

    rmSync(join(folder, 'data', 'db'), { recursive: true });
    renameSync(join(folder, 'data', 'before-upgrade', copies()[0]!), join(folder, 'data', 'db'));
    const back = await open([FIRST]);
    assert.deepEqual(await back.database.query('select id from kept'), [{ id: 7 }]);
    await back.close();
  });

  it('PF-50: keeps the newest two copies', async () => {
    const all = [
      FIRST,
      SECOND,
      THIRD,
      migration(4, 'create table four (id int)'),
      migration(5, 'create table five (id int)'),
    ];
    for (const last of [2, 3, 4, 5]) await (await open(all.slice(0, last))).close();
    assert.equal(copies().length, 2);
  });

  it('PF-50: is not made by a command beside a server that runs', async () => {
    const running = await open([
      FIRST,
      SECOND,
      THIRD,
      migration(4, 'create table four (id int)'),
      migration(5, 'create table five (id int)'),
    ]);
    try {
      const found = await findEmbeddedPostgres(join(folder, 'data'));
      assert.ok(found);
      const DATABASE_URL = `postgresql://${found.user}@localhost:${found.port}/${found.database}?host=${encodeURIComponent(found.host)}`;
      const settings = { DATABASE_URL, DATABASE_POOL: 2, DATA_DIR: join(folder, 'data') };
      const newer = [
        FIRST,
        SECOND,
        THIRD,
        migration(4, 'create table four (id int)'),
        migration(5, 'create table five (id int)'),
        migration(6, 'select 1'),
      ];
      await assert.rejects(
        open(newer, { settings, attached: true }),
        (error) => error instanceof StartFault && /stop it/.test(error.message),
      );
    } finally {
      await running.close();
    }
  });
});
