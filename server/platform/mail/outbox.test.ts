import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { createSecrets } from '../config/secrets.ts';
import { PostgresDatabase } from '../database/database.ts';
import type { DatabaseFaults } from '../database/types.ts';
import { NotFound } from '../errors.ts';
import { ManualClock } from '../testing/clock.ts';
import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { SeededRandom } from '../testing/random.ts';
import { MailFiles } from './files.ts';
import { Outbox } from './outbox.ts';
import type { MailDelivery, NewMail } from './types.ts';

let testDatabase: TestDatabase;
let folder: string;
const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
const random = new SeededRandom('mail');
const ports = { clock, random, ids: random, log: pino({ level: 'silent' }) };
const secrets = createSecrets('a secret of tests, long enough to be one');

before(async () => {
  testDatabase = await createTestDatabase({
    migrationsFolder: resolve(import.meta.dirname, '../../migrations'),
    owners: ['platform'],
  });
  folder = await mkdtemp(join(tmpdir(), 'greenroom-mail-'));
});
after(async () => {
  await testDatabase.drop();
  await rm(folder, { recursive: true });
});

/** An outbox with a folder of its own. */
function open(name: string, options: { faults?: DatabaseFaults; delivery?: MailDelivery } = {}) {
  const database = new PostgresDatabase({ ports, pool: testDatabase.pool, faults: options.faults });
  const files = new MailFiles({ folder: join(folder, name), from: 'Greenroom <no-reply@room.example>' });
  const outbox = new Outbox({ database, ports, secrets, delivery: options.delivery ?? files });
  const send = (mail: Partial<NewMail> = {}) =>
    database.transaction('test', (tx) =>
      outbox.send(tx, { kind: 'test', to: 'a@example.org', subject: 'Subject', text: 'Text', ...mail }),
    );
  const list = async () => (await readdir(join(folder, name)).catch(() => [])).sort();
  return { database, files, outbox, send, list };
}
const states = async () =>
  (await testDatabase.pool.query('select state, count(*)::int as mails from mails group by 1 order by 1')).rows;
const clear = () => testDatabase.pool.query('delete from mails');

test('PF-51: a mail goes with its transaction', async () => {
  const { database, outbox, list } = open('rolled-back');
  const refused = database.transaction('test', async (tx) => {
    await outbox.send(tx, { kind: 'test', to: 'a@example.org', subject: 's', text: 't' });
    throw new Error('rolled back');
  });
  await assert.rejects(refused, /rolled back/);
  await outbox.sweep();
  assert.deepEqual(await list(), []);
});

test('AU12: without a mail server a mail is a file that mail programs read and only we may open', async () => {
  await clear();
  const { outbox, send, list } = open('form');
  await send({
    to: 'zoë@example.org',
    subject: 'Grüße',
    text: 'Zeile eins\nLink: https://room.example/reset?code=a=b\n',
  });
  await outbox.sweep();
  const [file = ''] = await list();
  assert.match(file, /^2026-01-02T03-04-05-678Z-[0-9a-f-]{36}\.eml$/);
  const path = join(folder, 'form', file);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'form'))).mode & 0o777, 0o700);
  const text = await readFile(path, 'utf8');
  assert.match(text, /^From: Greenroom <no-reply@room\.example>$/m);
  assert.match(text, /^Subject: =\?UTF-8\?/m);
  assert.match(text, /^Date: Fri, 02 Jan 2026 03:04:05 \+0000$/m);
  assert.match(text, /^X-Greenroom-Kind: test$/m);
});

test('DESIGN 7: an address cannot add headers or receivers', async () => {
  await clear();
  const { outbox, send, list } = open('hostile');
  await send({ to: 'a@example.org, b@example.org\r\nBcc: c@example.org', subject: 'x\r\nBcc: d@example.org' });
  await outbox.sweep();
  for (const file of await list()) {
    const text = await readFile(join(folder, 'hostile', file), 'utf8');
    assert.doesNotMatch(text, /^Bcc:/m);
  }
});

