import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { createLogger } from './logger.ts';

describe('logger', () => {
  it('DESIGN 7: secrets are never written', () => {
    const destination = new PassThrough({ encoding: 'utf8' });
    const log = createLogger({ level: 'info', readable: false, destination });
    log.info({ password: 'pw-1', user: { token: 'pw-2', inner: { secret: 'pw-3' } } }, 'login');
    log.info(
      { req: { headers: { authorization: 'pw-4', cookie: 'pw-5' } }, headers: { 'set-cookie': 'pw-6' } },
      'request',
    );
    log.info({ settings: { DATABASE_URL: 'pw-7' } }, 'start');
    const lines = String(destination.read()).trim().split('\n');
    assert.equal(lines.length, 3);
    assert.doesNotMatch(lines.join(''), /pw-\d/);
    assert.equal(JSON.parse(lines[0]!).msg, 'login');
  });

  it('platform 1: readable on a terminal', async () => {
    const destination = new PassThrough({ encoding: 'utf8' });
    const log = createLogger({ level: 'info', readable: true, destination });
    log.info('listening');
    const [line] = await once(destination, 'data');
    assert.match(line, /INFO.*listening/);
  });
});
