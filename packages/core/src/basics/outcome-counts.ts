/**
 * Counts of what became of the queries of one call, by cause: how many were answered by a fallback (the retriever's
 * order, the general favourites, a mean) instead of by the system itself, and what else happened on the way.
 */
export interface OutcomeCounts {
  /** Name of the retriever, ranker or predictor that reports. */
  readonly source: string;
  /** Queries, or rows to predict, that it was asked. */
  readonly asked: number;
  /** Of these, queries that the fallback answered in whole. */
  readonly fellBack: number;
  /**
   * Events by cause, in plain words: `'no answer'`, `'answer not readable'`, `'text cut'`. A query may have several, or
   * have some without falling back.
   */
  readonly causes: Readonly<Record<string, number>>;
  /** One example a cause, such as the server's own text. */
  readonly examples?: Readonly<Record<string, string>> | undefined;
}

/** Option of calls that can fall back: how the counts of a call come back beside its lists. */
export interface OutcomeOptions {
  /**
   * Told once a call by everybody in it who can fall back, with counts of that call alone. Whoever calls others hands
   * it on, as the other options.
   */
  readonly onOutcomes?: ((outcomes: OutcomeCounts) => void) | undefined;
}

const EXAMPLE_LENGTH = 300;

/**
 * Counts the outcomes of one call.
 *
 * @example
 * ```ts
 * const counter = new OutcomeCounter('my ranker', 3);
 * counter.fallBack('no answer', 'HTTP 429: slow down');
 * counter.note('text cut');
 * console.log(counter.counts().fellBack); // 1
 * ```
 */
export class OutcomeCounter {
  readonly #source: string;
  readonly #causes = new Map<string, number>();
  readonly #examples = new Map<string, string>();
  readonly #asked: number;
  #fellBack = 0;

  /**
   * @param source - who counts
   * @param asked - queries or rows of the call
   */
  constructor(source: string, asked: number) {
    this.#source = source;
    this.#asked = asked;
  }

  /** Counts a query that the fallback answered in whole; call it once for such a query. */
  fallBack(cause: string, example?: string): void {
    this.#fellBack++;
    this.note(cause, example);
  }

  /** Counts an event that did not, or not alone, make a query fall back. */
  note(cause: string, example?: string): void {
    this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + 1);
    if (example !== undefined && !this.#examples.has(cause))
      this.#examples.set(cause, example.slice(0, EXAMPLE_LENGTH));
  }

  /** Counts so far, for `onOutcomes`. */
  counts(): OutcomeCounts {
    return {
      source: this.#source,
      asked: this.#asked,
      fellBack: this.#fellBack,
      causes: Object.fromEntries(this.#causes),
      examples: this.#examples.size > 0 ? Object.fromEntries(this.#examples) : undefined,
    };
  }
}

/** Adds the counts of several calls up: one record a source, in the order of their first call. */
export function sumOutcomes(all: Iterable<OutcomeCounts>): OutcomeCounts[] {
  const bySource = new Map<string, OutcomeCounts>();
  for (const each of all) {
    const before = bySource.get(each.source);
    const causes = new Map(Object.entries(before?.causes ?? {}));
    for (const [cause, count] of Object.entries(each.causes))
      causes.set(cause, (causes.get(cause) ?? 0) + count);
    const examples = { ...each.examples, ...before?.examples };
    bySource.set(each.source, {
      source: each.source,
      asked: (before?.asked ?? 0) + each.asked,
      fellBack: (before?.fellBack ?? 0) + each.fellBack,
      causes: Object.fromEntries(causes),
      examples: Object.keys(examples).length > 0 ? examples : undefined,
    });
  }
  return [...bySource.values()];
}
