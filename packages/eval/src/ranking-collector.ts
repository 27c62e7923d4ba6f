import {
  checkOptions,
  checkSharedIds,
  type IdMap,
  InvalidInputError,
  type Query,
  type RandomStream,
  topK,
} from '@palate/core';
import { ListMetrics } from './list-metrics.js';
import type { RankingProtocol } from './protocol.js';
import { rankRelevant } from './rank-counting.js';
import type { ParsedMetric, RankedRelevant } from './rank-metrics.js';
import type { RankingData, RankingOptions, Slice } from './ranking-options.js';
import type { MetricValue, RankingResult, SliceResult } from './ranking-result.js';
import { bootstrapInterval } from './significance.js';

/** Values of users, one list a metric. */
interface UserValues {
  readonly users: number[];
  readonly values: Map<string, number[]>;
  targets: number;
}

/** Walks over the test users and keeps what the result is made of. */
export class RankingCollector {
  readonly testUsers: Int32Array;
  readonly #metrics: readonly ParsedMetric[];
  readonly #data: RankingData;
  readonly #protocol: RankingProtocol;
  readonly #options: RankingOptions;
  /** Dense item of the retriever by dense item of the logs, -1 where the retriever does not know it. */
  readonly #toRetriever: Int32Array;
  /** Items of the logs that the retriever knows, in its indexes. */
  readonly #catalogue: Int32Array;
  readonly #all: UserValues = { users: [], values: new Map(), targets: 0 };
  readonly #slices: { name: string; counts: Int32Array; slice: Slice; values: UserValues }[];
  readonly #lists: ReadonlyMap<number, ListMetrics>;
  #unknown = 0;
  #masked = 0;

