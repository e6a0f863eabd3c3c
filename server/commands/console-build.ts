import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asset } from '../platform/config/asset.ts';

/** Sources whose content decides whether the built console is stale. */
const SOURCES = [
  'console/src',
  'console/index.html',
  'console/vite.config.ts',
  'console/package.json',
  'client/src',
  'package-lock.json',
];
const STAMP = 'console/dist/.built-from';

/**
 * In the repository: builds the console when it is not built or stale, by content hash, with a progress line (platform section 1). The
 * installed package has it inside.
 */
export async function ensureConsole(): Promise<void> {
  if (!existsSync(asset('console/src'))) return;
  const hash = hashSources();
  const stamp = asset(STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  process.stdout.write('  building the console, once ... ');
  const startedAt = performance.now();
  await build();
  writeFileSync(stamp, hash);
  process.stdout.write(`done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

function hashSources(): string {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const file of listFiles(asset(source)))
      hash
        .update(file.slice(asset('').length))
        .update('\0')
        .update(readFileSync(file));
  return hash.digest('hex');
}

function listFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

async function build(): Promise<void> {
  const child = spawn(process.execPath, [asset('node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'], {
    cwd: asset('console'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`the console could not be built:\n${output}`);
}
