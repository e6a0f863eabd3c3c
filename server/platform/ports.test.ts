import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { asset } from './config/asset.ts';

/** Where the real clock, randomness and identifiers come in. */
const SOURCES_OF_PORTS = ['server/platform/clock.ts', 'server/platform/system-ports.ts'];
/** Parts that concern this machine or process and no installation's clock: the child PostgreSQL, its key file, locks on the data folder. */
const OF_THE_MACHINE = [
  'server/platform/database/embedded',
  'server/platform/config/secret-key.ts',
  'server/platform/testing/',
  'server/commands/',
];
/** Nonces and salts that a seed must never repeat. */
const NEVER_SEEDED = ['server/platform/config/secrets.ts', 'server/platform/accounts/passwords.ts'];
const FORBIDDEN = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/;

test('PF-33: time, randomness and identifiers come from ports', () => {
  const wrong: string[] = [];
  for (const file of globSync('server/**/*.ts', { cwd: asset('') })) {
    const isTest = /\.test\.ts$|\/testing|fixture|test-kit|-process\.ts$|simulation\//.test(file);
    if (isTest || [...SOURCES_OF_PORTS, ...OF_THE_MACHINE, ...NEVER_SEEDED].some((path) => file.startsWith(path)))
      continue;
    readFileSync(asset(file), 'utf8')
      .split('\n')
      .forEach((line, i) => {
        if (FORBIDDEN.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line)) wrong.push(`${file}:${i + 1}: ${line.trim()}`);
      });
  }
  assert.deepEqual(wrong, []);
});
