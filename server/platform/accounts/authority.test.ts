import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forbidden, Unauthenticated } from '../errors.ts';
import { ACCOUNT_ACTIONS, accessMatrix, createAuthority, granted, samplePrincipals } from './authority.ts';
import type { Principal } from './types.ts';

const OWN = ['account', 'superuser', 'draws.staff', 'races.admin', 'predictions.developer'];

function build() {
  const authority = createAuthority();
  authority.define(ACCOUNT_ACTIONS);
  return authority;
}

test('PF-16: the whole matrix of the platform, principal kind by action', () => {
  assert.deepEqual(accessMatrix(build()), {
    'platform.account.list': ['superuser', 'system'],
    'platform.account.set_grants': ['superuser', 'system'],
    'platform.account.set_state': ['superuser', 'system'],
    'platform.mail.list': ['superuser', 'system'],
    'platform.password.change': OWN,
    'platform.second_factor.change': OWN,
    'platform.second_factor.read': OWN,
    'platform.session.end': OWN,
    'platform.session.list': OWN,
    public: Object.keys(samplePrincipals()),
  });
});

test('PF-71: superuser includes the other grants', () => {
  const authority = createAuthority();
  authority.define({ 'races.race.create': granted('races.admin') });
  assert.deepEqual(accessMatrix(authority)['races.race.create'], ['superuser', 'races.admin', 'superuser by token']);
});

test('PF-16: an action without policy, or with two, is a mistake of ours', () => {
  const authority = build();
  const { account } = samplePrincipals();
  assert.throws(() => authority.can(account as Principal, 'platform.moon.land'), /no policy/);
  assert.throws(() => authority.define({ public: () => false }), /twice/);
});

test('PF-16: refused is 401 for nobody, 403 for somebody', () => {
  const authority = build();
  const { anonymous, account, superuser } = samplePrincipals();
  const code = 'not_authorized';
  assert.throws(
    () => authority.require(anonymous as Principal, 'platform.session.list'),
    (error) => error instanceof Unauthenticated && error.code === code,
  );
  assert.throws(
    () => authority.require(account as Principal, 'platform.account.list'),
    (error) => error instanceof Forbidden && error.code === code,
  );
  authority.require(superuser as Principal, 'platform.account.list');
});

test('PF-16: a policy sees what the service has loaded', () => {
  const authority = createAuthority();
  authority.define({
    'draws.event.edit': (principal, resource) =>
      principal.kind === 'account' && (resource === null || resource === principal.accountId),
  });
  const account = samplePrincipals().account as Principal & { accountId: string };
  assert.equal(authority.can(account, 'draws.event.edit'), true);
  assert.equal(authority.can(account, 'draws.event.edit', account.accountId), true);
  assert.equal(authority.can(account, 'draws.event.edit', 'somebody else'), false);
});
