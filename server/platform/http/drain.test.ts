import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { startTestServer, type TestServer } from './test-server.ts';
import type { Surface } from './types.ts';

function slowSurface(gate: Promise<void>, begun: () => void): Surface {
  return {
    owner: 'games',
    paths: ['/r'],
    routes(app) {
      app.get('/r/slow', { config: { action: 'public' } }, async () => {
        begun();
        await gate;
        return 'done';
      });
      app.get('/r/fast', { config: { action: 'public' } }, async () => 'fast');
    },
  };
}

async function keptConnection(server: TestServer): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.write('GET /r/fast HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

describe('stopping', () => {
  it('platform 1: requests in flight are finished, kept connections do not hold the stop', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const server = await startTestServer({ surfaces: [slowSurface(gate.promise, begun.resolve)] });
    const idle = await keptConnection(server);
    const idleClosed = once(idle, 'close');
    idle.resume();
    const slow = server.fetch('/r/slow');
    await begun.promise;
    const finished = server.finish(60_000);
    assert.equal(server.stopping, true);
    await idleClosed;
    await assert.rejects(fetch(`${server.url}/r/fast`), 'no new connection is taken');
    gate.resolve();
    const response = await slow;
    assert.equal(await response.text(), 'done');
    await finished;
    await server.close();
  });

  it('platform 1: what does not end within the grace is cut', async () => {
    const begun = Promise.withResolvers<void>();
    const server = await startTestServer({ surfaces: [slowSurface(new Promise(() => undefined), begun.resolve)] });
    const slow = server.fetch('/r/slow');
    await begun.promise;
    await server.finish(1);
    await Promise.all([server.close(), assert.rejects(slow)]);
  });

  it('DESIGN M11: close does not hang on an upgraded socket', async () => {
    const server = await startTestServer({
      surfaces: [slowSurface(Promise.resolve(), () => undefined)],
      upgrade: (_request, socket) =>
        void socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await server.finish(60_000);
    await server.close();
    await closed;
  });

  it('platform 1: while stopping, an answer ends its connection', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const server = await startTestServer({ surfaces: [slowSurface(gate.promise, begun.resolve)] });
    const socket = connect(server.port, '127.0.0.1');
    const chunks: string[] = [];
    socket.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    socket.write('GET /r/slow HTTP/1.1\r\nHost: x\r\n\r\nGET /r/fast HTTP/1.1\r\nHost: x\r\n\r\n');
    await begun.promise;
    const finished = server.finish(60_000);
    const closed = once(socket, 'close');
    gate.resolve();
    await Promise.all([finished, closed]);
    assert.match(chunks.join(''), /done/);
    await server.close();
  });
});
