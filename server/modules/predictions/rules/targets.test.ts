import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readList } from './input.ts';
import {
  addTargets,
  findEventTarget,
  findTarget,
  firstLevelOf,
  isLeaf,
  levelOf,
  pathOf,
  slugOf,
  symbolOf,
  TARGET_CAPS,
  targetIdOf,
  targetTree,
} from './targets.ts';
import { assertRule, matchTargets } from './testing.ts';

const idsOf = (labels: readonly string[]) => addTargets([], labels).map((entry) => entry.targetId);

/** Labels of up to three levels over few words, so that they meet. */
const label = fc
  .array(fc.constantFrom('Chile', 'PERU', 'peru', '9', ' 9 ', 'Le Mans'), { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join(':'));

test('predictions-12: "Chile:11, Peru:4" builds the tree with none last, and its symbols (TG1–TG5)', () => {
  const tree = targetTree(addTargets([], readList('Chile:11, Peru:4', 'targets', 100)));
  assert.deepEqual(tree, [
    {
      target_id: 'chile',
      symbol: 'chi',
      display_name: 'Chile',
      targets: [{ target_id: 'chile:11', symbol: '11', display_name: '11', targets: [] }],
    },
    {
      target_id: 'peru',
      symbol: 'per',
      display_name: 'Peru',
      targets: [{ target_id: 'peru:4', symbol: '4', display_name: '4', targets: [] }],
    },
    { target_id: 'none', symbol: 'non', display_name: 'None', targets: [] },
  ]);
});

test('a slug is NFKC, trimmed, lower case, with - for inner white space (TG1)', () => {
  const slugs: [string, string][] = [
    ['Brazil', 'brazil'],
    ['  Côte \t d’Ivoire ', 'côte-d’ivoire'],
    ['ＦＣ　Köln', 'fc-köln'],
    ['①', '1'],
    ['STRASSE', 'strasse'],
    ['already-a-slug', 'already-a-slug'],
    ['   ', ''],
  ];
  for (const [text, slug] of slugs) assert.equal(slugOf(text), slug);
});

test('a slug of a slug is itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (text) => {
      assert.equal(slugOf(slugOf(text)), slugOf(text));
    }),
    { numRuns: 1000 },
  );
});

test('an id is its slugs joined by colons; empty segments and reserved names are refused (TG5, TG6, TG11)', () => {
  assert.equal(targetIdOf('Brazil : 9'), 'brazil:9');
  assert.equal(targetIdOf('Brazil：9'), 'brazil:9');
  assert.equal(targetIdOf('NONE'), 'none');
  assert.equal(targetIdOf('chile:action_id'), 'chile:action_id');
  for (const wrong of ['a::b', ':a', 'a:', '', ' ', 'a: :b', 'action_id', 'Action_ID:1', 'a:none', 'None:1', 'a⩴b']) {
    assertRule(() => targetIdOf(wrong), 'invalid_parameter', { name: 'targets' });
    assertRule(() => targetIdOf(wrong, 'target_id'), 'invalid_parameter', { name: 'target_id' });
  }
});

test('ids have at most 16 levels and 256 characters (TG6)', () => {
  const deep = (levels: number) => Array.from({ length: levels }, (_, index) => `s${index}`).join(':');
  assert.equal(levelOf(targetIdOf(deep(TARGET_CAPS.levels))), 16);
  assertRule(() => targetIdOf(deep(17)), 'invalid_parameter');
  assert.equal(targetIdOf('x'.repeat(256)).length, 256);
  assertRule(() => targetIdOf('x'.repeat(257)), 'invalid_parameter');
  assert.equal(targetIdOf(`a:${'x'.repeat(254)}`).length, 256);
  assertRule(() => targetIdOf(`a:${'x'.repeat(255)}`), 'invalid_parameter');
});

test('a game holds 2000 targets besides none, created parents counted (TG6)', () => {
  const labels = Array.from({ length: 2000 }, (_, index) => `t${index}`);
  const full = addTargets([], labels);
  assert.equal(full.length, 2001);
  assert.equal(addTargets(full, ['t0', 'none']).length, 2001);
  assertRule(() => addTargets(full, ['one-more']), 'invalid_parameter', { name: 'targets' });
  assertRule(() => addTargets([], [...labels.slice(1), 'a:b']), 'invalid_parameter', { name: 'targets' });
  assert.equal(addTargets([], [...labels.slice(2), 'a:b']).length, 2001);
});

test('level, first level, path and symbol of an id (TG2, TG7, TG10)', () => {
  assert.deepEqual(['brazil', 'brazil:9', 'a:b:c'].map(levelOf), [1, 2, 3]);
  assert.deepEqual(['brazil', 'brazil:9', 'a:b:c'].map(firstLevelOf), ['brazil', 'brazil', 'a']);
  assert.deepEqual(pathOf('a:b:c'), ['a:b:c', 'a:b', 'a']);
  assert.deepEqual(pathOf('none'), ['none']);
  assert.deepEqual(['brazil', 'brazil:9', 'brazil:number-9', 'é👍à!'].map(symbolOf), ['bra', '9', 'num', 'é👍à']);
});

