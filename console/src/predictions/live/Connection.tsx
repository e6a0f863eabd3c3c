import { type BalanceUpdate, OpcodeSocket, type OpcodeStatus, type SessionKey } from '@greenroom/client';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { useApi } from '../../app/api.tsx';
import { Banner } from '../../app/Banner.tsx';
import { useNotify } from '../../app/Notices.tsx';
import { useAccount, useRecheckAccount } from '../../app/session.ts';
import { messages as m } from '../../messages.ts';
import { applyBalance, applyRoles } from './gameState.ts';

export interface Connection {
  socket: OpcodeSocket;
  userId: string;
  /** Roles and challenge id; known once the key was handed out. */
  key: SessionKey | undefined;
  status: OpcodeStatus;
  balance: Partial<BalanceUpdate>;
  /** Server clock less this machine's, in milliseconds. */
  clockOffsetMs: number;
}

const ConnectionContext = createContext<Connection | null>(null);

/** Short breaks are not worth a banner. */
const BANNER_AFTER_MS = 1_500;
const CLOCK_JUMP_MS = 1_000;

function socketUrl(): string {
  return `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/ws`;
}

/** Whether `status` has been other than open for a while. */
function useIsCutOff(status: OpcodeStatus | undefined): boolean {
  const [isLong, setIsLong] = useState(false);
  const isBroken = status === 'waiting' || status === 'connecting';
  useEffect(() => {
    if (!isBroken) return undefined;
    const timer = setTimeout(() => setIsLong(true), BANNER_AFTER_MS);
    return () => {
      clearTimeout(timer);
      setIsLong(false);
    };
  }, [isBroken]);
  return isBroken && isLong;
}

function readBalance(socket: OpcodeSocket): void {
  // Nothing to do on failure: the next 815 or reconnect brings the figures.
  socket.request(800, {}).catch(() => undefined);
  socket.request(810, {}).catch(() => undefined);
}

/** The same object while nothing has changed: everything below renders again when it does. */
function withRoles(key: SessionKey, roles: SessionKey['roles']): SessionKey {
  return roles === key.roles ? key : { ...key, roles };
}

interface SignedInProps {
  userId: string;
  children: ReactNode;
}

function SignedInConnection({ userId, children }: SignedInProps) {
  const api = useApi();
  const notify = useNotify();
  const recheckAccount = useRecheckAccount();
  const recheck = useRef(recheckAccount);
  recheck.current = recheckAccount;
  // A change of password closes the socket of this device too, though it stays signed in: then a new one is opened.
  const [generation, setGeneration] = useState(0);
  const [socket, setSocket] = useState<OpcodeSocket | null>(null);
  const [key, setKey] = useState<SessionKey>();
  const [status, setStatus] = useState<OpcodeStatus>('idle');
  const [balance, setBalance] = useState<Partial<BalanceUpdate>>({});
  const [clockOffsetMs, setClockOffsetMs] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each generation is a new socket
  useEffect(() => {
    const opened = new OpcodeSocket({
      url: socketUrl(),
      credentials: async () => {
        const fresh = await api.predictions.sessionKey();
        setKey(fresh);
        return { userId: fresh.user_id, sessionKey: fresh.user_session_key };
      },
    });
    opened.on('status', (next) => {
      setStatus(next);
      if (next === 'open') readBalance(opened);
    });
    opened.on('message', (message) => {
      setBalance((known) => applyBalance(known, message));
      setKey((known) => known && withRoles(known, applyRoles(known.roles, message)));
      const offsetMs = (message.response_header.t ?? Date.now()) - Date.now();
      setClockOffsetMs((known) => (Math.abs(known - offsetMs) > CLOCK_JUMP_MS ? offsetMs : known));
    });
    opened.on('ended', (reason) => {
      if (reason === 'closed') return;
      if (reason === 'refused') notify(m.failures.network, 'error');
      else void recheck.current().then((account) => account && setGeneration((known) => known + 1));
    });
    const retry = () => opened.reconnectNow();
    window.addEventListener('online', retry);
    setSocket(opened);
    opened.connect();
    return () => {
      window.removeEventListener('online', retry);
      opened.close();
    };
  }, [api, notify, generation]);
  const isCutOff = useIsCutOff(status);
  if (socket === null) return null;
  return (
    <ConnectionContext value={{ socket, userId, key, status, balance, clockOffsetMs }}>
      <Banner text={isCutOff ? m.frame.reconnecting : null} />
      {children}
    </ConnectionContext>
  );
}

/** Holds the opcode websocket of the signed-in account for all pages below; guests have none. */
export function ConnectionProvider({ children }: { children: ReactNode }) {
  const { account } = useAccount();
  if (!account) return children;
  return (
    <SignedInConnection key={account.id} userId={account.id}>
      {children}
    </SignedInConnection>
  );
}

/** The websocket and what hangs on it; `null` for guests. */
export function useConnection(): Connection | null {
  return useContext(ConnectionContext);
}
