import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import pg from 'pg';
import { findBinaries } from './embedded/binaries.ts';
import { readPostmasterFile } from './embedded/postmaster-file.ts';
import { isRunning, startOf } from './embedded/process-identity.ts';
import {
  type EmbeddedConnection,
  type EmbeddedOptions,
  type EmbeddedPostgres,
  findEmbeddedPostgres,
  startEmbeddedPostgres,
} from './embedded.ts';

const noBinaries = await findBinaries().then(
  () => false as const,
  (error: Error) => error.message,
);

describe('the embedded PostgreSQL', { skip: noBinaries }, () => {
  let scratch: string;
  let dataDir: string;
  const started: { stop(): Promise<unknown> }[] = [];
  before(async () => {
    scratch = await mkdtemp(join(await realpath(tmpdir()), 'embedded-'));
    // Blanks, an umlaut, and longer than the path of a socket may be.
    dataDir = join(scratch, `data of Zoë's ${'long '.repeat(24)}`, 'data');
    await mkdir(dataDir, { recursive: true });
  });
  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one.stop();
  });
  after(() => rm(scratch, { recursive: true }));

  async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres & { messages: Message[] }> {
    const messages: Message[] = [];
    const note = (fields: object, text: string) => messages.push({ fields, text });
    const server = await startEmbeddedPostgres({ dataDir, log: { info: note, warn: note, error: note }, ...options });
    started.push(server);
    return Object.assign(server, { messages });
  }

  /** Another process that starts PostgreSQL on the same folder, and stops it when told to. */
  async function startElsewhere(): Promise<Owner> {
    const owner = await runOwner(dataDir);
    started.push({ stop: () => owner.end() });
    return owner;
  }

  it('starts durable, private and on the built-in locale, and keeps what was written', async () => {
    const first = await start();
    assert.equal(first.state(), 'up');
    await ask(first.connection, 'create table kept (id int primary key)');
    await ask(first.connection, 'insert into kept values (7)');
    const settings = await ask(
      first.connection,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit, current_setting('listen_addresses') as tcp,
              current_setting('data_checksums') as checksums, current_setting('max_connections') as connections, current_user as user,
              datlocprovider as provider, datlocale as locale, pg_encoding_to_char(encoding) as encoding
       from pg_database where datname = current_database()`,
    );
    const expected = {
      fsync: 'on',
      commit: 'on',
      tcp: '',
      checksums: 'on',
      connections: '60',
      user: 'greenroom',
      provider: 'b',
      locale: 'C.UTF-8',
      encoding: 'UTF8',
    };
    assert.deepEqual(settings, [expected]);
    assert.equal((await stat(first.connection.host)).mode & 0o777, 0o700);
    assert.equal((await stat(join(dataDir, 'db'))).mode & 0o777, 0o700);
    await first.stop();
    assert.equal(await startOf(first.pid), undefined);
    await assert.rejects(stat(first.connection.host), { code: 'ENOENT' });

    const second = await start({ maxConnections: 20 });
    assert.deepEqual(await ask(second.connection, 'select id from kept'), [{ id: 7 }]);
    assert.deepEqual(await ask(second.connection, `select current_setting('max_connections') as max`), [{ max: '20' }]);
    await second.stop();
    await second.stop();
    assert.deepEqual((await readdir(dataDir)).sort(), ['db', 'postgres.log']);
  });

  it('keeps statements and values out of its log', async () => {
    const server = await start();
    await assert.rejects(ask(server.connection, `select 'sesame-1'::int`));
    await ask(server.connection, 'create table secrets (word text primary key)');
    for (const accepted of [true, false]) {
      const insert = ask(server.connection, `insert into secrets values ('sesame-2')`);
      await (accepted ? insert : assert.rejects(insert));
    }
    assert.doesNotMatch(await readFile(join(dataDir, 'postgres.log'), 'utf8'), /sesame|secrets/);
  });

  it('says that it died, restarts, and is reached at the same place (PF-51)', async () => {
    const down = Promise.withResolvers<string>();
    const up = Promise.withResolvers<void>();
    const server = await start({ onDown: down.resolve, onUp: up.resolve });
    await ask(server.connection, 'create table survivors as select 1 as id');
    const victim = server.pid;
    process.kill(victim, 'SIGKILL');
    assert.match(await down.promise, /SIGKILL/);
    await up.promise;
    assert.notEqual(server.pid, victim);
    assert.equal(server.state(), 'up');
    assert.deepEqual(await ask(server.connection, 'select id from survivors'), [{ id: 1 }]);
  });

  it('takes its owner lock again after losing only its session', async () => {
    const up = Promise.withResolvers<void>();
    const server = await start({ onUp: up.resolve });
    const owners = `select pid from pg_stat_activity where application_name like 'greenroom owner %'`;
    const before = server.pid;
    await ask(server.connection, `select pg_terminate_backend(pid) from (${owners}) o`);
    await up.promise;
    assert.equal(server.pid, before);
    assert.equal(
      (await ask(server.connection, `select from pg_locks where locktype = 'advisory' and pid in (${owners})`)).length,
      1,
    );
  });

  it('can be stopped while the server is down', async () => {
    const down = Promise.withResolvers<string>();
    const server = await start({ onDown: down.resolve });
    process.kill(server.pid, 'SIGKILL');
    await down.promise;
    assert.equal(server.state(), 'down');
    await server.stop();
    assert.equal(server.state(), 'stopping');
    await start();
  });

  it('refuses a second owner, naming the first, while commands find the running server', async () => {
    const first = await startElsewhere();
    const refusal = { name: 'EmbeddedPostgresError', code: 'already-running', exitCode: 75 };
    await assert.rejects(start(), { ...refusal, message: new RegExp(`\\(process ${first.process.pid}\\)`) });
    // Without its lock file, the session inside PostgreSQL still tells.
    await unlink(join(dataDir, 'greenroom.lock'));
    await assert.rejects(start(), { ...refusal, message: new RegExp(`\\(process ${first.process.pid}\\)`) });

    const found = await findEmbeddedPostgres(dataDir);
    assert.deepEqual(found, first.connection);
    assert.deepEqual(await ask(found!, 'select 1 as one'), [{ one: 1 }]);
    await first.end();
    assert.equal(await findEmbeddedPostgres(dataDir), undefined);
  });

  it('stops the PostgreSQL that a killed owner left over, then starts anew', async () => {
    const killed = await startElsewhere();
    await ask(killed.connection, 'create table left_over as select 3 as id');
    killed.process.kill('SIGKILL');
    await killed.ended;
    assert.notEqual(await startOf(killed.serverPid), undefined);

    const server = await start();
    assert.ok(server.messages.some(({ fields }) => (fields as { pid?: number }).pid === killed.serverPid));
    assert.equal(await startOf(killed.serverPid), undefined);
    await assert.rejects(stat(killed.connection.host), { code: 'ENOENT' });
    assert.deepEqual(await ask(server.connection, 'select id from left_over'), [{ id: 3 }]);
  });

  it('lets one of several starters win, also over a left-over server', async () => {
    const killed = await startElsewhere();
    killed.process.kill('SIGKILL');
    await killed.ended;
    const starts = await Promise.allSettled(Array.from({ length: 4 }, () => runOwner(dataDir)));
    const winners = starts.filter((one) => one.status === 'fulfilled').map((one) => one.value);
    const refusals = starts.filter((one) => one.status === 'rejected').map((one) => String(one.reason));
    for (const winner of winners) started.push({ stop: () => winner.end() });
    assert.equal(winners.length, 1);
    for (const refusal of refusals) assert.match(refusal, /already-running/);
    assert.deepEqual(await ask(winners[0]!.connection, 'select 1 as one'), [{ one: 1 }]);
  });

  it('ends the server when its process exits without stopping it', async () => {
    const owner = await runOwner(dataDir, 'process.exit(3)');
    const server = { pid: owner.serverPid, startedAt: (await startOf(owner.serverPid)) ?? '' };
    assert.equal(await owner.end(), 3);
    const next = await start();
    assert.equal(await isRunning(server), false);
    assert.equal(next.state(), 'up');
  });

  it('is not stopped by a stale postmaster.pid, and stops nobody else for it', async () => {
    await (await start()).stop();
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    started.push({ stop: async () => void bystander.kill() });
    await writeFile(
      join(dataDir, 'db/postmaster.pid'),
      `${bystander.pid}\n${join(dataDir, 'db')}\n1\n5432\n/tmp\n\n  0 0\nready\n`,
    );
    assert.equal(await findEmbeddedPostgres(dataDir), undefined);
    const server = await start();
    assert.equal((await readPostmasterFile(join(dataDir, 'db')))?.pid, server.pid);
    assert.notEqual(await startOf(bystander.pid!), undefined);
  });

  it('does not start beside a PostgreSQL of another container', { skip: process.platform !== 'linux' }, async () => {
    await (await start()).stop();
    // What such a server shows of itself here: nothing but the lock of the kernel on its folder.
    const other = spawn('flock', [join(dataDir, 'db'), 'sh', '-c', 'echo locked; exec sleep 600'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push({ stop: async () => void process.kill(-other.pid!) });
    await once(other.stdout, 'data');
    await assert.rejects(start(), { code: 'already-running', message: /another container/ });
  });

  it('names the release to run backup with on a folder of another PostgreSQL (PF-50)', async () => {
    const old = join(scratch, 'old');
    await (await start({ dataDir: old, release: '0.9.3' })).stop();
    await writeFile(join(old, 'db/PG_VERSION'), '17\n');
    const message =
      /of PostgreSQL 17, this Greenroom brings PostgreSQL 18\. Run "greenroom backup FILE" with Greenroom 0\.9\.3,/;
    await assert.rejects(start({ dataDir: old }), { code: 'other-major', exitCode: 78, message });
  });

  it('points to DATABASE_URL where the binaries do not run (Alpine)', async () => {
    const packageRoot = join(scratch, 'foreign');
    await mkdir(join(packageRoot, 'native/bin'), { recursive: true });
    await writeFile(join(packageRoot, 'package.json'), '{"version":"18.4.0"}');
    for (const name of ['postgres', 'initdb'])
      await writeFile(join(packageRoot, 'native/bin', name), '#!/no/such/loader');
    const refused = start({ dataDir: join(scratch, 'alpine'), packageRoot });
    await assert.rejects(refused, { code: 'unsupported-platform', exitCode: 78, message: /ENOENT.*Set DATABASE_URL/ });
  });

  it('says what is wrong with a folder that it cannot use', async () => {
    const busy = join(scratch, 'busy');
    await mkdir(join(busy, 'db'), { recursive: true });
    await copyFile(import.meta.filename, join(busy, 'db/notes.ts'));
    await assert.rejects(start({ dataDir: busy }), {
      code: 'unusable-folder',
      message: /holds files, but no PostgreSQL/,
    });
    await writeFile(join(scratch, 'file'), '');
    await assert.rejects(start({ dataDir: join(scratch, 'file/data') }), {
      code: 'unusable-folder',
      exitCode: 78,
      message: /set another DATA_DIR/,
    });
    assert.deepEqual(await readdir(busy), ['db']);
  });
});

interface Message {
  fields: object;
  text: string;
}

interface Owner {
  process: ChildProcess;
  serverPid: number;
  connection: EmbeddedConnection;
  ended: Promise<unknown>;
  /** Tells the process to end in its way, and tells its exit code. */
  end(): Promise<number | null>;
}

/** Runs a process that owns a PostgreSQL until its input ends, then does `last`. */
async function runOwner(dataDir: string, last = 'await server.stop()'): Promise<Owner> {
  const code = `
    import { startEmbeddedPostgres } from ${JSON.stringify(join(import.meta.dirname, 'embedded.ts'))};
    const quiet = () => undefined;
    try {
      const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: { info: quiet, warn: quiet, error: quiet } });
      console.log(JSON.stringify({ serverPid: server.pid, connection: server.connection }));
      for await (const _ of process.stdin);
      ${last};
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const said = JSON.parse(String((await once(child.stdout, 'data'))[0])) as Pick<Owner, 'serverPid' | 'connection'> & {
    code?: string;
    message: string;
  };
  if (said.code !== undefined) {
    await ended;
    throw new Error(`${said.code}: ${said.message}`);
  }
  const end = async () => {
    child.stdin.end();
    await ended;
    return child.exitCode;
  };
  return { process: child, serverPid: said.serverPid, connection: said.connection, ended, end };
}

async function ask(connection: EmbeddedConnection, sql: string): Promise<object[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
