import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** A TCP proxy in front of PostgreSQL or Redis that a test cuts and mends: an outage of the network, as often as one likes. */
export class CutProxy {
  readonly #server: Server;
  readonly #target: NetConnectOpts;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(target: NetConnectOpts) {
    this.#target = target;
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** The proxy, and `url` leading through it. */
  static async before(url: string): Promise<{ proxy: CutProxy; url: string }> {
    const through = new URL(url);
    const proxy = new CutProxy(targetOf(through));
    // The embedded server's socket is named by the query, which would lead past the proxy.
    through.searchParams.delete('host');
    through.searchParams.delete('port');
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    through.hostname = '127.0.0.1';
    through.port = String((proxy.#server.address() as AddressInfo).port);
    return { proxy, url: through.toString() };
  }

  /** Breaks every connection; new ones end at once until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect(this.#target);
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}

/** Where a URL leads: a TCP port, or PostgreSQL's socket in a folder. */
function targetOf(url: URL): NetConnectOpts {
  const folder = url.searchParams.get('host');
  if (folder?.startsWith('/')) return { path: join(folder, `.s.PGSQL.${url.searchParams.get('port') ?? '5432'}`) };
  return { host: url.hostname, port: Number(url.port) };
}
