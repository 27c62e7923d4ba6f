import { type IdMap, InvalidInputError, type Query, type RandomStream } from '@palate/core';
import type { RankingProtocol } from './protocol.js';
import type { RankingData } from './ranking-options.js';

/** Items that a user has to be given, in the order of the test rows; indexes are those of the logs. */
export interface Targets {
  /** Different items. */
  readonly items: readonly number[];
  /** Grade of each; the highest where a pair is repeated. */
  readonly gains: readonly number[];
  /** Index of each in the retriever, -1 where the retriever does not know it. */
  readonly own: readonly number[];
}

/** Asks the questions of an evaluation: who is tested, with what history, on which candidates, for which targets. */
export class TestQueries {
  /** Dense users with a test interaction. */
  readonly users: Int32Array;
  /** Dense item of the retriever by dense item of the logs, -1 where the retriever does not know it. */
  readonly toRetriever: Int32Array;
  /** Items of the retriever. */
  readonly itemCount: number;
  readonly #data: RankingData;
  readonly #protocol: RankingProtocol;
  /** Items of the logs that the retriever knows, in its indexes. */
  readonly #catalogue: Int32Array;

  /** @throws InvalidInputError if there is nothing to test, or grades are negative */
  constructor(data: RankingData, items: IdMap, protocol: RankingProtocol) {
    this.#data = data;
    this.#protocol = protocol;
    this.itemCount = items.size;
    const { offsets } = data.test.byUser();
    this.users = Int32Array.from({ length: data.test.users.size }, (_, user) => user).filter(
      (user) => offsets[user + 1]! > offsets[user]!,
    );
    if (this.users.length === 0)
      throw new InvalidInputError({
        expected: 'at least one test interaction',
        received: 'none',
        hint: 'Hold out a larger share, or use leaveOneOut.',
      });
    if (protocol.grades === 'rating') checkGrades(data);
    this.toRetriever =
      items === data.test.items
        ? Int32Array.from({ length: items.size }, (_, item) => item)
        : Int32Array.from(data.test.items, (id) => items.find(id) ?? -1);
    this.#catalogue = this.toRetriever.filter((item) => item >= 0);
  }

  /** The query of a user: the history in the retriever's indexes, with ratings and times. */
  query(user: number): Query {
    const { history } = this.#data;
    const { offsets, row } = history.byUser();
    const rows = row
      .subarray(offsets[user], offsets[user + 1])
      .filter((r) => this.toRetriever[history.item[r]!]! >= 0);
    return {
      user: history.users.idOf(user),
      history: Int32Array.from(rows, (r) => this.toRetriever[history.item[r]!]!),
      historyTimestamps: Float64Array.from(rows, (r) => history.timestamp[r]!),
      historyRatings: history.rating ? Float32Array.from(rows, (r) => history.rating?.[r] ?? 0) : undefined,
    };
  }

  /** The targets and random items that the user does not know; nothing where the full catalogue is ranked. */
  candidates(user: number, random: RandomStream): Int32Array | undefined {
    const rule = this.#protocol.candidates;
    if (rule === 'full') return undefined;
    const targets = [...new Set(this.#data.test.history(user))]
      .map((item) => this.toRetriever[item]!)
      .filter((item) => item >= 0);
    const known = new Set([
      ...targets,
      ...Array.from(this.#data.history.history(user), (item) => this.toRetriever[item]!),
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

  /** The items of the retriever that the protocol takes out of a user's ranking. */
  masked(user: number): ReadonlySet<number> {
    const masked = new Set<number>();
    if (this.#protocol.maskHistory)
      for (const item of this.#data.history.history(user)) {
        const own = this.toRetriever[item]!;
        if (own >= 0) masked.add(own);
      }
    return masked;
  }

  /** Returns the items that the user has to be given. */
  targets(user: number): Targets {
    const { test } = this.#data;
    const grades = new Map<number, number>();
    const { offsets, row } = test.byUser();
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
      const r = row[p]!;
      const grade = this.#protocol.grades === 'rating' ? (test.rating?.[r] ?? 0) : 1;
      const item = test.item[r]!;
      grades.set(item, Math.max(grade, grades.get(item) ?? 0));
    }
    const items = [...grades.keys()];
    return { items, gains: [...grades.values()], own: items.map((item) => this.toRetriever[item]!) };
  }
}

function checkGrades({ test }: RankingData): void {
  if (!test.rating)
    throw new InvalidInputError({
      expected: 'test interactions with ratings to take for grades',
      received: 'none',
      hint: "Use grades: 'binary'.",
    });
  for (const [row, rating] of test.rating.entries())
    if (!(rating >= 0 && Number.isFinite(rating)))
      throw new InvalidInputError({
        expected: 'ratings of at least 0 to take for grades',
        received: `${rating} of the item ${JSON.stringify(test.items.idOf(test.item[row]!))} by the user ${JSON.stringify(test.users.idOf(test.user[row]!))}`,
        hint: "Use grades: 'binary', or move the ratings so that the lowest is 0.",
      });
}
