import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TopicRegistry } from './topics.ts';
import type { TopicDefinition } from './types.ts';

const define = (pattern: string): TopicDefinition => ({ pattern, action: 'public', snapshot: async () => null });

function registry(...patterns: string[]): TopicRegistry {
  const topics = new TopicRegistry();
  topics.define(patterns.map(define));
  return topics;
}

test('a literal segment beats a parameter, and a dead end is taken back', () => {
  const topics = registry('races/live', 'races/:id', 'races/:id/:part', 'races/live/top', 'draws/event/:id');
  const match = (topic: string) => {
    const { definition, params } = topics.match(topic);
    return [definition.pattern, params];
  };
  assert.deepEqual(match('races/live'), ['races/live', {}]);
  assert.deepEqual(match('races/202504'), ['races/:id', { id: '202504' }]);
  assert.deepEqual(match('races/live/top'), ['races/live/top', {}]);
  assert.deepEqual(match('races/live/rest'), ['races/:id/:part', { id: 'live', part: 'rest' }]);
  assert.deepEqual(match('draws/event/a.b-c~d_e'), ['draws/event/:id', { id: 'a.b-c~d_e' }]);
});

test('everything else is an unknown topic', () => {
  const topics = registry('races/:id', 'draws/event/:id');
  for (const topic of [
    '',
    'races',
    'races/',
    '/races/1',
    'races/1/',
    'races/a b',
    'races/\0',
    'races/%41',
    'other/1',
  ]) {
    assert.throws(() => topics.match(topic), { code: 'unknown_topic', status: 404 }, topic);
  }
  assert.throws(() => topics.match(`races/${'a'.repeat(129)}`), { code: 'unknown_topic' });
  assert.throws(() => topics.match('a/'.repeat(200)), { code: 'unknown_topic' });
});

test('two definitions of one shape, or a malformed one, stop the start', () => {
  assert.throws(() => registry('races/:id', 'races/:race'), /races\/:id is defined already/);
  assert.throws(() => registry(':module/x'), /must be segments/);
  assert.throws(() => registry('races//x'), /must be segments/);
  assert.throws(() => registry('races/:a/:a'), /a parameter twice/);
});
