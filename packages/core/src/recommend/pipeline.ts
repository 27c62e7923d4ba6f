import { InvalidInputError } from '../basics/errors.js';
import { checkNumber } from '../basics/options.js';
import { throwIfCancelled } from '../basics/progress.js';
import type { IdMap } from '../data/id-map.js';
import { type Provenance, provenanceOfParts } from '../data/provenance.js';
import { defineOptions, type OptionsOf, option } from '../settings/option-declarations.js';
import { fittedOnParts } from './provenance-of-models.js';
import type { Query, Ranker, RetrieveOptions, Retriever, ScoredItem } from './retriever.js';

/** Options of {@link Pipeline}. */
export const PIPELINE = defineOptions(
  'Pipeline',
  {
    candidates: option.integer({ min: 1 })({
      default: 100,
      doc: 'least number of candidates that the retriever gives to the first ranker; never fewer than `k`',
    }),
    name: option.text(1).optional({
      doc: "name in tables; the parts' names joined by `' > '` if left out",
    }),
  },
  [],
);

/** Options of {@link Pipeline}; {@link PIPELINE} says what each does. */
export type PipelineOptions = OptionsOf<typeof PIPELINE.declarations>;

/**
 * A retriever followed by any number of rankers, itself a {@link Retriever}.
 *
 * @example
 * ```ts
 * const pipeline = new Pipeline(retriever, [ranker], { candidates: 50 });
 * const [list] = await pipeline.retrieve([{ history: [3, 14] }], 10);
 * ```
 */
export class Pipeline implements Retriever {
  readonly name: string;
  readonly provenance: Provenance | undefined;
  readonly fittedOn: readonly string[];
  readonly #retriever: Retriever;
  readonly #rankers: readonly Ranker[];
  readonly #candidates: number;

  constructor(retriever: Retriever, rankers: readonly Ranker[], options: PipelineOptions = {}) {
    const { candidates, name } = PIPELINE.settings(options);
    this.#candidates = candidates;
    this.#retriever = retriever;
    this.#rankers = rankers;
    this.provenance = provenanceOfParts([retriever, ...rankers]);
    this.fittedOn = fittedOnParts([retriever, ...rankers]);
    this.name = name ?? [retriever, ...rankers].map((part) => part.name).join(' > ');
  }

  get items(): IdMap {
    return this.#retriever.items;
  }

  async retrieve(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    checkNumber('k', k, { min: 1, integer: true });
    const width = this.#rankers.length === 0 ? k : Math.max(k, this.#candidates);
    let lists = await this.#retriever.retrieve(queries, width, options);
    for (const [stage, ranker] of this.#rankers.entries()) {
      throwIfCancelled(options.signal, this.name);
      const isLast = stage === this.#rankers.length - 1;
      lists = await ranker.rank(queries, lists, isLast ? k : width, options);
      if (lists.length !== queries.length)
        throw new InvalidInputError({
          expected: `${queries.length} lists from the ranker ${ranker.name}`,
          received: String(lists.length),
          hint: 'A ranker returns one list for each query.',
        });
    }
    return lists;
  }
}
