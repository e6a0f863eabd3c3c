// `npm run mutate [-- FILE ...]`: changes the rules in small ways and counts how many of the changes a test notices. At least 80% must be.
// Whole rules take long; a file named (part of its path) is mutated alone. Results of unchanged files are kept from run to run.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const RULES = 'server/modules/*/rules/*.ts';
const NOT_MUTATED = /\.test\.ts$|\/testing\.ts$/;

const asked = process.argv.slice(2);
const files = globSync(RULES, { cwd: ROOT }).filter(
  (file) => !NOT_MUTATED.test(file) && asked.some((part) => file.includes(part)),
);
if (asked.length > 0 && files.length === 0) {
  process.stderr.write(`mutate: no file of ${RULES} has ${asked.join(' or ')} in its path\n`);
  process.exit(64);
}

const stryker = join(
  dirname(createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json')),
  'bin/stryker.js',
);
const args = [stryker, 'run', 'stryker.config.json', ...(files.length > 0 ? ['--mutate', files.join(',')] : [])];
// The runner starts tests with the first `node` of PATH: it must be one that runs TypeScript.
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
process.exitCode = status ?? 1;
