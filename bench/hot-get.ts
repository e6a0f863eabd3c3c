import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/**
 * A hot GET (PF-07) beside a bare `node:http` server that answers the same bytes (DESIGN 6: at least 0.8x). Servers and load are processes of their
 * own; rounds alternate, so that a change of the machine's mood hits both. Run: `node bench/hot-get.ts [--rounds 5] [--ms 2000]`.
 */
const CONNECTIONS = 64;
const TARGET = 0.8;
const PATH = '/api/wager-races/202504';

interface Side {
  name: string;
  process: ChildProcess;
  port: number;
  /** Requests per second of each round. */
  rates: number[];
  /** CPU microseconds per request of each round: less moved by what else runs on the machine. */
  costs: number[];
}

const rounds = argument('--rounds', 5);
const durationMs = argument('--ms', 2000);

for (const [what, bytes] of [
  ['race body', 700],
  ['leaderboard page', 12_000],
] as const) {
  await measure(what, standings(bytes));
}

async function measure(what: string, body: string): Promise<void> {
  const load = fork(join(import.meta.dirname, 'baselines/hot-get-load.ts'));
  const env = { BODY: Buffer.from(body).toString('base64') };
  const ours = await start('greenroom', 'baselines/hot-get-greenroom.ts', env);
  const extra = await headersOf(ours.port);
  const bare = await start('bare node:http', 'baselines/hot-get-server.ts', env);
  const full = await start('bare node:http, same head', 'baselines/hot-get-server.ts', {
    ...env,
    HEAD: 'full',
    EXTRA_HEADERS: JSON.stringify(extra),
  });
  const sides = [ours, bare, full];
  for (const side of sides) await run(load, side, durationMs / 2);
  for (const side of sides) side.rates.length = side.costs.length = 0;
  for (let round = 0; round < rounds; round++) for (const side of sides) await run(load, side, durationMs);
  for (const child of [load, ...sides.map((side) => side.process)]) child.disconnect();
  console.log(
    `hot GET, ${what}, ${Buffer.byteLength(body)} bytes, ${CONNECTIONS} connections, median of ${rounds} rounds:`,
  );
  for (const side of sides) {
    const rate = Math.round(median(side.rates)).toLocaleString('en');
    console.log(
      `  ${side.name.padEnd(28)} ${rate.padStart(8)} requests/s  ${median(side.costs).toFixed(1).padStart(6)} us CPU each`,
    );
  }
  const ratio = median(ours.rates) / median(bare.rates);
  const fair = median(ours.rates) / median(full.rates);
  const cost = median(bare.costs) / median(ours.costs);
  console.log(
    `  ratio ${ratio.toFixed(2)}x (same head ${fair.toFixed(2)}x, by CPU time ${cost.toFixed(2)}x), target ${TARGET}x: ${ratio >= TARGET ? 'met' : 'MISSED'}`,
  );
}

async function start(name: string, file: string, env: Record<string, string>): Promise<Side> {
  const child = fork(join(import.meta.dirname, file), { env: { ...process.env, ...env } });
  const { port } = await message<{ port: number }>(child);
  return { name, process: child, port, rates: [], costs: [] };
}

async function run(load: ChildProcess, side: Side, ms: number): Promise<void> {
  const before = await cpuMicroseconds(side);
  load.send({ port: side.port, path: PATH, connections: CONNECTIONS, durationMs: ms });
  const result = await message<{ requests: number; seconds: number; error?: string }>(load);
  if (result.error !== undefined) throw new Error(`${side.name}: ${result.error}`);
  side.rates.push(result.requests / result.seconds);
  side.costs.push(((await cpuMicroseconds(side)) - before) / result.requests);
}

async function cpuMicroseconds(side: Side): Promise<number> {
  side.process.send('cpu');
  const usage = await message<NodeJS.CpuUsage>(side.process);
  return usage.user + usage.system;
}

async function message<T>(child: ChildProcess): Promise<T> {
  return await new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a process ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (value) => {
      child.off('exit', ended);
      resolve(value as T);
    });
  });
}

/** The headers that the measured side adds to type and length, as they stand in its answer. */
async function headersOf(port: number): Promise<string[]> {
  const { headers } = await fetch(`http://127.0.0.1:${port}${PATH}`);
  const own = new Set(['content-type', 'content-length', 'date', 'connection', 'keep-alive']);
  return [...headers].filter(([name]) => !own.has(name)).flat();
}

function standings(bytes: number): string {
  const rows = [];
  for (let rank = 1; JSON.stringify(rows).length < bytes; rank++) {
    rows.push({
      rank,
      username: `player${rank}`,
      wagered: (1e6 / rank).toFixed(2),
      prize: rank <= 10 ? 1000 - rank * 90 : 0,
    });
  }
  return JSON.stringify({ id: 202504, title: 'April', status: 'running', standings: rows });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function argument(name: string, otherwise: number): number {
  const index = process.argv.indexOf(name);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}
