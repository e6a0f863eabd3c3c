import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import {
  answerRaw,
  attachUpgrades,
  createUpgradeDispatcher,
  type ExactUpgradeRoute,
  isWebsocketUpgrade,
} from './upgrades.ts';

const log = pino({ level: 'silent' });

function route(name: string, extra: Partial<ExactUpgradeRoute>): ExactUpgradeRoute {
  return {
    name,
    matches: () => true,
    upgrade: (_request: IncomingMessage, socket: Duplex) => answerRaw(socket, 418, name),
    ...extra,
  };
}

async function start(routes: ExactUpgradeRoute[]) {
  const server = createServer({ shouldUpgradeCallback: isWebsocketUpgrade }, (_request, response) => {
    response.setHeader('Connection', 'close').end('plain');
  });
  const dispatcher = createUpgradeDispatcher(routes, { log });
  attachUpgrades(server, dispatcher);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    dispatcher,
    async ask(path: string, upgrade = 'websocket'): Promise<{ status: number; body: string }> {
      const socket = connect(port, '127.0.0.1');
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\n\r\n`,
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      await once(socket, 'close');
      return { status: Number(text.slice(9, 12)), body: text.slice(text.indexOf('\r\n\r\n') + 4) };
    },
    socket: () => connect(port, '127.0.0.1'),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('PF-60 the target of an upgrade may come in absolute form, as proxies send it', async () => {
  const server = await start([route('realtime', { path: '/realtime' })]);
  assert.equal(nameOf(await server.ask('http://live.example.org/realtime?a=1')), 'realtime');
  await server.stop();
});

const nameOf = ({ body }: { body: string }) => (JSON.parse(body) as { detail: string }).detail;

test('PF-60 exact paths before others, 404 elsewhere, one trailing slash ignored', async () => {
  const server = await start([
    route('prefix', { matches: (path) => path.startsWith('/socket.io/') || path === '/realtime' }),
    route('exact', { path: '/realtime' }),
    route('digest', { path: '/', matches: (_path, query) => query.has('h') }),
  ]);
  assert.equal(nameOf(await server.ask('/realtime?x=1')), 'exact');
  assert.equal(nameOf(await server.ask('/realtime/')), 'exact');
  assert.equal(nameOf(await server.ask('/socket.io/?EIO=4')), 'prefix');
  assert.equal(nameOf(await server.ask('/?id=1&h=2')), 'digest');
  for (const path of ['/', '/realtimes', '/realtime/v1', '//', '/socket.io', '/%00']) {
    assert.equal((await server.ask(path)).status, 404, path);
  }
  await server.stop();
});

test('DESIGN-M11 an upgrade to something else is answered as plain HTTP', async () => {
  const server = await start([route('exact', { path: '/realtime' })]);
  assert.deepEqual(await server.ask('/realtime', 'h2c'), { status: 200, body: 'plain' });
  assert.equal((await server.ask('/realtime', 'WebSocket')).status, 418);
  await server.stop();
});

test('a route that throws is 500, a stopped dispatcher 503, and the process lives', async () => {
  const server = await start([
    route('broken', {
      path: '/broken',
      upgrade: () => {
        throw new Error('bug');
      },
    }),
  ]);
  const answer = await server.ask('/broken');
  assert.equal(answer.status, 500);
  assert.ok(!answer.body.includes('bug'), 'nothing of the fault leaves');
  server.dispatcher.stop();
  assert.equal((await server.ask('/broken')).status, 503);
  await server.stop();
});

test('a client that resets while its upgrade waits hurts nobody', async () => {
  let waiting: Duplex | undefined;
  const server = await start([
    route('slow', {
      path: '/slow',
      upgrade: (_request, socket) => {
        waiting = socket;
      },
    }),
  ]);
  const client = server.socket();
  client.write('GET /slow HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  while (waiting === undefined) await new Promise((resolve) => setImmediate(resolve));
  client.resetAndDestroy();
  while (!waiting.destroyed) await new Promise((resolve) => setImmediate(resolve));
  answerRaw(waiting, 404, 'late');
  await server.stop();
});