test('missing parents come before their children, named as typed (TG3)', () => {
  assert.deepEqual(addTargets([], [' Peru : A Team : 4 ']), [
    { targetId: 'peru', displayName: 'Peru' },
    { targetId: 'peru:a-team', displayName: 'A Team' },
    { targetId: 'peru:a-team:4', displayName: '4' },
    { targetId: 'none', displayName: 'None' },
  ]);
});

test('repeats merge and the first spelling stays; nothing is removed or renamed (TG4, TG8)', () => {
  const first = addTargets([], ['Chile', 'none', 'CHILE', 'chile:9', 'cHILE:9']);
  assert.deepEqual(first, [
    { targetId: 'chile', displayName: 'Chile' },
    { targetId: 'chile:9', displayName: '9' },
    { targetId: 'none', displayName: 'none' },
  ]);
  const second = addTargets(first, ['PERU', 'CHILE', 'NONE']);
  assert.deepEqual(
    second.map((entry) => entry.displayName),
    ['Chile', '9', 'PERU', 'none'],
  );
  assert.deepEqual(addTargets([], []), [{ targetId: 'none', displayName: 'None' }]);
});

test('adding in steps is adding at once, adding again changes nothing, order is first appearance (TG4, TG8)', () => {
  fc.assert(
    fc.property(fc.array(label), fc.array(label), (before, after) => {
      const stepwise = addTargets(addTargets([], before), after);
      assert.deepEqual(stepwise, addTargets([], [...before, ...after]));
      assert.deepEqual(addTargets(stepwise, [...after, ...before]), stepwise);
      const appearance = [...before, ...after].flatMap((typed) => pathOf(targetIdOf(typed)).reverse());
      assert.deepEqual(
        stepwise.map((entry) => entry.targetId),
        [...new Set(appearance), 'none'],
      );
    }),
  );
});

test('the tree holds every target once, below its parent, siblings in order', () => {
  fc.assert(
    fc.property(fc.array(label), (labels) => {
      const entries = addTargets([], labels);
      const seen: string[] = [];
      const walk = (nodes: ReturnType<typeof targetTree>, parentId: string) => {
        const ids = nodes.map((node) => node.target_id);
        const expected = entries
          .map((entry) => entry.targetId)
          .filter((id) => pathOf(id)[1] === (parentId || undefined));
        assert.deepEqual(ids, expected);
        for (const node of nodes) {
          seen.push(node.target_id);
          walk(node.targets, node.target_id);
        }
      };
      walk(targetTree(entries), '');
      assert.deepEqual(seen.sort(), entries.map((entry) => entry.targetId).sort());
    }),
  );
});

test('a leaf has nothing below it; a name that only begins alike is not below (TG9)', () => {
  const entries = addTargets([], ['chile:9', 'peru', 'per']);
  assert.equal(isLeaf(entries, 'chile'), false);
  for (const id of ['chile:9', 'peru', 'per', 'none']) assert.equal(isLeaf(entries, id), true);
});

test('predictions-18 predictions-19: an event needs a leaf; a childless team beside a deeper one is one (TG9)', () => {
  assertRule(() => findEventTarget(matchTargets, 'chile'), 'target_not_leaf', { target_id: 'chile' });
  assert.equal(findEventTarget(matchTargets, 'Chile:11').targetId, 'chile:11');
  assert.equal(findEventTarget(matchTargets, 'none').targetId, 'none');
  const uneven = addTargets([], ['Chile:11', 'Peru']);
  assert.deepEqual(findEventTarget(uneven, 'PERU'), { targetId: 'peru', displayName: 'Peru' });
});

test('predictions-20: a leaf that gets a child is a leaf no more (TG8)', () => {
  const before = addTargets([], ['chile']);
  assert.equal(findEventTarget(before, 'chile').targetId, 'chile');
  const after = addTargets(before, ['chile:9']);
  assertRule(() => findEventTarget(after, 'chile'), 'target_not_leaf');
  assert.equal(findEventTarget(after, 'chile:9').targetId, 'chile:9');
});

test('an unknown target is 6611 with the id looked for, an impossible one 6607 (TG11)', () => {
  assertRule(() => findTarget(matchTargets, 'Brazil:9'), 'unknown_target', { target_id: 'brazil:9' });
  assertRule(() => findEventTarget(matchTargets, 'Brazil'), 'unknown_target', { target_id: 'brazil' });
  assertRule(() => findTarget(matchTargets, 'a::b'), 'invalid_parameter', { name: 'target_id' });
  assertRule(() => findTarget(matchTargets, 'a::b', 'targets'), 'invalid_parameter', { name: 'targets' });
  assert.equal(idsOf(['x']).at(-1), 'none');
});
