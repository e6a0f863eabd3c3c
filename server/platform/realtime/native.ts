import type { IncomingMessage } from 'node:http';
import type { AccountPrincipal, Principal } from '../accounts/types.ts';
import { DomainError, Forbidden, Unauthenticated } from '../errors.ts';
import { answerRaw, type ExactUpgradeRoute } from '../http/upgrades.ts';
import { sendError } from './answers.ts';
import { Channels } from './channels.ts';
import { CLOSE_CODES } from './codes.ts';
import { NativeSession } from './native-session.ts';
import { type OpenTopicDeps, TopicOpener } from './open-topic.ts';
import type { Presence } from './presence.ts';
import { createSocketServer, type SocketServerDeps } from './sockets.ts';
import type { SocketServer } from './types.ts';

/** Who a token proves, and until when (epoch ms; null = until access ends). */
export interface VerifiedToken {
  principal: AccountPrincipal;
  expiresAt: number | null;
}

export interface NativeWireDeps extends OpenTopicDeps, SocketServerDeps {
  presence?: Presence;
  /** Who asks for the upgrade, by its cookie or header; anonymous without. @throws DomainError to refuse it. */
  authenticate(request: IncomingMessage): Promise<Principal>;
  /** @throws DomainError when the token is not accepted. */
  verifyToken(token: string, address: string): Promise<VerifiedToken>;
  /** Whether a page of that origin may use the visitor's cookies (PF-64); undefined = none was told. */
  isAllowedOrigin(origin: string | undefined, host: string | undefined): boolean;
}

export interface NativeWire {
  server: SocketServer;
  route: ExactUpgradeRoute;
}

/** The native protocol at `/realtime` (PF-23); docs/realtime.md is its description. */
export function createNativeWire(deps: NativeWireDeps): NativeWire {
  const channels = new Channels(deps.feed);
  const opener = new TopicOpener(deps);
  const server = createSocketServer(
    {
      name: 'native',
      slowReaderCode: CLOSE_CODES.slowReader.code,
      accept: (socket) => void new NativeSession(socket, { ...deps, channels, opener }),
      onTooLarge: (socket) => sendError(socket, null, { code: 'too_large', message: 'At most 64 KiB a message.' }),
      onTooMany: (socket, retryAfterMs) =>
        sendError(socket, null, { code: 'too_many', message: 'Too many messages a second.', retryAfterMs }),
    },
    deps,
  );
  return { server, route: createRoute(server, deps) };
}

function createRoute(server: SocketServer, deps: NativeWireDeps): ExactUpgradeRoute {
  return {
    name: 'native',
    path: '/realtime',
    matches: () => true,
    upgrade: (request, socket, head) => {
      const refuse = (error: unknown) => {
        if (!(error instanceof DomainError))
          deps.ports.log.error({ err: error }, 'an upgrade could not be authenticated');
        const { status, message } =
          error instanceof DomainError ? error : { status: 500, message: 'The server failed.' };
        answerRaw(socket, status, message);
      };
      deps.connections
        .findPrincipal(
          () => deps.authenticate(request),
          (principal, hasEnded) => {
            if (hasEnded) throw new Unauthenticated('unauthenticated', 'The session has ended.');
            requireOwnOrigin(request, principal, deps);
            server.handleUpgrade(request, socket, head, principal);
          },
        )
        .catch(refuse);
    },
  };
}

/** A page of a foreign origin must not act with the visitor's cookies; a header no page can send is its own proof (PF-64). */
function requireOwnOrigin(request: IncomingMessage, principal: Principal, deps: NativeWireDeps): void {
  const { authorization, origin, host } = request.headers;
  if (principal.kind !== 'account' || authorization !== undefined || deps.isAllowedOrigin(origin, host)) return;
  throw new Forbidden('foreign_origin', 'This origin may not use the session.');
}
