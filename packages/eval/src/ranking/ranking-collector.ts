import { type Filled, type IdMap, type ScoredItem, topK } from '@palate/core';
import type { ParsedMetric } from '../metrics/rank-metrics.js';
import { checkList, ViolationCounter } from './list-contract.js';
import type { RankingProtocol } from './protocol.js';
import type { RankingData, RankingSettings } from './ranking-options.js';
import type { RankingResult } from './ranking-result.js';
import { SliceValues } from './slice-values.js';
import { type Targets, TestQueries } from './test-queries.js';
import { rankInList, rankInScores, type UserRanking } from './user-ranking.js';
import { UserValues } from './user-values.js';

/** Takes in what a system answered to the test queries, and keeps what the result is made of. */
export class RankingCollector {
  readonly queries: TestQueries;
  readonly #data: RankingData;
  readonly #protocol: RankingProtocol;
  readonly #settings: RankingSettings;
  readonly #all: UserValues;
  readonly #slices: readonly SliceValues[];
  readonly #violations = new ViolationCounter();
  /** Largest cut-off of the metrics of whole lists. */
  readonly #listLength: number;
  readonly #scores: Float32Array;
  #unknown = 0;
  #masked = 0;

  constructor(
    metrics: readonly ParsedMetric[],
    data: RankingData,
    items: IdMap,
    protocol: RankingProtocol,
    settings: RankingSettings,
  ) {
    this.#data = data;
    this.#protocol = protocol;
    this.#settings = settings;
    this.queries = new TestQueries(data, items, protocol);
    this.#listLength = Math.max(0, ...metrics.map((metric) => (metric.kind === 'list' ? metric.k : 0)));
    this.#scores = new Float32Array(items.size);
    const popularity = new Int32Array(items.size);
    for (const [item, count] of data.history.itemCounts().entries()) {
      const own = this.queries.toRetriever[item]!;
      if (own >= 0) popularity[own] = count;
    }
    const userCount = data.history.userCounts().reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
    const vectors = settings.itemVectors?.align(items);
    const values = (): UserValues =>
      new UserValues(metrics, {
        itemCount: items.size,
        popularity,
        userCount,
        vectors,
      });
    this.#all = values();
    this.#slices = Object.entries(settings.slices).map(
      ([name, slice]) => new SliceValues(name, slice, data, values()),
    );
  }

  /** Takes a user's scores of the catalogue, which stay as they are. */
  addScores(user: number, row: Float32Array, candidates: Int32Array | undefined): void {
    const scores = this.#scores;
    if (candidates) {
      scores.fill(Number.NEGATIVE_INFINITY);
      for (const item of candidates) scores[item] = row[item]!;
    } else scores.set(row);
    for (const item of this.queries.masked(user)) scores[item] = Number.NEGATIVE_INFINITY;
    const targets = this.queries.targets(user);
    this.#violations.add(this.#data.test.users.idOf(user), new Set());
    this.#take(
      user,
      targets,
      rankInScores(scores, targets),
      this.#listLength === 0 ? [] : topK(scores, this.#listLength).map(({ item }) => item),
    );
  }

  /**
   * Takes a user's list.
   *
   * @param k - entries asked for
   */
  addList(user: number, list: readonly ScoredItem[], k: number, candidates: Int32Array | undefined): void {
    const masked = this.queries.masked(user);
    const pool = candidates && new Set(candidates);
    const { kinds, isGood } = checkList(list, {
      itemCount: this.queries.itemCount,
      k,
      masked,
      candidates: pool,
    });
    this.#violations.add(this.#data.test.users.idOf(user), kinds);
    const targets = this.queries.targets(user);
    const isOpen = (item: number): boolean => item >= 0 && !masked.has(item) && (pool?.has(item) ?? true);
    const open = pool ? [...pool].filter(isOpen).length : this.queries.itemCount - masked.size;
    const others = open - targets.own.filter(isOpen).length;
    const delivered = list
      .slice(0, this.#listLength)
      .filter((_, position) => isGood[position])
      .map(({ item }) => item);
    this.#take(user, targets, rankInList(list, isGood, targets, others), delivered);
  }

  #take(user: number, targets: Targets, ranking: UserRanking, list: readonly number[]): void {
    const { items, own } = targets;
    this.#unknown += own.filter((item) => item < 0).length;
    if (this.#protocol.maskHistory) {
      const masked = this.queries.masked(user);
      this.#masked += own.filter((item) => masked.has(item)).length;
    }
    const relevant = (keep?: (item: number) => boolean): Set<number> =>
      new Set(own.filter((item, t) => item >= 0 && (keep?.(items[t]!) ?? true)));
    this.#all.add(user, ranking, list, relevant());
    for (const slice of this.#slices) slice.add(user, items, ranking, list, relevant);
  }

  /** The part of the result that the answers make. */
  finish(
    seed: number,
  ): Pick<
    RankingResult,
    'users' | 'targets' | 'metrics' | 'unknownTargets' | 'maskedTargets' | 'slices' | 'perUser'
  > &
    Filled<Pick<RankingResult, 'violations'>> {
    const resamples = this.#settings.resamples;
    return {
      ...this.#all.summarise(seed, resamples),
      unknownTargets: this.#unknown,
      maskedTargets: this.#masked,
      violations: this.#violations.counts(),
      slices: Object.fromEntries(
        this.#slices.map(({ name, values }) => [name, values.summarise(seed, resamples)]),
      ),
      perUser: this.#settings.perUser
        ? {
            users: this.#all.users.map((user) => this.#data.test.users.idOf(user)),
            values: Object.fromEntries(this.#all.values),
          }
        : undefined,
    };
  }
}
