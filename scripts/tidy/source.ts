import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'vite';

export const ROOT = join(import.meta.dirname, '../..');

/** Folders that are brought, built or left by a run, never written by us. */
const NOT_OURS = /(^|\/)(node_modules|dist|data|artifacts|reports|\.git|\.stryker-tmp|\.cache)(\/|$)/;

/** A node of the syntax tree (ESTree with TypeScript), as far as the checks look. */
export interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

export interface Import {
  /** As written: `./payout.ts`, `fastify`, `node:fs`. */
  specifier: string;
  /** Path from the root, when it is a file of ours. */
  file: string | undefined;
  typeOnly: boolean;
}

export interface Source {
  path: string;
  text: string;
  program: Node;
  comments: readonly { value: string; start: number }[];
  imports: readonly Import[];
}

/** Files of the repository by their paths from its root, with `/`. */
export function listFiles(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT, exclude: (path) => NOT_OURS.test(path.replaceAll('\\', '/')) })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Every program file of ours, parsed. */
export function readSources(): Source[] {
  return listFiles('{server,client,console,scripts,bench,e2e,bin}/**/*.{ts,tsx,cjs}').map(readSource);
}

function readSource(path: string): Source {
  const text = readText(path);
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]!.message}`);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const imports: Import[] = [];
  const add = (specifier: string, typeOnly: boolean) =>
    imports.push({ specifier, file: fileOf(path, specifier), typeOnly });
  for (const { moduleRequest, entries } of staticImports)
    add(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType));
  for (const { entries } of staticExports)
    for (const entry of entries) if (entry.moduleRequest) add(entry.moduleRequest.value, entry.isType);
  for (const { moduleRequest } of dynamicImports) {
    const literal = /^['"`](.*)['"`]$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal) add(literal[1]!, false);
  }
  return { path, text, program: parsed.program as unknown as Node, comments: parsed.comments, imports };
}

function fileOf(importer: string, specifier: string): string | undefined {
  if (specifier === '@greenroom/client') return 'client/src/index.ts';
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(importer), specifier)).replaceAll('\\', '/');
}

/** `@fastify/cookie/types` -> `@fastify/cookie`; undefined for Node's own modules and for files. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(specifier))
    return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Folders and files that only tests use, told by their names. */
const TEST_FOLDER = /^e2e\/|(^|\/)(testing|fixtures|simulation)\//;
const TEST_FILE = /\.test\.tsx?$|(^|[/-])(testing(-\w+)?|test-kit|test-server|fixture|\w+-process)\.ts$/;

/** Tests, and what only they use. */
export function isTestCode(path: string): boolean {
  return TEST_FOLDER.test(path) || TEST_FILE.test(path);
}

/** Every node of a tree with its parents, the nearest last. */
export function* walk(node: Node, parents: readonly Node[] = []): Generator<{ node: Node; parents: readonly Node[] }> {
  yield { node, parents };
  const below = [...parents, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* walk(child, below);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Line of an offset, counted from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
