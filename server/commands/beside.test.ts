import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { predictions } from '../modules/predictions/module.ts';
import { asset } from '../platform/config/asset.ts';
import { loadSettings } from '../platform/config/settings.ts';
import { createPlatform, type Platform } from '../platform/platform.ts';
import { type RunningServer, startServer } from '../platform/server.ts';
import { systemPorts } from '../platform/system-ports.ts';

const PASSWORD = 'correct horse battery';
const MATCHES = {
  name: 'Cup 2026',
  matches: [
    {
      team1: 'Chile',
      team2: 'Peru',
      score: { ft: [1, 1] },
      goals1: [{ name: 'Vidal', minute: '90+3' }],
      goals2: [{ name: 'Vidal', minute: 9, owngoal: true }],
    },
  ],
};

describe('commands beside a running server on its embedded database', () => {
  let folder: string;
  let platform: Platform;
  let server: RunningServer;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
    writeFileSync(join(folder, 'cup.json'), JSON.stringify(MATCHES));
    const outcome = loadSettings({
      env: { DATA_DIR: join(folder, 'data'), PORT: '0' },
      modules: { predictions: predictions.settings },
    });
    assert.ok(outcome.ok);
    platform = await createPlatform({
      settings: outcome.settings.platform,
      version: 'test',
      ports: systemPorts(pino({ level: process.env.TEST_LOG ?? 'silent' })),
      migrationOwners: ['platform', 'predictions'],
      overrides: { metricsOfProcess: false },
    });
    server = await startServer(platform, outcome.settings, [predictions]);
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the command line as an operator would. */
  async function greenroom(args: readonly string[], options: { input?: string; dataDir?: string } = {}) {
    const env = { PATH: process.env.PATH, DATA_DIR: options.dataDir ?? join(folder, 'data'), LOG_LEVEL: 'warn' };
    const child = spawn(process.execPath, [asset('server/main.ts'), ...args], { cwd: folder, env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stdin.end(options.input ?? '');
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    return { code, output };
  }

  async function login(username: string, password: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${server.address.port}/r/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    return response.status;
  }

  it('admin create makes an operator who can sign in at once', async () => {
    const made = await greenroom(['admin', 'create', 'boss', 'boss@example.org'], { input: `${PASSWORD}\n` });
    assert.deepEqual([made.code, made.output.includes('boss may do everything now')], [0, true], made.output);
    assert.equal(await login('boss', PASSWORD), 200);
    const again = await greenroom(['admin', 'create', 'boss', 'other@example.org', '--password', PASSWORD]);
    assert.deepEqual([again.code, /taken/.test(again.output)], [1, true], again.output);
  });

  it('admin create refuses what is no account, and says how it is used', async () => {
    const [bare, short, silent] = await Promise.all([
      greenroom(['admin', 'create', 'boss']),
      greenroom(['admin', 'create', 'second', 'second@example.org', '--password', 'short']),
      greenroom(['admin', 'create', 'second', 'second@example.org']),
    ]);
    assert.equal(bare.code, 64);
    assert.deepEqual([short.code, /8 to 128/.test(short.output)], [1, true], short.output);
    assert.deepEqual([silent.code, /no password was given/.test(silent.output)], [1, true], silent.output);
  });

  it('feed replays a match into the running server, once', async () => {
    const asked = ['feed', 'cup.json', '--format', 'openfootball', '--speed', '100000'];
    const first = await greenroom(asked);
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /3 events registered, 0 known already, 0 rejected\nthe game is closed/);
    const rows = await platform.database.query<{ target_id: string; state: string }>(
      `select e.target_id, g.state from predictions_events e join predictions_games g on g.id = e.game_id
       join predictions_sources s on s.id = g.source_id where g.name = 'Chile - Peru' and s.name = 'Cup 2026' order by e.log_seq`,
    );
    assert.deepEqual(
      rows.map((row) => row.target_id),
      ['peru:own-goal', 'chile:vidal', 'none'],
    );
    assert.ok(rows.every((row) => row.state === 'closed'));
    const second = await greenroom(asked);
    assert.match(second.output, /0 events registered, 3 known already, 0 rejected/);
  });

  it('feed says what is wrong with a file, a format or a folder', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const [bare, still, formless, other, missing, lost] = await Promise.all([
      greenroom(['feed']),
      greenroom(['feed', 'cup.json', '--format', 'openfootball', '--speed', '0']),
      greenroom(['feed', 'cup.json']),
      greenroom(['feed', 'cup.json', '--format', 'greenroom']),
      greenroom(['feed', 'none.json', '--format', 'greenroom']),
      greenroom(['feed', 'cup.json', '--format', 'openfootball'], { dataDir: elsewhere }),
    ]);
    assert.deepEqual([bare.code, still.code], [64, 64]);
    assert.match(formless.output, /say which format/);
    assert.match(other.output, /the document must have required properties format/);
    assert.match(missing.output, /no such file/);
    assert.match(lost.output, /no server runs on/);
    assert.ok([formless, other, missing, lost].every(({ code }) => code === 1));
    assert.ok(!existsSync(elsewhere), 'nothing was made');
  });
});
