// What a review forgets: the arrows between folders, sizes, names, leftovers (DESIGN 1, 2, 4).

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { wrongImports } from './tidy/arrows.ts';
import {
  isTestCode,
  lineOf,
  listFiles,
  type Node,
  ROOT,
  readSources,
  readText,
  type Source,
  walk,
} from './tidy/source.ts';

const MOST_LINES_OF_FILE = 500;
const MOST_LINES_OF_FUNCTION = 70;

/** Where running begins: commands, pages, configuration that a tool reads. Everything else must be reached from here. */
const ENTRIES = [
  /^server\/main\.ts$/,
  /^bin\/.*\.cjs$/,
  /^scripts\/[^/]+\.ts$/,
  /^bench\/[^/]+\.ts$/,
  /^console\/src\/main\.tsx$/,
  /^console\/vite\.config\.ts$/,
  /^client\/src\/index\.ts$/,
];

const sources = readSources();
const texts = listFiles('{.,.ci,bin,server,client,console,scripts,bench,e2e,docs}/**/*')
  .concat(listFiles('{*,.ci/*}'))
  .filter((path) => /\.(ts|tsx|cjs|mjs|sql|json|md|yml|css|html|svg|service)$|(^|\/)(run|Dockerfile)$/.test(path));

function assertNone(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n  ${faults.join('\n  ')}`);
}

test('imports follow the arrows of the house', () => {
  const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: Record<string, string> };
  assertNone(wrongImports(sources, new Set(Object.keys(dependencies))));
});

test('every file is reached from a command, a page or a test', () => {
  const reached = reachFrom(sources.filter(({ path }) => ENTRIES.some((entry) => entry.test(path))));
  const withTests = reachFrom(sources.filter(({ path }) => reached.has(path) || /\.test\.tsx?$/.test(path)));
  assertNone(
    sources
      .filter(({ path }) => !reached.has(path) && !(isTestCode(path) && withTests.has(path)))
      .map(({ path }) => `${path} is dead${withTests.has(path) ? ': only tests use it' : ''}`),
  );
});

function reachFrom(start: readonly Source[]): Set<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const queue = [...start];
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    if (reached.has(source.path)) continue;
    reached.add(source.path);
    for (const path of [...source.imports.map(({ file }) => file), ...namedFiles(source)]) {
      const next = path === undefined ? undefined : byPath.get(path);
      if (next) queue.push(next);
    }
  }
  return reached;
}

/** Files that a source names in a text: a worker's URL, a script that it starts. */
function namedFiles({ path, text }: Source): string[] {
  const named = [...text.matchAll(/['"`]([\w./-]+\.(?:ts|tsx|cjs))['"`]/g)].map((match) => match[1]!);
  return named.flatMap((name) => [name, normalize(join(dirname(path), name)).replaceAll('\\', '/')]);
}

test(`no file is longer than ${MOST_LINES_OF_FILE} lines`, () => {
  const lengths = [...sources, ...listFiles('server/**/*.sql').map((path) => ({ path, text: readText(path) }))];
  assertNone(
    lengths
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MOST_LINES_OF_FILE)
      .map(({ path, lines }) => `${path} has ${lines} lines`),
  );
});

test(`no function is longer than ${MOST_LINES_OF_FUNCTION} lines`, () => {
  const faults: string[] = [];
  for (const { path, text, program } of sources) {
    // A test's arrangement is read from top to bottom: cutting it up would hide it.
    if (path.endsWith('.test.ts')) continue;
    for (const { node, parents } of walk(program)) {
      if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) continue;
      if (groupsTests(parents.at(-1))) continue;
      const [first, last] = [lineOf(text, node.start), lineOf(text, node.end)];
      if (last - first >= MOST_LINES_OF_FUNCTION) faults.push(`${path}:${first} has ${last - first + 1} lines`);
    }
  }
  assertNone(faults);
});

/** The function given to `describe` only holds others. */
function groupsTests(parent: Node | undefined): boolean {
  const callee = parent?.type === 'CallExpression' ? (parent.callee as Node) : undefined;
  return callee?.name === 'describe' || callee?.name === 'suite';
}

test('no unfinished work, no switched-off check, no `any`', () => {
  const leftover = new RegExp(
    `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b|@ts-(ignore|expect-error|nocheck)`,
  );
  const faults: string[] = [];
  for (const { path, text, program, comments } of sources) {
    for (const { value, start } of comments)
      if (leftover.test(value)) faults.push(`${path}:${lineOf(text, start)} ${value.trim()}`);
    for (const { node } of walk(program))
      if (node.type === 'TSAnyKeyword') faults.push(`${path}:${lineOf(text, node.start)} uses any`);
  }
  assertNone(faults);
});

test('names are the words of the field (DESIGN 4)', () => {
  const banned = /(Manager|Helper|Util)s?$|^(data|handler)\d$/i;
  const declarations =
    /^(FunctionDeclaration|ClassDeclaration|TSInterfaceDeclaration|TSTypeAliasDeclaration|VariableDeclarator)$/;
  const faults: string[] = [];
  for (const { path, text, program } of sources) {
    if (banned.test(basename(path).replace(/\..*$/, ''))) faults.push(`${path}: the file's name`);
    for (const { node } of walk(program)) {
      const name = declarations.test(node.type) ? (node.id as Node | null)?.name : undefined;
      if (typeof name === 'string' && banned.test(name)) faults.push(`${path}:${lineOf(text, node.start)} ${name}`);
    }
  }
  assertNone(faults);
});

test('no path of somebody’s machine', () => {
  const homes = new RegExp(`(?<![\\w.$}])/(${['wo' + 'rk', 'ro' + 'ot', 'ho' + 'me', 'Us' + 'ers'].join('|')})/\\w`);
  const temporary = new RegExp(`(?<![\\w.$}])/${'t' + 'mp'}/`);
  const faults = texts.flatMap((path) => {
    const wrong = [homes, ...(isTestCode(path) ? [] : [temporary])];
    const lines = readText(path).split('\n');
    return lines.flatMap((line, index) =>
      wrong.some((one) => one.test(line)) ? [`${path}:${index + 1} ${line.trim()}`] : [],
    );
  });
  assertNone(faults);
});

interface Locked {
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

test('the lock file names no registry, and is whole for every platform', () => {
  const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, Locked> };
  const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  const faults = Object.entries(packages).flatMap(([path, { resolved, optionalDependencies = {} }]) => [
    ...(resolved !== undefined && /^[a-z+]+:\/\//.test(resolved) ? [`${path}: ${resolved}`] : []),
    // npm leaves out what its registry did not have, and `npm ci` then refuses the file.
    ...Object.keys(optionalDependencies).flatMap((name) => (names.has(name) ? [] : [`${path} lacks ${name}`])),
  ]);
  assertNone(faults);
});

test('every link of a Markdown file inside the repository resolves', () => {
  const faults: string[] = [];
  for (const path of texts.filter((file) => file.endsWith('.md'))) {
    for (const [, target] of readText(path).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)|(?:src|href)="([^"#]+)"/g)) {
      if (target === undefined || /^[a-z]+:/.test(target)) continue;
      if (!existsSync(join(ROOT, dirname(path), decodeURIComponent(target)))) faults.push(`${path}: ${target}`);
    }
  }
  assertNone(faults);
});
