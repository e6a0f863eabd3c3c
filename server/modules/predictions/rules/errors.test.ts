import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidParameter, missingParameter, RULE_ERRORS, RuleError, type RuleErrorName } from './errors.ts';

/** Contract 4.5 with the REST status of section 3. */
const REGISTRY: readonly (readonly [number, string, number])[] = [
  [6601, 'insufficient_funds', 409],
  [6602, 'not_authorized', 401],
  [6603, 'not_logged_on', 403],
  [6604, 'unknown_op', 404],
  [6605, 'malformed_message', 400],
  [6606, 'missing_parameter', 400],
  [6607, 'invalid_parameter', 400],
  [6608, 'unknown_source', 404],
  [6609, 'unknown_game', 404],
  [6610, 'unknown_pool', 404],
  [6611, 'unknown_target', 404],
  [6612, 'unknown_action', 404],
  [6613, 'target_not_leaf', 400],
  [6614, 'mixed_target_levels', 400],
  [6615, 'pool_blocked', 409],
  [6616, 'pool_closed', 409],
  [6617, 'game_not_open', 409],
  [6618, 'game_closed', 409],
  [6619, 'source_closed', 409],
  [6620, 'other_target_backed', 409],
  [6621, 'amount_invalid', 400],
  [6622, 'not_subscribed', 409],
  [6623, 'rate_limited', 429],
  [6624, 'user_unknown', 404],
  [6625, 'event_time_invalid', 400],
  [6626, 'unsupported_currency', 400],
  [6627, 'unresolved_pools', 409],
  [6628, 'internal_error', 500],
  [6629, 'idempotency_mismatch', 422],
];

test('the registry holds exactly the codes of 4.5, each with its status', () => {
  const entries = Object.entries(RULE_ERRORS).map(([error, { code, status }]) => [code, error, status]);
  assert.deepEqual(entries, REGISTRY);
});

test('every error says something different to its reader, in one sentence', () => {
  const texts = Object.values(RULE_ERRORS).map((entry) => entry.text);
  assert.equal(new Set(texts).size, texts.length);
  for (const text of texts) assert.match(text, /^[A-Z].{15,}\.$/);
});

test('a rule error carries name, code, status, text and details of its entry', () => {
  for (const [code, name, status] of REGISTRY) {
    const error = new RuleError(name as RuleErrorName);
    assert.equal(error.error, name);
    assert.equal(error.code, code);
    assert.equal(error.status, status);
    assert.equal(error.message, RULE_ERRORS[name as RuleErrorName].text);
    assert.equal(error.details, undefined);
    assert.equal(error.name, 'RuleError');
    assert.ok(error instanceof Error);
  }
});

test('status and text can be worded otherwise by a route', () => {
  const taken = new RuleError('invalid_parameter', { name: 'username' }, { status: 409, text: 'Taken.' });
  assert.deepEqual(
    [taken.code, taken.status, taken.message, taken.details],
    [6607, 409, 'Taken.', { name: 'username' }],
  );
});

test('the text names the parameter it is about', () => {
  assert.equal(missingParameter('pool_id').message, 'A required parameter is missing: pool_id');
  assert.deepEqual(missingParameter('pool_id').details, { name: 'pool_id' });
  assert.equal(missingParameter('pool_id').error, 'missing_parameter');
  assert.equal(invalidParameter('type').message, 'A parameter is invalid: type');
  assert.deepEqual(invalidParameter('type').details, { name: 'type' });
  assert.equal(invalidParameter('type', 'Too odd.').message, 'Too odd.');
  assert.equal(new RuleError('pool_closed', { name: 7 }).message, 'This pool is closed.');
});
