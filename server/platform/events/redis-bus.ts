import { Redis } from 'ioredis';
import type { Logger } from '../ports.ts';
import type { Bus, BusMessage } from './types.ts';

/** A Redis message above this is not sent: the other processes read the events from the log instead. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** The bus over Redis publish/subscribe: fast, and allowed to lose (PF-21). Messages of one tick travel as one. */
export async function createRedisBus(options: { url: string; channel: string; processId: string; log: Logger }): Promise<Bus & { ready(): boolean }> {
  const connect = () => new Redis(options.url, { lazyConnect: true, maxRetriesPerRequest: 1, enableOfflineQueue: false, retryStrategy: (n) => Math.min(50 * 2 ** n, 2000) });
  const sender = connect();
  const receiver = connect();
  const listeners = new Set<(message: BusMessage) => void>();
  const reconnected = new Set<() => void>();
  let outgoing: BusMessage[] = [];
  let subscribed = false;

  for (const [name, client] of [['sender', sender], ['receiver', receiver]] as const) {
    client.on('error', (err: Error) => options.log.warn({ err: err.message, client: name }, 'redis bus'));
  }
  receiver.on('close', () => {
    subscribed = false;
  });
  receiver.on('ready', () => {
    receiver.subscribe(options.channel).then(
      () => {
        subscribed = true;
        for (const fn of reconnected) fn();
      },
      (err: Error) => options.log.warn({ err: err.message }, 'redis bus could not subscribe'),
    );
  });
  receiver.on('message', (_channel: string, text: string) => {
    const { from, messages } = JSON.parse(text) as { from: string; messages: BusMessage[] };
    if (from === options.processId) return;
    for (const message of messages) for (const fn of listeners) fn(message);
  });

  const flush = () => {
    const messages = outgoing;
    outgoing = [];
    if (sender.status !== 'ready') return;
    const text = JSON.stringify({ from: options.processId, messages });
    if (text.length > MAX_MESSAGE_BYTES) return;
    sender.publish(options.channel, text).catch((err: Error) => options.log.warn({ err: err.message }, 'redis bus lost a message'));
  };

  // A Redis that is away must not stop the start: heads are compared until it is back (DESIGN M7).
  await Promise.allSettled([sender.connect(), receiver.connect()]);
  return {
    publish(message) {
      if (outgoing.push(message) === 1) setImmediate(flush);
    },
    subscribe(fn) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    healthy: () => subscribed && sender.status === 'ready',
    ready: () => subscribed && sender.status === 'ready',
    onReconnect(fn) {
      reconnected.add(fn);
      return () => reconnected.delete(fn);
    },
    async close() {
      listeners.clear();
      reconnected.clear();
      sender.disconnect();
      receiver.disconnect();
    },
  };
}
