import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createAddresses, limitAddress } from './address.ts';

function request(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  const message = new IncomingMessage(socket);
  Object.assign(message.headers, headers);
  return message;
}

describe('addresses', () => {
  it('platform 1.1: X-Forwarded-For is believed from trusted proxies only', () => {
    const addresses = createAddresses(['10.0.0.0/8', '::1']);
    const of = (peer: string, forwarded?: string) =>
      addresses.of(request(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }));
    assert.equal(of('203.0.113.5', '1.2.3.4'), '203.0.113.5');
    assert.equal(of('10.0.0.1', '1.2.3.4'), '1.2.3.4');
    assert.equal(of('::ffff:10.0.0.1', '1.2.3.4'), '1.2.3.4');
    assert.equal(
      of('10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9'),
      '1.2.3.4',
      'what the sender wrote himself does not count',
    );
    assert.equal(of('10.0.0.1', '1.2.3.4, unknown'), '10.0.0.1');
    assert.equal(of('10.0.0.1'), '10.0.0.1');
    assert.equal(of('::1', '2001:db8::7'), '2001:db8::7');
    assert.equal(createAddresses([]).of(request('127.0.0.1', { 'x-forwarded-for': '1.2.3.4' })), '127.0.0.1');
  });

  it('PF-64: a trusted proxy says whether the request came by HTTPS', () => {
    const addresses = createAddresses(['10.0.0.1']);
    assert.equal(addresses.secure(request('10.0.0.1', { 'x-forwarded-proto': 'https' })), true);
    assert.equal(addresses.secure(request('10.0.0.1', { 'x-forwarded-proto': 'https, http' })), false);
    assert.equal(addresses.secure(request('10.0.0.2', { 'x-forwarded-proto': 'https' })), false);
  });

  it('PF-09: an IPv6 host is counted by its /64', () => {
    assert.equal(limitAddress('192.0.2.1'), '192.0.2.1');
    assert.equal(limitAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(limitAddress('2001:db8:1:2::9'), limitAddress('2001:db8:1:2:a::'));
    assert.equal(limitAddress('::1'), '0:0:0:0::/64');
  });
});
