import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const READY_WITHIN_MS = 120_000;
const POLL_MS = 100;

/**
 * Starts a server by the command a user would type, reads what must answer (`/readyz`, the console at `/`), ends it by SIGTERM and expects
 * exit code 0. `pid` of the command is what gets the signal.
 * @throws when anything differs, with what the server said.
 */
export async function smoke(
  command: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  const port = await freePort();
  // A group of its own: the command may have handed over to other processes.
  const spawnOptions: SpawnOptions = { cwd: options.cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] };
  const server = spawn(command, args, { ...spawnOptions, env: { ...options.env, PORT: String(port) } });
  let said = '';
  for (const stream of [server.stdout!, server.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = once(server, 'exit') as Promise<[number | null, string | null]>;
  const hasEnded = () => server.exitCode !== null || server.signalCode !== null;
  try {
    await untilReady(`http://127.0.0.1:${port}/readyz`, hasEnded);
    await readConsole(`http://127.0.0.1:${port}/`);
    server.kill('SIGTERM');
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`SIGTERM ended the server with ${code ?? signal}, not 0`);
  } catch (error) {
    if (!hasEnded()) process.kill(-server.pid!, 'SIGKILL');
    throw new Error(`${messageOf(error)}\nThe server said:\n${said}`);
  }
}

async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (hasEnded()) throw new Error('the server ended before it was ready');
    if (performance.now() > deadline) throw new Error(`${url} did not answer 200 within ${READY_WITHIN_MS / 1000} s`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return;
    await pause(POLL_MS);
  }
}

/** The page and the script it names must both be there. */
async function readConsole(url: string): Promise<void> {
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  const html = await page.text();
  const script = /<script[^>]+src="(\/assets\/[^"]+)"/.exec(html)?.[1];
  if (page.status !== 200 || script === undefined) throw new Error(`${url} answered ${page.status}: ${html}`);
  const { status } = await fetch(new URL(script, url));
  if (status !== 200) throw new Error(`${script} of the console answered ${status}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