  constructor(
    metrics: readonly ParsedMetric[],
    data: RankingData,
    items: IdMap,
    protocol: RankingProtocol,
    options: RankingOptions,
  ) {
    this.#metrics = metrics;
    this.#data = data;
    this.#protocol = protocol;
    this.#options = options;
    const { offsets } = data.test.byUser();
    this.testUsers = Int32Array.from({ length: data.test.users.size }, (_, user) => user).filter(
      (user) => offsets[user + 1]! > offsets[user]!,
    );
    if (this.testUsers.length === 0)
      throw new InvalidInputError({
        expected: 'at least one test interaction',
        received: 'none',
        hint: 'Choose another split.',
      });
    this.#toRetriever =
      items === data.test.items
        ? Int32Array.from({ length: items.size }, (_, item) => item)
        : Int32Array.from(data.test.items, (id) => items.find(id) ?? -1);
    this.#catalogue = this.#toRetriever.filter((item) => item >= 0);
    this.#slices = Object.entries(options.slices ?? {}).map(([name, slice]) => {
      checkOptions(`the slice ${name}`, slice, ['by', 'minimum', 'maximum', 'log']);
      const log = slice.log ?? data.history;
      checkSharedIds(`the log of the slice ${name}`, log, data.test);
      return {
        name,
        slice,
        counts: slice.by === 'item' ? log.itemCounts() : log.userCounts(),
        values: { users: [], values: new Map(), targets: 0 },
      };
    });
    const popularity = new Int32Array(items.size);
    for (const [item, count] of data.history.itemCounts().entries()) {
      const own = this.#toRetriever[item]!;
      if (own >= 0) popularity[own] = count;
    }
    const userCount = data.history.userCounts().reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const vectors = options.itemVectors?.align(items);
    this.#lists = new Map(
      metrics
        .filter((metric) => metric.kind === 'list')
        .map(({ k }) => [
          k,
          new ListMetrics(
            { itemCount: items.size, popularity, userCount, ...(vectors ? { vectors } : {}) },
            k,
          ),
        ]),
    );
    for (const metric of metrics) if (metric.kind === 'list') this.#lists.get(metric.k)?.value(metric.metric);
  }

  /** What is asked for a user: the history in the retriever's indexes, with ratings and times. */
  query(user: number): Query {
    const { history } = this.#data;
    const { offsets, row } = history.byUser();
    const rows = row
      .subarray(offsets[user], offsets[user + 1])
      .filter((r) => this.#toRetriever[history.item[r]!]! >= 0);
    return {
      user: history.users.idOf(user),
      history: Int32Array.from(rows, (r) => this.#toRetriever[history.item[r]!]!),
      historyTimestamps: Float64Array.from(rows, (r) => history.timestamp[r]!),
      ...(history.rating ? { historyRatings: Float32Array.from(rows, (r) => history.rating?.[r] ?? 0) } : {}),
    };
  }

  /** The targets and random items that the user does not know; nothing where the full catalogue is ranked. */
  sampleCandidates(user: number, random: RandomStream): Int32Array | undefined {
    const rule = this.#protocol.candidates;
    if (rule === 'full') return undefined;
    const targets = [...new Set(this.#data.test.history(user))]
      .map((item) => this.#toRetriever[item]!)
      .filter((item) => item >= 0);
    const known = new Set([
      ...targets,
      ...Array.from(this.#data.history.history(user), (item) => this.#toRetriever[item]!),
    ]);
    const catalogue = this.#catalogue;
    const free = catalogue.length - [...known].filter((item) => item >= 0).length;
    if (free < rule.sampled)
      throw new InvalidInputError({
        expected: `at least ${rule.sampled} items that the user ${JSON.stringify(this.#data.test.users.idOf(user))} does not know`,
        received: String(free),
        hint: 'Sample fewer, or use the full catalogue.',
      });
    const chosen = new Set<number>();
    while (chosen.size < rule.sampled) {
      const item = catalogue[random.integer(catalogue.length)]!;
      if (!known.has(item)) chosen.add(item);
    }
    return Int32Array.from([...targets, ...chosen]);
  }

  /** Takes a user's scores, which it overwrites. */
  add(user: number, row: Float32Array, candidates: Int32Array | undefined): void {
    const { test, history } = this.#data;
    if (candidates) {
      const kept = Float32Array.from(candidates, (item) => row[item]!);
      row.fill(Number.NEGATIVE_INFINITY);
      for (const [k, item] of candidates.entries()) row[item] = kept[k]!;
    }
    if (this.#protocol.maskHistory)
      for (const item of history.history(user)) {
        const own = this.#toRetriever[item]!;
        if (own >= 0) row[own] = Number.NEGATIVE_INFINITY;
      }
    // Targets once each, with the highest grade where a pair stands twice.
    const grades = new Map<number, number>();
    const { offsets, row: rows } = test.byUser();
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
      const r = rows[p]!;
      const grade = this.#protocol.grades === 'rating' ? (test.rating?.[r] ?? 0) : 1;
      const item = test.item[r]!;
      grades.set(item, Math.max(grade, grades.get(item) ?? 0));
    }
    const logItems = [...grades.keys()];
    const known = logItems.filter((item) => this.#toRetriever[item]! >= 0);
    const relevant = Int32Array.from(known, (item) => this.#toRetriever[item]!);
    this.#unknown += logItems.length - known.length;
    if (this.#protocol.maskHistory) {
      const seen = new Set(history.history(user));
      for (const item of known) if (seen.has(item)) this.#masked++;
    }
    for (const [k, lists] of this.#lists)
      lists.add(
        topK(row, k).map(({ item }) => item),
        new Set(relevant),
      );

    const ranking = rankRelevant(row, relevant);
    const missing = logItems.filter((item) => this.#toRetriever[item]! < 0);
    const items = [...Array.from(ranking.order, (at) => known[at]!), ...missing];
    const ranks = [...ranking.ranks, ...missing.map(() => Number.POSITIVE_INFINITY)];
    const gains = items.map((item) => grades.get(item) ?? 0);
    this.#record(this.#all, user, { ranks, gains }, this.#userAuc(ranking, missing.length));
    for (const { slice, counts, values } of this.#slices) {
      const inside = (index: number): boolean =>
        counts[index]! >= (slice.minimum ?? 0) &&
        counts[index]! <= (slice.maximum ?? Number.POSITIVE_INFINITY);
      const kept =
        slice.by === 'user'
          ? inside(user)
            ? items.map((_, i) => i)
            : []
          : items.map((_, i) => i).filter((i) => inside(items[i]!));
      if (kept.length === 0) continue;
      this.#record(
        values,
        user,
        { ranks: kept.map((i) => ranks[i]!), gains: kept.map((i) => gains[i]!) },
        undefined,
      );
    }
  }

  /** Chance that a target stands above another item, ties one half; targets out of the ranking count 0. */
  #userAuc(ranking: ReturnType<typeof rankRelevant>, missing: number): number | undefined {
    if (!this.#metrics.some(({ kind }) => kind === 'auc') || ranking.others === 0) return undefined;
    let sum = 0;
    for (let i = 0; i < ranking.ranks.length; i++)
      if (Number.isFinite(ranking.ranks[i]))
        sum += (ranking.others - ranking.above[i]! - ranking.equal[i]! / 2) / ranking.others;
    return sum / (ranking.ranks.length + missing);
  }

  #record(into: UserValues, user: number, ranked: RankedRelevant, auc: number | undefined): void {
    into.users.push(user);
    into.targets += ranked.ranks.length;
    const put = (name: string, value: number): void => {
      const list = into.values.get(name);
      if (list) list.push(value);
      else into.values.set(name, [value]);
    };
    for (const metric of this.#metrics) {
      if (metric.kind === 'rank') put(metric.name, metric.of(ranked));
      else if (metric.kind === 'auc' && auc !== undefined) put(metric.name, auc);
    }
  }

  #summarise(values: UserValues, seed: number): SliceResult {
    const metrics: Record<string, MetricValue> = {};
    for (const [name, list] of values.values) {
      const resamples = this.#options.resamples ?? 1000;
      metrics[name] =
        resamples === 0
          ? { mean: list.reduce((sum, value) => sum + value, 0) / list.length }
          : bootstrapInterval(list, { seed, resamples });
    }
    return { users: values.users.length, targets: values.targets, metrics };
  }

  finish(
    seed: number,
  ): Pick<
    RankingResult,
    'users' | 'targets' | 'metrics' | 'unknownTargets' | 'maskedTargets' | 'slices' | 'perUser'
  > {
    const whole = this.#summarise(this.#all, seed);
    const lists: Record<string, MetricValue> = {};
    for (const metric of this.#metrics)
      if (metric.kind === 'list')
        lists[metric.name] = { mean: this.#lists.get(metric.k)?.value(metric.metric) ?? 0 };
    return {
      ...whole,
      metrics: { ...whole.metrics, ...lists },
      unknownTargets: this.#unknown,
      maskedTargets: this.#masked,
      slices: Object.fromEntries(
        this.#slices.map(({ name, values }) => [name, this.#summarise(values, seed)]),
      ),
      ...(this.#options.perUser
        ? {
            perUser: {
              users: this.#all.users.map((user) => this.#data.test.users.idOf(user)),
              values: Object.fromEntries(this.#all.values),
            },
          }
        : {}),
    };
  }
}
