import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { RequestTimes } from './request-times.ts';

/**
 * What a label may be: the listed words, or at most `max` different ones (names from configuration: routes, partners, consumers). Anything else is
 * counted as `other`, so that no user id ever makes a series of its own.
 */
export type LabelBound = readonly string[] | { max: number };
export type Labels = Readonly<Record<string, LabelBound>>;
type ValuesFor<L extends Labels> = { readonly [K in keyof L]: string };

/** One metric as the documentation lists it. */
export interface DescribedMetric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  labels: Labels;
}

export interface BoundCounter<L extends Labels> {
  add(labels: ValuesFor<L>, amount?: number): void;
}
export interface BoundGauge<L extends Labels> {
  set(labels: ValuesFor<L>, value: number): void;
}
export interface BoundHistogram<L extends Labels> {
  observe(labels: ValuesFor<L>, value: number): void;
}

/** A value read at the moment of scraping. */
export interface Sample<L extends Labels> {
  labels: ValuesFor<L>;
  value: number;
}

/** The metrics of one process (PF-52). Its registry is its own: nothing is global. */
export class Metrics {
  readonly registry = new Registry();
  /** Requests by route template. */
  readonly requests: RequestTimes;
  readonly #described: DescribedMetric[] = [];

  /** `process: true` adds CPU, memory, garbage collection and event-loop delay of the process. */
  constructor(options: { process: boolean }) {
    this.requests = new RequestTimes(this.registry);
    if (options.process) collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 20 });
  }

  counter<const L extends Labels>(name: string, help: string, labels: L): BoundCounter<L> {
    const bound = this.#describe({ name, help, type: 'counter', labels });
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    return { add: (values, amount = 1) => counter.inc(bound(values), amount) };
  }

  /** A gauge that is set. */
  gauge<const L extends Labels>(name: string, help: string, labels: L): BoundGauge<L> {
    const bound = this.#describe({ name, help, type: 'gauge', labels });
    const gauge = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
    return { set: (values, value) => gauge.set(bound(values), value) };
  }

  /** A gauge or counter whose values are asked for at every scrape. Series that are not named again vanish. */
  sampled<const L extends Labels>(
    metric: { name: string; help: string; labels: L },
    sample: () => readonly Sample<L>[] | Promise<readonly Sample<L>[]>,
  ): void {
    const bound = this.#describe({ ...metric, type: 'gauge' });
    new Gauge({
      name: metric.name,
      help: metric.help,
      labelNames: Object.keys(metric.labels),
      registers: [this.registry],
      async collect() {
        // While the database is away the metrics that ask it are absent: the others are needed most then.
        const samples = await Promise.resolve()
          .then(sample)
          .catch(() => []);
        this.reset();
        // A gauge without labels is reset to 0, which would be a lie.
        this.remove({});
        for (const { labels, value } of samples) this.set(bound(labels), value);
      },
    });
  }

  histogram<const L extends Labels>(
    name: string,
    help: string,
    labels: L,
    buckets: readonly number[],
  ): BoundHistogram<L> {
    const bound = this.#describe({ name, help, type: 'histogram', labels });
    const histogram = new Histogram({
      name,
      help,
      labelNames: Object.keys(labels),
      buckets: [...buckets],
      registers: [this.registry],
    });
    return { observe: (values, value) => histogram.observe(bound(values), value) };
  }

  /** Every metric of the program besides those of the runtime, for documentation and its test. */
  catalogue(): readonly DescribedMetric[] {
    return [
      {
        name: 'http_request_duration_seconds',
        help: 'Time from the request line to the end of the answer',
        type: 'histogram',
        labels: { method: { max: 8 }, route: { max: 2000 }, status: { max: 60 } },
      },
      ...this.#described,
    ];
  }

  /** The exposition text. */
  async text(): Promise<string> {
    return await this.registry.metrics();
  }

  #describe<L extends Labels>(
    metric: DescribedMetric & { labels: L },
  ): (values: ValuesFor<L>) => Record<string, string> {
    this.#described.push(metric);
    const seen = new Map(
      Object.entries(metric.labels).map(([label, bound]) => [label, new Set('max' in bound ? [] : bound)]),
    );
    return (values) =>
      Object.fromEntries(
        Object.entries(metric.labels).map(([label, bound]) => {
          const value = values[label]!;
          const known = seen.get(label)!;
          if ('max' in bound && known.size < bound.max) known.add(value);
          return [label, known.has(value) ? value : 'other'];
        }),
      );
  }
}
