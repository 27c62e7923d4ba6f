import { ListMetrics, type ListMetricsContext } from '../metrics/list-metrics.js';
import type { ParsedMetric } from '../metrics/rank-metrics.js';
import { bootstrapInterval } from '../significance/bootstrap.js';
import { detectableDifference, sampleDeviation } from '../significance/detectable-difference.js';
import type { MetricValue, SliceResult } from './ranking-result.js';
import type { RankedTarget, UserRanking } from './user-ranking.js';

/** Takes the values of users in, one list a metric, and makes averages of them. */
export class UserValues {
  /** Dense users, in the order they came. */
  readonly users: number[] = [];
  /** Values by metric, aligned with the users; NaN where a metric is not defined for a user. */
  readonly values = new Map<string, number[]>();
  readonly #metrics: readonly ParsedMetric[];
  readonly #optimistic = new Map<string, number>();
  readonly #lists: ReadonlyMap<number, ListMetrics>;
  #targets = 0;

  /** @throws InvalidInputError for a metric of whole lists that lacks what it needs */
  constructor(metrics: readonly ParsedMetric[], context: ListMetricsContext) {
    this.#metrics = metrics;
    this.#lists = new Map(
      metrics.filter((metric) => metric.kind === 'list').map(({ k }) => [k, new ListMetrics(context, k)]),
    );
    for (const metric of metrics) {
      if (metric.kind === 'list') this.#lists.get(metric.k)?.value(metric.metric);
      else this.values.set(metric.name, []);
    }
  }

  /**
   * Takes a user in.
   *
   * @param keep - which of the targets, by item of the logs, count
   * @param list - the user's list, items of the retriever, as long as the largest cut-off of a list metric
   * @param relevant - the targets that count, items of the retriever
   */
  add(
    user: number,
    ranking: UserRanking,
    list: readonly number[],
    relevant: ReadonlySet<number>,
    keep?: (item: number) => boolean,
  ): void {
    const kept = (side: readonly RankedTarget[]): readonly RankedTarget[] =>
      keep ? side.filter(({ item }) => keep(item)) : side;
    const targets = kept(ranking.pessimistic);
    this.users.push(user);
    this.#targets += targets.length;
    const ranked = (side: readonly RankedTarget[]) => ({
      ranks: side.map(({ rank }) => rank),
      gains: side.map(({ gain }) => gain),
    });
    const pessimistic = ranked(targets);
    const optimistic = ranked(kept(ranking.optimistic));
    for (const metric of this.#metrics) {
      if (metric.kind === 'list') continue;
      const value =
        metric.kind === 'rank'
          ? metric.of(pessimistic)
          : targets.reduce((sum, { auc }) => sum + auc, 0) / targets.length;
      this.values.get(metric.name)?.push(value);
      if (metric.kind === 'rank')
        this.#optimistic.set(metric.name, (this.#optimistic.get(metric.name) ?? 0) + metric.of(optimistic));
    }
    for (const lists of this.#lists.values()) lists.add(list, relevant);
  }

  /** Averages over the users so far, with intervals where `resamples` is not 0. */
  summarise(seed: number, resamples: number): SliceResult {
    const metrics: Record<string, MetricValue> = {};
    if (this.users.length > 0)
      for (const metric of this.#metrics) {
        const value =
          metric.kind === 'list'
            ? { mean: this.#lists.get(metric.k)?.value(metric.metric) ?? 0 }
            : this.#average(metric.name, seed, resamples);
        if (value) metrics[metric.name] = value;
      }
    return { users: this.users.length, targets: this.#targets, metrics };
  }

  /** Average over the users for whom the metric is defined; nothing if there are none. */
  #average(name: string, seed: number, resamples: number): MetricValue | undefined {
    const list = this.values.get(name) ?? [];
    const defined = list.filter((value) => !Number.isNaN(value));
    if (defined.length === 0) return undefined;
    const sum = defined.reduce((total, value) => total + value, 0);
    const optimistic = this.#optimistic.get(name) ?? sum;
    return {
      ...(resamples === 0 ? { mean: sum / defined.length } : bootstrapInterval(defined, { seed, resamples })),
      ...(optimistic === sum ? {} : { optimistic: optimistic / defined.length }),
      ...(defined.length === list.length ? {} : { users: defined.length }),
      ...(defined.length < 2
        ? {}
        : { detectable: detectableDifference(Math.SQRT2 * sampleDeviation(defined), defined.length) }),
    };
  }
}
