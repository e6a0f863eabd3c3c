import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../testing/clock.ts';
import { HotCache, matchesEtag, type ReadyAnswer, readyAnswer, strongEtag } from './hot.ts';

function answer(text: string): ReadyAnswer {
  const body = Buffer.from(text);
  return readyAnswer({ body, etag: strongEtag(body), headers: [], route: '/x' });
}

function fill(cache: HotCache, key: string, text: string, tags: string[] = [], maxAgeMs = 60_000): void {
  const refill = cache.begin(key, tags);
  assert.equal(refill.kind, 'fill');
  if (refill.kind === 'fill') refill.finish(answer(text), maxAgeMs);
}

describe('HotCache', () => {
  it('PF-07: an answer is kept until its age or a tag ends it', () => {
    const clock = new ManualClock();
    const cache = new HotCache({ maxBytes: 1e6, clock });
    fill(cache, '/a', 'one', ['race/1'], 1000);
    assert.equal(cache.get('/a')?.body.toString(), 'one');
    clock.advance(1000);
    assert.equal(cache.get('/a'), undefined);
    fill(cache, '/a', 'two', ['race/1']);
    cache.invalidate(['race/2']);
    assert.equal(cache.get('/a')?.body.toString(), 'two');
    cache.invalidate(['race/1']);
    assert.equal(cache.get('/a'), undefined);
    assert.equal(cache.last('/a')?.answer.body.toString(), 'two');
  });

  it('PF-07: one fill for many askers', async () => {
    const cache = new HotCache({ maxBytes: 1e6, clock: new ManualClock() });
    const first = cache.begin('/a', []);
    const waits = [cache.begin('/a', []), cache.begin('/a', [])];
    assert.ok(first.kind === 'fill');
    first.finish(answer('one'), 1000);
    for (const wait of waits) {
      assert.ok(wait.kind === 'wait');
      assert.equal((await wait.answer)?.body.toString(), 'one');
    }
    const failing = cache.begin('/b', []);
    const waiting = cache.begin('/b', []);
    assert.ok(failing.kind === 'fill' && waiting.kind === 'wait');
    failing.abandon();
    assert.equal(await waiting.answer, null);
    assert.equal(cache.begin('/b', []).kind, 'fill');
  });

  it('PF-07: an invalidation that overtakes a fill leaves no old bytes behind', async () => {
    const cache = new HotCache({ maxBytes: 1e6, clock: new ManualClock() });
    const old = cache.begin('/a', ['race/1']);
    const before = cache.begin('/a', ['race/1']);
    cache.invalidate(['race/1']);
    // Who asks after the change does not join the old fill.
    const anew = cache.begin('/a', ['race/1']);
    assert.ok(old.kind === 'fill' && before.kind === 'wait' && anew.kind === 'fill');
    anew.finish(answer('new'), 1000);
    old.finish(answer('old'), 1000);
    assert.equal((await before.answer)?.body.toString(), 'old');
    assert.equal(cache.get('/a')?.body.toString(), 'new');
  });

  it('PF-07: no order of fills and invalidations shows bytes older than the last invalidation', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('begin' as const) }),
      fc.record({ do: fc.constant('finish' as const), which: fc.nat(4) }),
      fc.record({ do: fc.constant('change' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = new HotCache({ maxBytes: 1e6, clock: new ManualClock() });
        let version = 0;
        const running: { version: number; finish: (text: string) => void }[] = [];
        for (const action of steps) {
          if (action.do === 'begin') {
            const refill = cache.begin('/a', ['t']);
            if (refill.kind === 'fill') running.push({ version, finish: (text) => refill.finish(answer(text), 1e6) });
          } else if (action.do === 'finish') {
            const [one] = running.splice(action.which, 1);
            one?.finish(String(one.version));
          } else {
            version++;
            cache.invalidate(['t']);
          }
          const shown = cache.get('/a');
          if (shown) assert.equal(shown.body.toString(), String(version));
        }
      }),
    );
  });

  it('PF-07: bounded by bytes, least used out first', () => {
    const cache = new HotCache({ maxBytes: 20_000, clock: new ManualClock() });
    for (let index = 0; index < 10; index++) fill(cache, `/${index}`, 'x'.repeat(500), [`t/${index}`]);
    assert.ok(cache.get('/0'));
    for (let index = 10; index < 20; index++) fill(cache, `/${index}`, 'x'.repeat(500), [`t/${index}`]);
    assert.ok(cache.stats.bytes <= 20_000);
    assert.ok(cache.get('/0'), 'the used one stays');
    assert.equal(cache.get('/1'), undefined);
    fill(cache, '/big', 'x'.repeat(5000));
    assert.equal(cache.get('/big'), undefined, 'one body never takes more than an eighth');
    cache.invalidateAll();
    assert.equal(cache.get('/19'), undefined);
  });

  it('PF-07: validators', () => {
    assert.match(strongEtag(Buffer.from('x')), /^"[\w-]{27}"$/);
    assert.ok(matchesEtag('"a"', '"a"'));
    assert.ok(matchesEtag('"b", W/"a"', '"a"'));
    assert.ok(matchesEtag('*', '"a"'));
    assert.ok(matchesEtag('"a"', 'W/"a"'));
    assert.ok(!matchesEtag('"b"', '"a"'));
    assert.ok(!matchesEtag(undefined, '"a"'));
  });
});
