// `npm run build`: makes `dist/`, the program as the published package holds it: JavaScript of everything that `server/main.ts` reaches,
// and the assets under the paths that `asset()` knows.

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureConsole } from '../server/commands/console-build.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** What the program reads at run time and the compiler does not see. */
const ASSETS = ['package.json', 'server/**/*.sql', 'server/modules/*/{feeds,assets}/**/*.json'];

function compile(): void {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const compiler = join(dirname(manifest), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function copyAssets(): void {
  for (const entry of globSync(ASSETS, { cwd: ROOT, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(DIST, source.slice(ROOT.length));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target);
  }
  cpSync(join(ROOT, 'console/dist'), join(DIST, 'console/dist'), { recursive: true });
}

await ensureConsole();
rmSync(DIST, { recursive: true, force: true });
compile();
copyAssets();
