import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../ports.ts';
import { originForm } from './edge.ts';
import type { UpgradeRoute } from './types.ts';

/** An upgrade route that owns one exact path: tried before the others (PF-60). */
export interface ExactUpgradeRoute extends UpgradeRoute {
  /** For example `/realtime`; `matches` is still asked, with this path and the query. */
  path?: string;
}

export interface UpgradeDispatcher {
  /** Listener of the server's `upgrade` event. */
  dispatch(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** From now on upgrades are answered with 503. */
  stop(): void;
}

/**
 * Whether a request asks for an upgrade we know. For `http.createServer({ shouldUpgradeCallback })`: anything else, such as `Upgrade: h2c`, is
 * answered as plain HTTP (DESIGN M11).
 */
export function isWebsocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.trim().toLowerCase() === 'websocket';
}

const ANSWER_TIMEOUT_MS = 5_000;

/** Answers an upgrade request that is refused, on its raw socket, and closes it. */
export function answerRaw(
  socket: Duplex & { setTimeout?(ms: number, fn: () => void): unknown },
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  // Whoever is refused may be gone already: that is no event worth a word.
  socket.on('error', destroySelf);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const title = STATUS_CODES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  const lines = [
    `HTTP/1.1 ${status} ${title}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.setTimeout?.(ANSWER_TIMEOUT_MS, () => socket.destroy());
  socket.once('finish', destroySelf);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** One dispatcher for all upgrades of the server: exact paths before others, 404 elsewhere (PF-60, DESIGN M11). */
export function createUpgradeDispatcher(
  routes: readonly ExactUpgradeRoute[],
  deps: { log: Logger },
): UpgradeDispatcher {
  const exact = new Map<string, ExactUpgradeRoute[]>();
  for (const route of routes) {
    if (route.path !== undefined) exact.set(route.path, [...(exact.get(route.path) ?? []), route]);
  }
  const others = routes.filter((route) => route.path === undefined);
  let isStopped = false;

  function find(path: string, query: URLSearchParams): UpgradeRoute | undefined {
    return (
      exact.get(path)?.find((route) => route.matches(path, query)) ?? others.find((route) => route.matches(path, query))
    );
  }

  return {
    dispatch(request, socket, head) {
      // Until a route takes over, an error of this socket would end the process.
      socket.on('error', destroySelf);
      if (isStopped) {
        answerRaw(socket, 503, 'The server is stopping.', { 'Retry-After': '1' });
        return;
      }
      const { path, query } = splitUrl(originForm(request));
      const route =
        find(path, query) ?? (path.length > 1 && path.endsWith('/') ? find(path.slice(0, -1), query) : undefined);
      if (route === undefined) {
        answerRaw(socket, 404, 'Nothing is upgraded here.');
        return;
      }
      try {
        route.upgrade(request, socket, head);
      } catch (error) {
        deps.log.error({ err: error, route: route.name }, 'an upgrade failed');
        answerRaw(socket, 500, 'The server failed.');
      }
    },
    stop() {
      isStopped = true;
    },
  };
}

/** Connects a dispatcher to a server; nothing else may listen for its upgrades (PF-60). */
export function attachUpgrades(server: Server, dispatcher: UpgradeDispatcher): void {
  server.on('upgrade', (request, socket, head) => dispatcher.dispatch(request, socket, head));
}

function destroySelf(this: Duplex): void {
  this.destroy();
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}
