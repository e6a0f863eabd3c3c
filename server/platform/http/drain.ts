import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Stops a server that Node's own `close` would leave hanging on kept connections, running requests and upgraded sockets (DESIGN M11). Counts what
 * is in flight; sockets of websockets are the hub's to close, and are cut at the end like all others.
 */
export class Drain {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #inFlight = new Set<ServerResponse>();
  #stopping = false;
  #settled: (() => void) | undefined;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /**
   * The listener with its requests counted until their answer has ended. Answers that are written at once need no counting: what of them is not yet
   * sent is seen on the sockets.
   */
  counted(listener: RequestListener): RequestListener {
    return (request, response) => {
      this.#inFlight.add(response);
      response.once('close', () => {
        this.#inFlight.delete(response);
        if (this.#inFlight.size === 0) this.#settled?.();
      });
      listener(request, response);
    };
  }

  /** No new connections; resolves when the last request has its answer, or after `graceMs`. Kept connections without a request end at once. */
  async finish(graceMs: number): Promise<void> {
    this.#stopping = true;
    // Its callback waits for every socket, so it is not what we wait for.
    this.#server.close();
    this.#server.closeIdleConnections();
    for (const response of this.#inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = setTimeout(resolve, graceMs);
    await Promise.race([promise, this.#allSent()]);
    clearTimeout(limit);
    this.#server.closeIdleConnections();
  }

  async #allSent(): Promise<void> {
    if (this.#inFlight.size > 0) await new Promise<void>((resolve) => (this.#settled = resolve));
    const sending = [...this.#sockets].filter((socket) => socket.writableLength > 0);
    await Promise.all(
      sending.map((socket) => new Promise((resolve) => socket.once('drain', resolve).once('close', resolve))),
    );
  }

  /** Cuts every connection that is left. */
  cut(): void {
    this.#stopping = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
