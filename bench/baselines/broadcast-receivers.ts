import { connect, type Socket } from 'node:net';

/**
 * The crowd: raw TCP sockets in a process of their own that shake hands as websockets and then only count bytes, so that the client is not the
 * bottleneck. Talks to its parent by messages: takes `{port, path, hello, count}`, tells the bytes seen so far.
 */
interface Order {
  port: number;
  path: string;
  hello: string | null;
  count: number;
}

const CONNECTS_AT_ONCE = 50;
const REPORT_EVERY_MS = 1;

let bytes = 0;

function maskedText(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > 125) throw new Error('a hello is short');
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function open(order: Order): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(order.port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write(
        `GET ${order.path} HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${Buffer.alloc(16, 7).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    });
    socket.once('data', () => {
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      if (order.hello !== null) socket.write(maskedText(order.hello));
      resolve(socket);
    });
  });
}

process.once('message', async (order: Order) => {
  for (let opened = 0; opened < order.count; opened += CONNECTS_AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(CONNECTS_AT_ONCE, order.count - opened) }, () => open(order)));
  }
  process.send?.({ kind: 'open' });
  let told = -1;
  setInterval(() => {
    if (bytes === told) return;
    told = bytes;
    process.send?.({ kind: 'bytes', bytes });
  }, REPORT_EVERY_MS);
});
process.once('disconnect', () => process.exit(0));
