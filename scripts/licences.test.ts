// What comes with the package: permissive licences only (DESIGN 3), and no websocket library that tiny fragments can exhaust (ANCHORS).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './tidy/source.ts';

const PERMISSIVE = ['MIT', 'MIT-0', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];
/** The first release of `ws` that bounds the pieces of a message. */
const OLDEST_WS = [8, 21, 3];

interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
  link?: boolean;
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};
const installed = Object.entries(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);

test('DESIGN 3: every package that users get has a permissive licence', () => {
  const shipped = installed.filter(([, { dev }]) => !dev);
  assert.ok(shipped.length > 20, 'the lock file is read');
  const others = shipped.filter(([, { license }]) => license === undefined || !PERMISSIVE.includes(license));
  assert.deepEqual(
    others.map(([path, { license }]) => `${path}: ${license ?? 'none'}`),
    [],
  );
});

test('no copy of ws is older than the one that bounds fragments', () => {
  const copies = installed.filter(([path]) => path.endsWith('node_modules/ws'));
  assert.ok(copies.length > 0);
  for (const [path, { version = '' }] of copies) {
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    const distance =
      [major - OLDEST_WS[0]!, minor - OLDEST_WS[1]!, patch - OLDEST_WS[2]!].find((part) => part !== 0) ?? 0;
    assert.ok(distance >= 0, `${path} is ${version}`);
  }
});
