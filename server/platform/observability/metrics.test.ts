import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from './metrics.ts';

function seriesOf(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

describe('metrics', () => {
  it('PF-52: a label can never grow without bound', async () => {
    const metrics = new Metrics({ process: false });
    const messages = metrics.counter('messages_total', 'Messages', { wire: ['native', 'opcode'], partner: { max: 5 } });
    for (let user = 0; user < 1000; user++) messages.add({ wire: `user-${user}`, partner: `p-${user}` });
    messages.add({ wire: 'native', partner: 'p-1' }, 3);
    const lines = seriesOf(await metrics.text(), 'messages_total');
    assert.equal(lines.length, 7);
    assert.ok(lines.includes('messages_total{wire="native",partner="p-1"} 3'));
    assert.ok(lines.includes('messages_total{wire="other",partner="other"} 995'));
  });

  it('PF-52: routes and methods are bounded too', async () => {
    const metrics = new Metrics({ process: false });
    for (let index = 0; index < 5000; index++) metrics.requests.series(`M${index}`, `/r/${index}`, 200).add(0.1);
    const lines = seriesOf(await metrics.text(), 'http_request_duration_seconds_count');
    assert.ok(lines.length <= 2001, String(lines.length));
    assert.ok(lines.includes('http_request_duration_seconds_count{method="other",route="other",status="200"} 3000'));
  });

  it('PF-52: requests are counted by route with latency', async () => {
    const metrics = new Metrics({ process: false });
    metrics.requests.series('GET', '/r/games/:id', 200).add(0.004);
    metrics.requests.series('GET', '/r/games/:id', 200).add(20);
    const text = await metrics.text();
    const labels = 'method="GET",route="/r/games/:id",status="200"';
    assert.ok(text.includes(`http_request_duration_seconds_bucket{${labels},le="0.0025"} 0`), text);
    assert.ok(text.includes(`http_request_duration_seconds_bucket{${labels},le="0.005"} 1`));
    assert.ok(text.includes(`http_request_duration_seconds_bucket{${labels},le="+Inf"} 2`));
    assert.ok(text.includes(`http_request_duration_seconds_sum{${labels}} 20.004`));
  });

  it('PF-52: a metric that cannot be read is absent, the others are told all the same', async () => {
    const metrics = new Metrics({ process: false });
    let isAway = false;
    metrics.sampled({ name: 'in_database', help: 'x', labels: {} }, async () => {
      if (isAway) throw new Error('away');
      return [{ labels: {}, value: 1 }];
    });
    metrics.sampled({ name: 'in_memory', help: 'x', labels: {} }, () => [{ labels: {}, value: 2 }]);
    assert.match(await metrics.text(), /^in_database 1$/m);
    isAway = true;
    const text = await metrics.text();
    assert.doesNotMatch(text, /^in_database \d/m);
    assert.match(text, /^in_memory 2$/m);
  });

  it('PF-52: sampled values are asked for at the scrape, the catalogue names all', async () => {
    const metrics = new Metrics({ process: true });
    let depth = 3;
    metrics.sampled({ name: 'jobs_waiting', help: 'Jobs', labels: { queue: { max: 10 } } }, () => [
      { labels: { queue: 'mail' }, value: depth },
    ]);
    assert.match(await metrics.text(), /^jobs_waiting\{queue="mail"\} 3$/m);
    depth = 5;
    const text = await metrics.text();
    assert.match(text, /^jobs_waiting\{queue="mail"\} 5$/m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
    assert.deepEqual(
      metrics.catalogue().map((metric) => metric.name),
      ['http_request_duration_seconds', 'jobs_waiting'],
    );
  });
});
