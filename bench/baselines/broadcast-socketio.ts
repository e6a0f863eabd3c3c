import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { Contestant } from '../broadcast.ts';

/** Socket.IO 4, websocket transport only, one emit to a room a message: its documented way to broadcast. */
export function startSocketIo(server: HttpServer): Contestant {
  const io = new Server(server, {
    transports: ['websocket'],
    perMessageDeflate: false,
    serveClient: false,
    pingInterval: 3_600_000,
  });
  let joined = 0;
  io.on('connection', (socket) => {
    void socket.join('topic');
    joined++;
    socket.on('disconnect', () => {
      joined--;
    });
  });
  return {
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: '40',
    joined: () => joined,
    publish: (body) => void io.to('topic').emit('event', body),
    // Frame header, packet `42["event",` and `]`, the body as it is.
    frameBytes: (body) => 4 + 12 + JSON.stringify(body).length,
    close: () => void io.close(),
  };
}
