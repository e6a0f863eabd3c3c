// Lists the cases of the contracts that no test is named for (DESIGN 5): `predictions-17`, `PF-26`. Exit code 1 when there are any.
// A test's name begins with the id, or with several of them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTestFiles, ROOT } from './test-run/files.ts';

interface ContractCases {
  predictions: { from: number; to: number };
  platform: string[];
}

const NAME = /['"`]((?:(?:predictions-\d+|PF-\d+)[\s,:]*)+)/g;

function expectedIds(): string[] {
  const cases = JSON.parse(readFileSync(join(import.meta.dirname, 'contract-cases.json'), 'utf8')) as ContractCases;
  const { from, to } = cases.predictions;
  const predictions = Array.from({ length: to - from + 1 }, (_, index) => `predictions-${from + index}`);
  return [...predictions, ...cases.platform];
}

function testedIds(): Set<string> {
  const ids = new Set<string>();
  for (const file of findTestFiles([])) {
    for (const [, names] of readFileSync(join(ROOT, file), 'utf8').matchAll(NAME)) {
      for (const [id] of names!.matchAll(/[a-zA-Z]+-\d+/g)) ids.add(id);
    }
  }
  return ids;
}

const expected = expectedIds();
const tested = testedIds();
const missing = expected.filter((id) => !tested.has(id));
for (const id of missing) process.stdout.write(`no test is named ${id}\n`);
process.stdout.write(`${expected.length - missing.length} passed, ${missing.length} failed\n`);
process.exitCode = missing.length > 0 ? 1 : 0;
