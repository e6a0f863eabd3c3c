import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { asset } from '../config/asset.ts';
import { CLOSE_CODES, type CloseCode, closeAdvice, WIRE_ERRORS } from './codes.ts';

const page = readFileSync(asset('docs/realtime.md'), 'utf8');
const codes: CloseCode[] = Object.values(CLOSE_CODES);

/** The cells of the rows of the table under a heading. */
function tableUnder(heading: string): string[][] {
  const section = page.split(`### ${heading}\n`)[1]!.split(/\n##/)[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) => row.slice(2, -2).split(' | '));
}

test('every close code is documented as it is, and nothing else', () => {
  const documented = tableUnder('Close codes');
  const expected = codes.map(({ code, name, advice, meaning }) => [String(code), `\`${name}\``, advice, meaning]);
  assert.deepEqual(documented, expected);
});

test('every error code is documented as it is', () => {
  const documented = new Map(tableUnder('Errors').map(([code, meaning]) => [code!, meaning!]));
  for (const [code, meaning] of Object.entries(WIRE_ERRORS)) assert.equal(documented.get(`\`${code}\``), meaning);
});

test('the range of a close code tells the client what to do', () => {
  for (const { code, advice, name } of codes) assert.equal(closeAdvice(code), advice, name);
  assert.deepEqual([1006, 4000, 4399].map(closeAdvice), ['resume', 'resume', 'resume']);
  assert.deepEqual([1000, 3000, 4400, 4499].map(closeAdvice), ['stop', 'stop', 'stop', 'stop']);
  assert.equal(new Set(codes.map(({ code }) => code)).size, codes.length);
  assert.equal(new Set(codes.map(({ name }) => name)).size, codes.length);
});
