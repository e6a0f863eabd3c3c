import assert from 'node:assert/strict';
import { dirname, relative } from 'node:path';
import { test } from 'node:test';
import { wrongImports } from './arrows.ts';
import type { Source } from './source.ts';

/** A file that imports one other file, or a package. */
function importing(path: string, what: string, typeOnly = false): Source {
  const isPackage = !what.includes('/');
  const specifier = isPackage ? what : `./${relative(dirname(path), what)}`;
  const imports = [{ specifier, file: isPackage ? undefined : what, typeOnly }];
  return { path, text: '', program: { type: 'Program', start: 0, end: 0 }, comments: [], imports };
}

const DRAWS = 'server/modules/draws/service.ts';
const DRAWS_RULES = 'server/modules/draws/rules/fairness.ts';
const PLATFORM = 'server/platform/http/edge.ts';

const refused: [from: string, to: string][] = [
  [PLATFORM, DRAWS],
  [PLATFORM, 'server/modules.ts'],
  [DRAWS, 'server/modules/races/service.ts'],
  [DRAWS, 'server/modules.ts'],
  [DRAWS, 'server/commands/start.ts'],
  [DRAWS, 'server/main.ts'],
  [DRAWS, 'server/platform/testing/clock.ts'],
  [DRAWS, 'scripts/build.ts'],
  [DRAWS, 'lodash'],
  [DRAWS_RULES, 'server/platform/clock.ts'],
  [DRAWS_RULES, 'server/modules/draws/tables.ts'],
  [DRAWS_RULES, 'fastify'],
  ['console/src/App.tsx', DRAWS],
  ['client/src/rest.ts', 'console/src/App.tsx'],
];

const allowed: [from: string, to: string][] = [
  ['server/main.ts', 'server/modules.ts'],
  ['server/main.ts', 'server/commands/start.ts'],
  ['server/commands/start.ts', 'server/modules.ts'],
  ['server/modules.ts', 'server/modules/draws/module.ts'],
  [DRAWS, PLATFORM],
  [DRAWS, DRAWS_RULES],
  [DRAWS, 'fastify'],
  [DRAWS_RULES, 'server/modules/draws/rules/seed.ts'],
  ['server/modules/draws/service.test.ts', 'server/platform/testing/clock.ts'],
  ['server/modules/draws/rules/fairness.test.ts', 'fast-check'],
  ['console/src/App.tsx', 'client/src/index.ts'],
];

const dependencies = new Set(['fastify']);

for (const [from, to] of refused) {
  test(`${from} may not import ${to}`, () => assert.equal(wrongImports([importing(from, to)], dependencies).length, 1));
}

for (const [from, to] of allowed) {
  test(`${from} may import ${to}`, () => assert.deepEqual(wrongImports([importing(from, to)], dependencies), []));
}

test('rules may import the types of others', () => {
  assert.deepEqual(wrongImports([importing(DRAWS_RULES, 'server/platform/ports.ts', true)], dependencies), []);
});
