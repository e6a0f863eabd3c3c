import type { Server as HttpServer } from 'node:http';
import { pino } from 'pino';
import type { EventFeed, LoggedEvent } from '../../server/platform/events/types.ts';
import { attachUpgrades, createUpgradeDispatcher } from '../../server/platform/http/upgrades.ts';
import { createChannel } from '../../server/platform/realtime/channel.ts';
import { Connections } from '../../server/platform/realtime/connections.ts';
import { Flusher } from '../../server/platform/realtime/flusher.ts';
import { encodeJsonFrame } from '../../server/platform/realtime/frame.ts';
import { DEFAULT_REALTIME_SETTINGS } from '../../server/platform/realtime/settings.ts';
import { createSocketServer } from '../../server/platform/realtime/sockets.ts';
import type { Contestant } from '../broadcast.ts';

const TOPIC = 'bench/topic';

/** Greenroom's own way from an event to the sockets: channel, outlet, flusher; only the database is left out. */
export function startOurs(server: HttpServer): Contestant {
  let deliver: ((events: readonly LoggedEvent[]) => void) | undefined;
  const feed: EventFeed = {
    epoch: 'bench',
    follow: async (_topic, fn) => {
      deliver = fn;
      return { seq: 0, stop: () => undefined };
    },
    read: async () => [],
    head: async () => 0,
  };
  const settings = { ...DEFAULT_REALTIME_SETTINGS, maxPerAddress: 1_000_000 };
  const flusher = new Flusher(settings);
  const channel = createChannel(feed, TOPIC, (event) => encodeJsonFrame(event.data));
  let id = 0;
  const sockets = createSocketServer(
    {
      name: 'bench',
      slowReaderCode: 1013,
      onTooLarge: () => undefined,
      accept: (socket) => {
        socket.onClose(() => channel.remove(socket));
        void channel.hold(socket).then((seat) => seat.start(seat.seq));
      },
    },
    {
      settings,
      connections: new Connections(settings),
      flusher,
      ports: {
        clock: { now: () => Date.now(), at: () => () => undefined },
        ids: { uuid: () => `${++id}` },
        log: pino({ level: 'silent' }),
      },
      addressOf: () => '127.0.0.1',
    },
  );
  const dispatcher = createUpgradeDispatcher(
    [
      {
        name: 'bench',
        path: '/',
        matches: () => true,
        upgrade: (request, socket, head) => sockets.handleUpgrade(request, socket, head),
      },
    ],
    { log: pino({ level: 'silent' }) },
  );
  attachUpgrades(server, dispatcher);
  let seq = 0;
  return {
    path: '/',
    hello: null,
    joined: () => channel.size,
    publish: (body) => deliver?.([{ topic: TOPIC, seq: ++seq, type: 'event', at: 0, actor: null, data: body }]),
    frameBytes: (body) => encodeJsonFrame(body).length,
    writes: () => flusher.stats.writes,
    close: () => void sockets.close(1_000),
  };
}