test('PF-51: what a crash left waiting is delivered by the next start, once', async () => {
  await clear();
  const crashed = open('crash');
  for (let i = 0; i < 45; i++) await crashed.send({ subject: `Mail ${i}` });
  const { outbox, list } = open('crash');
  outbox.start();
  await outbox.sweep();
  await outbox.stop();
  assert.equal((await list()).length, 45);
  assert.deepEqual(await states(), [{ state: 'written', mails: 45 }]);
  await outbox.sweep();
  assert.equal((await list()).length, 45);
});

test('PF-51: a crash between file and commit writes the same file again', async () => {
  await clear();
  let crashes = true;
  const beforeCommit = (name: string) => {
    if (name === 'mail.sweep' && crashes) throw new Error('crash');
  };
  const { outbox, send, list } = open('between', { faults: { beforeCommit } });
  await send();
  await outbox.sweep();
  assert.deepEqual([(await list()).length, await states()], [1, [{ state: 'waiting', mails: 1 }]]);
  crashes = false;
  await outbox.sweep();
  assert.deepEqual([(await list()).length, await states()], [1, [{ state: 'written', mails: 1 }]]);
});

test('PF-51: several processes deliver an outbox together, each mail once', async () => {
  await clear();
  const delivered: string[] = [];
  const delivery = { deliver: async (mail: { id: string }) => void delivered.push(mail.id) };
  const processes = [open('x', { delivery }), open('y', { delivery }), open('z', { delivery })];
  await Promise.all(Array.from({ length: 60 }, () => processes[0]?.send()));
  await Promise.all(processes.map(({ outbox }) => outbox.sweep()));
  await processes[0]?.outbox.sweep();
  assert.equal(delivered.length, 60);
  assert.equal(new Set(delivered).size, 60);
});

test('PF-30: a failing mail holds up no other, is tried again, and in the end given up', async () => {
  await clear();
  const delivered: string[] = [];
  const delivery = {
    deliver: async (mail: { subject: string }) => {
      if (mail.subject === 'bad') throw new Error('disk full');
      delivered.push(mail.subject);
    },
  };
  const { outbox, send } = open('failing', { delivery });
  await send({ subject: 'bad' });
  clock.advance(1);
  await send({ subject: 'good' });
  await outbox.sweep();
  assert.deepEqual(delivered, ['good']);
  assert.deepEqual(await states(), [
    { state: 'waiting', mails: 1 },
    { state: 'written', mails: 1 },
  ]);
  for (let i = 0; i < 19; i++) await outbox.sweep();
  assert.deepEqual(await states(), [
    { state: 'failed', mails: 1 },
    { state: 'written', mails: 1 },
  ]);
});

test('PF-51: a running outbox delivers after the commit, and looks again later by itself', async () => {
  await clear();
  const waiting = new Map<string, () => void>();
  const arrived = (subject: string) => new Promise<void>((done) => waiting.set(subject, done));
  const delivery = { deliver: async (mail: { subject: string }) => waiting.get(mail.subject)?.() };
  const { outbox, send } = open('running', { delivery });
  outbox.start();
  const first = arrived('at once');
  await send({ subject: 'at once' });
  await first;
  await outbox.sweep();
  const other = open('elsewhere', { delivery });
  const later = arrived('from elsewhere');
  await other.send({ subject: 'from elsewhere' });
  clock.advance(30_000);
  await later;
  await outbox.stop();
});

test('PF-02: the operator reads a mail with its text; at rest the text is encrypted', async () => {
  await clear();
  const { database, outbox, send } = open('reading');
  await send({ text: 'the code is 4711' });
  const [row] = await database.query<{ id: string; line: string }>('select id, m::text as line from mails m');
  assert.ok(row && !row.line.includes('4711'));
  assert.deepEqual((await outbox.read(database, row.id)).text, 'the code is 4711');
  await assert.rejects(outbox.read(database, '00000000-0000-4000-8000-000000000000'), NotFound);
});
