import { connect, type Socket } from 'node:net';

/**
 * The load of hot-get.ts, a process of its own: `connections` kept connections, each asking again as soon as it has its answer, never two at once.
 * Gets `{port, path, connections, durationMs}` over IPC, answers `{requests, seconds}`.
 */
interface Order {
  port: number;
  path: string;
  connections: number;
  durationMs: number;
}

process.on('message', (order: Order) => {
  run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

async function run(order: Order): Promise<{ requests: number; seconds: number }> {
  const sockets = await Promise.all(Array.from({ length: order.connections }, () => open(order.port)));
  const request = Buffer.from(
    `GET ${order.path} HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nAccept: application/json\r\n\r\n`,
  );
  let requests = 0;
  let failure: Error | undefined;
  const startedAt = performance.now();
  for (const socket of sockets) {
    let missing = 0;
    socket.on('data', (chunk: Buffer) => {
      if (missing === 0) {
        const length = answerLength(chunk);
        if (length === null) {
          failure = new Error(`unexpected answer: ${chunk.subarray(0, 200).toString()}`);
          return;
        }
        missing = length;
      }
      missing -= chunk.length;
      if (missing > 0) return;
      requests++;
      socket.write(request);
    });
    socket.write(request);
  }
  await new Promise((resolve) => setTimeout(resolve, order.durationMs));
  const seconds = (performance.now() - startedAt) / 1000;
  for (const socket of sockets) socket.destroy();
  if (failure) throw failure;
  return { requests, seconds };
}

/** Length of the whole answer whose head is in this chunk; null when it is not the 200 we want. */
function answerLength(chunk: Buffer): number | null {
  const end = chunk.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = chunk.toString('latin1', 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return head.startsWith('HTTP/1.1 200') && length !== undefined ? end + 4 + Number(length) : null;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}
