// A newcomer's first minutes (DESIGN 3.2): a fresh copy of the repository in a folder that only its owner may enter, an empty npm cache and
// whatever Node is on PATH; `npm ci`, `npm start`, and some of `npm test`. Run as root it is the case "root in a 0700 home".

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from './smoke/commands.ts';
import { messageOf, smoke } from './smoke/running.ts';

const ROOT = join(import.meta.dirname, '..');
/** Settings of the person who runs this must not help the newcomer. */
const FORGOTTEN = /^(GREENROOM_|DATABASE_URL$|REDIS_URL$|npm_(?!config_registry)|NODE_)/;

/** Copies what is, or would be, committed. */
function copyRepository(target: string): void {
  const listed = runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT });
  for (const path of listed.split('\0').filter((entry) => entry !== '')) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    // A file that is deleted but not yet committed as such is still listed.
    cpSync(join(ROOT, path), join(target, path), { force: true });
  }
}

const home = mkdtempSync(join(tmpdir(), 'greenroom-newcomer-'));
chmodSync(home, 0o700);
try {
  const cwd = join(home, 'greenroom');
  copyRepository(cwd);
  const kept = Object.entries(process.env).filter(([key]) => !FORGOTTEN.test(key));
  const env = { ...Object.fromEntries(kept), npm_config_cache: join(home, 'npm-cache') };
  const node = execFileSync('node', ['--version'], { env, encoding: 'utf8' }).trim();
  process.stdout.write(`Node on PATH: ${node}${process.getuid?.() === 0 ? '; as root' : ''}\n`);
  runCommand('npm', ['ci'], { cwd, env });
  await smoke('npm', ['start'], { cwd, env });
  const tests = runCommand('npm', ['test', '--', '--only', 'embedded', 'bin/', 'platform/database/'], { cwd, env });
  const [, passed] = /(\d+) passed, 0 failed(?:, \d+ skipped)?\s*$/.exec(tests) ?? [];
  if (passed === undefined) throw new Error(`npm test said:\n${tests}`);
  process.stdout.write(`${Number(passed) + 2} passed, 0 failed\n`);
} catch (error) {
  process.stdout.write(`${messageOf(error)}\n0 passed, 1 failed\n`);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true, force: true });
}
