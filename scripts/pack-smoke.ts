// Packs the package, installs it into an empty folder and starts it there, as its users do (DESIGN 3: smoke tests run once against it).

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './smoke/commands.ts';
import { messageOf, smoke } from './smoke/running.ts';

const ROOT = join(import.meta.dirname, '..');

/** @returns the path of the package file. */
function pack(scratch: string): string {
  runCommand('npm', ['pack', '--pack-destination', scratch], { cwd: ROOT });
  const name = readdirSync(scratch).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack made no package');
  return join(scratch, name);
}

/** @returns the folder that the package was installed into. */
function install(scratch: string, packageFile: string): string {
  const folder = join(scratch, 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  runCommand('npm', ['install', ...options, packageFile], { cwd: folder });
  return folder;
}

const scratch = mkdtempSync(join(tmpdir(), 'greenroom-pack-'));
chmodSync(scratch, 0o755);
try {
  const folder = install(scratch, pack(scratch));
  const env = { PATH: process.env.PATH, HOME: folder };
  await smoke(join(folder, 'node_modules/.bin/greenroom'), ['start'], { cwd: folder, env });
  process.stdout.write('1 passed, 0 failed\n');
} catch (error) {
  process.stdout.write(`${messageOf(error)}\n0 passed, 1 failed\n`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
