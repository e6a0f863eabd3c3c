import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { duration, flag, integer, text } from './setting-types.ts';
import { formatFault, type LoadedSettings, loadSettings, moduleEnvKey, type SettingsInput } from './settings.ts';

const draws = {
  jwt_secret: text<string | null>({ doc: 'key', default: null, secret: true }),
  public_events: flag({ doc: 'events without sign-in', default: false }),
};
const races = { 'partner.timeout_ms': integer({ doc: 'timeout', min: 1, max: 60_000, default: 5000 }) };
const modules = { draws, races };

function load(input: SettingsInput): LoadedSettings {
  const outcome = loadSettings({ modules, ...input });
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.faults.map(formatFault).join('\n'));
  return outcome.settings;
}

function faults(input: SettingsInput): string[] {
  const outcome = loadSettings({ modules, ...input });
  assert.ok(!outcome.ok, 'expected faults');
  return outcome.faults.map(formatFault);
}

describe('settings', () => {
  it('platform 1.1: defaults need no environment', () => {
    const { platform } = load({ env: {} });
    assert.equal(platform.PORT, 8080);
    assert.equal(platform.HOST, '127.0.0.1');
    assert.equal(platform.PUBLIC_URL, 'http://127.0.0.1:8080');
    assert.equal(platform.DATABASE_URL, null);
    assert.deepEqual(platform.MODULES, ['draws', 'races']);
    assert.deepEqual(platform.ROLES, ['api', 'resolver', 'events', 'sync', 'worker']);
    assert.ok(Object.isFrozen(platform) && Object.isFrozen(platform.MODULES) && Object.isFrozen(platform.ROLES));
  });

  it('a duration is a whole number with its unit, milliseconds without', () => {
    const setting = duration({ doc: 'window', minMs: 0, maxMs: 86_400_000, default: 900_000 });
    for (const [given, valueMs] of [
      ['15 min', 900_000],
      ['24h', 86_400_000],
      ['1 d', 86_400_000],
      ['30s', 30_000],
      ['700 ms', 700],
      ['0', 0],
    ] as const) {
      assert.equal(setting.parse(given), valueMs, given);
    }
    for (const wrong of ['', '15 minutes', '-1 s', '1.5 h', '25 h', 'min'])
      assert.throws(() => setting.parse(wrong), wrong);
    assert.equal(setting.accepts, 'a duration from 0 ms to 1 d: a whole number and ms, s, min, h, d (none = ms)');
  });

  it('platform 1.1: in production the server listens on all addresses', () => {
    assert.equal(load({ env: { NODE_ENV: 'production' } }).platform.HOST, '0.0.0.0');
    assert.equal(load({ env: { NODE_ENV: 'production', HOST: '10.0.0.1' } }).platform.HOST, '10.0.0.1');
  });

  it('platform 1.1: an empty variable is not set', () => {
    assert.equal(load({ env: { PORT: '', DATABASE_URL: '' } }).platform.PORT, 8080);
  });

  it('platform 1.1: one line a fault, naming key, fault and accepted form', () => {
    assert.deepEqual(
      faults({ env: { PORT: '80800', LOG_LEVEL: 'loud', ROLES: 'api,cook', TRUSTED_PROXIES: '10.0.0.0/33' } }),
      [
        'PORT: "80800" is above the accepted range; accepted: a whole number from 0 to 65535',
        'ROLES: "api,cook" names "cook", which is not accepted; accepted: any of api, resolver, events, sync, worker, separated by commas',
        'TRUSTED_PROXIES: "10.0.0.0/33" names "10.0.0.0/33", which is not accepted; accepted: addresses or CIDR ranges, separated by commas',
        'LOG_LEVEL: "loud" is none of the accepted words; accepted: one of trace, debug, info, warn, error, silent',
      ],
    );
  });

  it('platform 1.1: an unknown GREENROOM_ key is a fault and names its neighbours', () => {
    const [line] = faults({ env: { GREENROOM_DRAW_JWT_SECRET: 'x' } });
    assert.match(line!, /^GREENROOM_DRAW_JWT_SECRET: is no setting; accepted: for example GREENROOM_DRAWS_JWT_SECRET/);
    assert.match(faults({ env: {}, file: { PROT: 1 } })[0]!, /^PROT: is no setting; accepted: for example PORT/);
    load({ env: { GREENROOM_TEST_DATABASE_URL: 'postgres://x' } });
  });

  it('platform 1.1: impossible combinations are faults', () => {
    assert.match(
      faults({ env: { DATABASE_URL: 'postgres://db/greenroom' } })[0]!,
      /^SECRET_KEY: is missing although DATABASE_URL/,
    );
    assert.match(faults({ env: { TLS_CERT: 'a.pem' } })[0]!, /^TLS_KEY: is missing although TLS_CERT/);
    assert.match(faults({ env: { MODULES: 'draws,darts' } })[0]!, /^MODULES: names "darts"/);
    assert.match(faults({ env: { PUBLIC_URL: 'https://x.org/live' } })[0]!, /^PUBLIC_URL: has a path/);
    const key = 'k'.repeat(40);
    assert.match(
      faults({ env: { SECRET_KEY: key, SECRET_KEY_PREVIOUS: key } })[0]!,
      /^SECRET_KEY_PREVIOUS: is the same/,
    );
  });

  it('platform 1.1: the fault of a secret never shows its value', () => {
    assert.deepEqual(faults({ env: { SECRET_KEY: 'hunter2' } }), [
      'SECRET_KEY: the value is too short; accepted: at least 32 random characters',
    ]);
  });

  it('PF-78: environment beats file beats panel beats default, and the source is told', () => {
    const file = { PORT: 9000, modules: { draws: { public_events: true }, races: { partner: { timeout_ms: 7000 } } } };
    const loaded = load({ env: { GREENROOM_RACES_PARTNER_TIMEOUT_MS: '9000' }, file });
    assert.equal(loaded.platform.PORT, 9000);
    assert.equal(loaded.module('draws', draws).public_events, true);
    assert.equal(loaded.module('races', races)['partner.timeout_ms'], 9000);
    const outcome = loaded.withPanel({
      'modules.draws.public_events': 'false',
      'modules.draws.jwt_secret': 'from the panel',
    });
    assert.ok(outcome.ok);
    assert.equal(outcome.settings.module('draws', draws).public_events, true);
    assert.equal(outcome.settings.module('draws', draws).jwt_secret, 'from the panel');
    const sources = new Map(outcome.settings.describe().map((setting) => [setting.key, setting.source]));
    assert.equal(sources.get('PORT'), 'file');
    assert.equal(sources.get('GREENROOM_RACES_PARTNER_TIMEOUT_MS'), 'environment');
    assert.equal(sources.get('GREENROOM_DRAWS_JWT_SECRET'), 'panel');
    assert.equal(sources.get('HOST'), 'default');
  });

  it('PF-78: a module key becomes an environment key', () => {
    assert.equal(moduleEnvKey('draws', 'jwt_secret'), 'GREENROOM_DRAWS_JWT_SECRET');
    assert.equal(moduleEnvKey('races', 'partner.timeout_ms'), 'GREENROOM_RACES_PARTNER_TIMEOUT_MS');
  });

  it('platform 1.1: secrets are masked in descriptions', () => {
    const loaded = load({
      env: { DATABASE_URL: 'postgres://u:pw@db/x', SECRET_KEY: 's'.repeat(32), GREENROOM_DRAWS_JWT_SECRET: 'quiet' },
    });
    const shown = JSON.stringify(loaded.describe());
    for (const secret of ['pw@db', 'ssss', 'quiet']) assert.ok(!shown.includes(secret), secret);
    const described = loaded.describe().find((setting) => setting.key === 'HOST');
    assert.equal(described?.value, '127.0.0.1');
  });
});
