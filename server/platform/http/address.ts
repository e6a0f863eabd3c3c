import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Who sends a request, seen through trusted proxies (TRUSTED_PROXIES). */
export interface Addresses {
  /** The sender's address: the peer, or the nearest untrusted entry of X-Forwarded-For when the peer is a trusted proxy. */
  of(request: IncomingMessage): string;
  /** Whether the request came by HTTPS, as the socket or a trusted proxy says. */
  secure(request: IncomingMessage): boolean;
}

/** `trusted` are addresses and CIDR ranges, already checked by the settings. */
export function createAddresses(trusted: readonly string[]): Addresses {
  const proxies = new BlockList();
  for (const range of trusted) {
    const [address = '', prefix] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(prefix), family);
  }
  const isTrusted = (address: string) =>
    trusted.length > 0 && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return {
    of(request) {
      const peer = plain(request.socket.remoteAddress ?? '0.0.0.0');
      if (!isTrusted(peer)) return peer;
      const chain = headerText(request, 'x-forwarded-for').split(',');
      for (let index = chain.length - 1; index >= 0; index--) {
        const address = plain(chain[index]!.trim());
        // What stands before an unreadable entry was written by nobody we trust.
        if (isIP(address) === 0) return peer;
        if (!isTrusted(address)) return address;
      }
      return peer;
    },
    secure(request) {
      if ('encrypted' in request.socket && request.socket.encrypted === true) return true;
      const peer = plain(request.socket.remoteAddress ?? '0.0.0.0');
      return isTrusted(peer) && headerText(request, 'x-forwarded-proto').split(',').at(-1)?.trim() === 'https';
    },
  };
}

/** The part of an address that limits count: IPv6 hosts own a /64, so that is one sender. */
export function limitAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return `${[...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')}::/64`;
}

/** True for the machine itself. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function headerText(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
