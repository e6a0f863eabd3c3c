import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const TEST_FILES = '{server,client,console,scripts,bin,e2e}/**/*.test.ts';
const NOT_OURS = /(^|\/)(node_modules|dist)\//;

/** Parts whose behaviour depends on the database server; what is about the embedded one itself is not repeated. */
const DATABASE_FOLDERS = [
  /^server\/modules\/[^/]+\/service\//,
  /^server\/platform\/(database|events|jobs|accounts|http)\/(?!embedded)/,
  /^e2e\/(opcodes|wire-|resume)/,
];
/** What a file imports that makes itself a database on the server that the run names. */
const USES_DATABASE = /from '[^']*\/testing\/database\.ts'/;

/** Every test file of the repository, in the order of running: the long black-box ones first, so that none of them is alone at the end. */
export function findTestFiles(filters: readonly string[]): string[] {
  const files = globSync(TEST_FILES, { cwd: ROOT, exclude: (path) => NOT_OURS.test(`${path}/`) })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  return files.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** Whether a test file runs once more on the machine's own PostgreSQL. */
export function usesDatabase(file: string): boolean {
  return (
    DATABASE_FOLDERS.some((folder) => folder.test(file)) || USES_DATABASE.test(readFileSync(join(ROOT, file), 'utf8'))
  );
}

export function isBlackBox(file: string): boolean {
  return file.startsWith('e2e/');
}

function rank(file: string): number {
  return isBlackBox(file) ? 0 : 1;
}
