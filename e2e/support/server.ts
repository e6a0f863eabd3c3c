import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './waiting.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'bin/greenroom.cjs');
/** The first start in a fresh checkout builds the console. */
const START_PATIENCE_MS = 120_000;

/** Shared by all processes of one installation. */
export const TEST_SECRET = 'an-installation-secret-for-tests-only';

export interface ServerOptions {
  /** Absent: embedded PostgreSQL in `dataDir`. */
  databaseUrl?: string;
  /** Absent: a temporary folder that goes with the server. */
  dataDir?: string;
  env?: Readonly<Record<string, string>>;
  args?: readonly string[];
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of the program, and what it said. */
export class Program {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly ended: Promise<Ended>;
  output = '';

  constructor(args: readonly string[], options: ServerOptions) {
    const isOwnFolder = options.dataDir === undefined;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'greenroom-e2e-'));
    this.child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.dataDir,
      env: { ...environment(this.dataDir, options), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        if (isOwnFolder) rmSync(this.dataDir, { recursive: true, force: true });
        resolve({ code, signal });
      });
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<Ended> {
    this.signal('SIGKILL');
    return await this.ended;
  }
}

/** A server that answers. */
export class TestServer extends Program {
  url = '';

  /** The opcode wire and the native one are on the same port. */
  get wsUrl(): string {
    return this.url.replace('http', 'ws');
  }

  /** Ends it as an operator would. @throws unless it ends with 0 */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const { code, signal } = await this.ended;
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${this.output}`);
  }

  /** Waits until it says where it is and answers `/readyz` with 200. */
  async ready(): Promise<this> {
    try {
      this.url = await until('the server names its address', () => this.#address(), START_PATIENCE_MS);
      await until('the server is ready', () => this.#isReady(), START_PATIENCE_MS);
    } catch (error) {
      this.signal('SIGKILL');
      throw new Error(`${(error as Error).message}; it said:\n${this.output}`);
    }
    return this;
  }

  #address(): string | undefined {
    if (this.hasEnded) throw new Error('the server ended');
    return /console\s+(http:\/\/[\w.:[\]]+)\//.exec(this.output)?.[1];
  }

  async #isReady(): Promise<boolean> {
    if (this.hasEnded) throw new Error('the server ended');
    return (await fetch(`${this.url}/readyz`)).ok;
  }
}

/** Starts a server on a free port and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  return await new TestServer(['start', ...(options.args ?? [])], options).ready();
}

/** Runs a command of the program to its end. */
export async function runCommand(
  args: readonly string[],
  options: ServerOptions = {},
): Promise<Ended & { output: string }> {
  const program = new Program(args, options);
  return { ...(await program.ended), output: program.output };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Nothing of the person who runs the tests: only what a program needs, and what the test says. */
function environment(dataDir: string, options: ServerOptions): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env;
  return {
    ...{ PATH, HOME, TMPDIR, LANG },
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    RATE_LIMITS: 'false',
    SECRET_KEY: TEST_SECRET,
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
  };
}
