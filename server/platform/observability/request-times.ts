import { Histogram, type MetricValueWithName, type Registry } from 'prom-client';

const NAME = 'http_request_duration_seconds';
const HELP = 'Time from the request line to the end of the answer';
/** Upper bounds in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** More routes than this program can have: beyond it something that is no template is being counted. */
const MAX_ROUTES = 2000;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

type Label = 'method' | 'route' | 'status';

/** Counts of one method, route and status. */
export interface RequestSeries {
  add(seconds: number): void;
}

class Series implements RequestSeries {
  readonly labels: Readonly<Record<Label, string>>;
  readonly counts = new Float64Array(BUCKETS.length + 1);
  sum = 0;

  constructor(labels: Record<Label, string>) {
    this.labels = labels;
  }

  add(seconds: number): void {
    let bucket = 0;
    while (bucket < BUCKETS.length && seconds > BUCKETS[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += seconds;
  }

  values(name: string): MetricValueWithName<Label | 'le'>[] {
    let below = 0;
    const values = [...this.counts].map((count, index) => {
      below += count;
      return { metricName: `${name}_bucket`, labels: { ...this.labels, le: BUCKETS[index] ?? '+Inf' }, value: below };
    });
    return [
      ...values,
      { metricName: `${name}_sum`, labels: this.labels, value: this.sum },
      { metricName: `${name}_count`, labels: this.labels, value: below },
    ];
  }
}

/**
 * Count, latency and errors of requests by route template (PF-52). The library's own histogram sorts and hashes its labels on every observation,
 * which a ready answer (PF-07) would feel; here a series is looked up once and then only counts.
 */
export class RequestTimes extends Histogram<Label> {
  readonly #series = new Map<string, Series>();
  readonly #routes = new Set<string>();

  constructor(registry: Registry) {
    super({
      name: NAME,
      help: HELP,
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers: [registry],
    });
  }

  /** The series of a route template; unknown methods and routes beyond the bound are `other`. */
  series(method: string, route: string, status: number): RequestSeries {
    const key = `${method} ${status} ${route}`;
    return this.#series.get(key) ?? this.#create(method, route, status);
  }

  #create(method: string, route: string, status: number): Series {
    if (this.#routes.size < MAX_ROUTES) this.#routes.add(route);
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      route: this.#routes.has(route) ? route : 'other',
      status: String(status),
    };
    const key = `${labels.method} ${status} ${labels.route}`;
    const series = this.#series.get(key) ?? new Series(labels);
    this.#series.set(key, series);
    return series;
  }

  /** What the registry asks for, and the base class when somebody else does. */
  async getForPromString() {
    const values = [...this.#series.values()].flatMap((series) => series.values(NAME));
    return { name: NAME, help: HELP, type: 'histogram', aggregator: 'sum', values };
  }
}
