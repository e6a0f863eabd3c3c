import type { Server as HttpServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Contestant } from '../broadcast.ts';

/** A plain `ws` loop at its best: the message is serialised once, as bytes, and sent to every open socket. */
export function startWsLoop(server: HttpServer): Contestant {
  const sockets = new Set<WebSocket>();
  const wss = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false });
  wss.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return {
    path: '/',
    hello: null,
    joined: () => sockets.size,
    publish: (body) => {
      const bytes = Buffer.from(JSON.stringify(body));
      for (const socket of sockets) if (socket.readyState === socket.OPEN) socket.send(bytes, { binary: false });
    },
    frameBytes: (body) => 4 + JSON.stringify(body).length,
    close: () => wss.close(),
  };
}
