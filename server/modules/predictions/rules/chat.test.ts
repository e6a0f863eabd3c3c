import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT_PACE, planChatMessage, planChatText, planReceivedAt } from './chat.ts';
import { assertRule } from './testing.ts';

test('chat text is trimmed and holds 1 to its most characters (CH2)', () => {
  assert.equal(planChatText('  hello ', 5), 'hello');
  assert.equal(planChatText('👍👍', 2), '👍👍');
  assert.equal(planChatText('x', 500), 'x');
  for (const text of ['', '   ', 'sixsix', '👍👍👍👍👍👍', 'a\u0000', '\uD800']) {
    assertRule(() => planChatText(text, 5), 'invalid_parameter', { name: 'text' });
  }
});

test('five messages within five seconds, the sixth waits until the first is five seconds old (CH2)', () => {
  assert.deepEqual(CHAT_PACE, { messages: 5, windowMs: 5000 });
  let sentAt: number[] = [];
  for (const now of [1000, 1000, 2000, 3000, 4000]) sentAt = planChatMessage(sentAt, now);
  assert.deepEqual(sentAt, [1000, 1000, 2000, 3000, 4000]);
  assertRule(() => planChatMessage(sentAt, 4000), 'rate_limited', { retry_after_ms: 2000 });
  assertRule(() => planChatMessage(sentAt, 5999), 'rate_limited', { retry_after_ms: 1 });
  assert.deepEqual(planChatMessage(sentAt, 6000), [2000, 3000, 4000, 6000]);
});

test('another pace may be set', () => {
  const pace = { messages: 1, windowMs: 10 };
  assert.deepEqual(planChatMessage([0], 10, pace), [10]);
  assertRule(() => planChatMessage([0], 9, pace), 'rate_limited', { retry_after_ms: 1 });
});

test('received_at never decreases in a channel (CH2)', () => {
  assert.equal(planReceivedAt(10, null), 10);
  assert.equal(planReceivedAt(10, 7), 10);
  assert.equal(planReceivedAt(10, 12), 12);
});
