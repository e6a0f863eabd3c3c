import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * Broadcast to the subscribers of one topic (DESIGN 6): ours beside a Socket.IO room emit and a plain `ws` loop, each in a fresh process, the
 * receivers in another. Usage: `node bench/broadcast.ts [subscribers] [message bytes] [seconds]`.
 */

/** One way to broadcast. `body` is a JSON value. */
export interface Contestant {
  path: string;
  /** Text a client sends after the handshake, if any. */
  hello: string | null;
  joined(): number;
  publish(body: unknown): void;
  /** Bytes of one message as a websocket frame. */
  frameBytes(body: unknown): number;
  /** Writes to sockets so far, where it counts them. */
  writes?(): number;
  close(): void;
}

interface Result {
  messages: number;
  deliveries: number;
  seconds: number;
  perSecond: number;
  perWrite: number | null;
}

const SELF = fileURLToPath(import.meta.url);
const RECEIVERS = fileURLToPath(new URL('./baselines/broadcast-receivers.ts', import.meta.url));
const NAMES = ['ours', 'socketio', 'ws'] as const;
type Name = (typeof NAMES)[number];
/** How messages are offered: `burst` in one turn of the event loop, at most `ahead` before the slowest reader has them. */
const PATTERNS = [
  { name: '1 message a turn, as fast as they are taken', burst: 1, ahead: 2_000 },
  { name: '8 messages a turn, as fast as they are taken', burst: 8, ahead: 2_000 },
  { name: '8 messages, then the next 8 when everybody has them', burst: 8, ahead: 0 },
] as const;
type Pattern = (typeof PATTERNS)[number];
const TARGETS = { socketio: 6, ws: 6 } as const;
const IDLE_TARGET_KIB = 20;
const WARM_UP_SOCKETS = 300;

async function load(name: Name): Promise<(server: HttpServer) => Contestant> {
  if (name === 'ours') return (await import('./baselines/broadcast-ours.ts')).startOurs;
  if (name === 'socketio') return (await import('./baselines/broadcast-socketio.ts')).startSocketIo;
  return (await import('./baselines/broadcast-ws.ts')).startWsLoop;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function makeBody(bytes: number): string {
  return 'x'.repeat(bytes - 2);
}

/** Opens `count` receivers on a contestant's server. */
async function openCrowd(contestant: Contestant, server: HttpServer, count: number) {
  const crowd = fork(RECEIVERS);
  let bytes = 0;
  const opened = new Promise<void>((resolve) => {
    crowd.on('message', (message: { kind: string; bytes: number }) => {
      if (message.kind === 'open') resolve();
      else bytes = message.bytes;
    });
  });
  const { port } = server.address() as AddressInfo;
  crowd.send({ port, path: contestant.path, hello: contestant.hello, count });
  await opened;
  while (contestant.joined() < count) await wait(10);
  await wait(200);
  return { crowd, bytes: () => bytes };
}

async function measure(
  contestant: Contestant,
  seen: () => number,
  options: { subscribers: number; body: string; pattern: Pattern; seconds: number },
): Promise<Result> {
  const { subscribers, body, pattern, seconds } = options;
  const { burst, ahead } = pattern;
  const perMessage = contestant.frameBytes(body) * subscribers;
  const before = seen();
  const writesBefore = contestant.writes?.() ?? 0;
  const startMs = performance.now();
  let published = 0;
  while (performance.now() - startMs < seconds * 1000) {
    for (let i = 0; i < burst; i++) contestant.publish(body);
    published += burst;
    await turn();
    while (published - (seen() - before) / perMessage > ahead) await turn();
  }
  while (seen() - before < published * perMessage) await turn();
  const elapsed = (performance.now() - startMs) / 1000;
  const deliveries = published * subscribers;
  const writes = contestant.writes === undefined ? null : contestant.writes() - writesBefore;
  const perWrite = writes === null ? null : deliveries / writes;
  return { messages: published, deliveries, seconds: elapsed, perSecond: deliveries / elapsed, perWrite };
}

/** Runs one contestant in this process and reports to the parent. */
async function serve(name: Name, subscribers: number, messageBytes: number, seconds: number): Promise<void> {
  const start = await load(name);
  const server = createServer();
  const contestant = start(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A first crowd comes and goes, so that what is taken once for all (code, pools, tables) is not counted as sockets.
  const first = await openCrowd(contestant, server, WARM_UP_SOCKETS);
  first.crowd.disconnect();
  await once(first.crowd, 'exit');
  while (contestant.joined() > 0) await wait(10);
  globalThis.gc?.();
  const before = process.memoryUsage();
  const { crowd, bytes } = await openCrowd(contestant, server, subscribers);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const idleKib = (after.rss - before.rss) / subscribers / 1024;
  const idleHeapKib = (after.heapUsed + after.external - before.heapUsed - before.external) / subscribers / 1024;
  const body = makeBody(messageBytes);
  await measure(contestant, bytes, { subscribers, body, pattern: PATTERNS[1], seconds: Math.min(1, seconds) });
  const results: Result[] = [];
  for (const pattern of PATTERNS) {
    results.push(await measure(contestant, bytes, { subscribers, body, pattern, seconds }));
  }
  process.send?.({ results, idleKib, idleHeapKib });
  crowd.disconnect();
  await once(crowd, 'exit');
  contestant.close();
  process.exit(0);
}

interface Report {
  results: Result[];
  idleKib: number;
  idleHeapKib: number;
}

async function runContestant(name: Name, args: readonly string[]): Promise<Report> {
  const child: ChildProcess = fork(SELF, ['serve', name, ...args], { execArgv: ['--expose-gc'] });
  const [report] = (await once(child, 'message')) as [Report];
  await once(child, 'exit');
  return report;
}

async function main(args: readonly string[]): Promise<void> {
  const [subscribers = 1_000, messageBytes = 350, seconds = 4] = args.map(Number);
  console.log(`broadcast: ${subscribers} subscribers of one topic, ${messageBytes}-byte messages, ${seconds} s a run`);
  const reports = new Map<Name, Report>();
  for (const name of NAMES) {
    reports.set(name, await runContestant(name, [subscribers, messageBytes, seconds].map(String)));
  }
  const ours = reports.get('ours')!;
  for (const [index, pattern] of PATTERNS.entries()) {
    console.log(`\n${pattern.name}`);
    for (const name of NAMES) {
      const { perSecond, messages, perWrite } = reports.get(name)!.results[index]!;
      const ratio = ours.results[index]!.perSecond / perSecond;
      const target =
        name === 'ours'
          ? `  ${perWrite?.toFixed(1)} messages a write`
          : `  ours is ${ratio.toFixed(1)}x (target ${TARGETS[name]}x)`;
      console.log(
        `  ${name.padEnd(9)} ${Math.round(perSecond).toLocaleString('en').padStart(11)} deliveries/s  ${messages} messages${target}`,
      );
    }
  }
  console.log(`\nmemory of one idle websocket (target under ${IDLE_TARGET_KIB} KiB)`);
  for (const name of NAMES) {
    const { idleKib, idleHeapKib } = reports.get(name)!;
    console.log(
      `  ${name.padEnd(9)} ${idleKib.toFixed(1)} KiB resident, ${idleHeapKib.toFixed(1)} KiB heap and external`,
    );
  }
}

if (process.argv[1] === SELF) {
  const [first, second, ...rest] = process.argv.slice(2);
  if (first === 'serve') await serve(second as Name, Number(rest[0]), Number(rest[1]), Number(rest[2]));
  else await main(process.argv.slice(2));
}
