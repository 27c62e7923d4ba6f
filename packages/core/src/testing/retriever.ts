import assert from 'node:assert/strict';
import type { OutcomeCounts } from '../basics/outcome-counts.js';
import type { LongCallOptions } from '../basics/progress.js';
import type { Dataset } from '../data/dataset.js';
import { isCatalogueScorer, type Query, type Retriever } from '../recommend/retriever.js';
import { unavailableItems } from '../recommend/top-k.js';
import type { ConformanceCase } from './conformance.js';
import { everyKindOfQuery, groupedDataset } from './grouped-dataset.js';
import { refuses } from './refuses.js';
import { type FitRetriever, fittingCases, type QualityFloor, qualityCase } from './retriever-fitting.js';
import { savingCases } from './retriever-saving.js';

interface CommonOptions {
  /** Loads what `save` wrote, where the retriever can be saved. */
  readonly load?: (dir: string) => Promise<Retriever>;
  /**
   * Answer to an empty query: `'favourites'`, the items with most interactions in training; `'own choice'` for systems
   * that answer everybody alike by an idea of their own, such as random or recent ones. Default `'favourites'`.
   */
  readonly emptyQuery?: 'favourites' | 'own choice' | undefined;
  /** How good it has to be on real data; not asked if left out. */
  readonly quality?: QualityFloor | undefined;
}

/** Arguments of {@link retrieverConformance}. */
export type RetrieverConformanceOptions = CommonOptions &
  (
    | {
        /**
         * Fits the retriever under test with small settings and the options handed on (`seed`, `signal`, `onProgress`).
         */
        readonly fit: FitRetriever;
        readonly create?: undefined;
        /** Counts what fits hold outside of JavaScript (tensors), to see that a cancelled one gives it back. */
        readonly held?: (() => number) | undefined;
      }
    | {
        /** Makes the retriever under test, where it is not fitted by itself: equal arguments give equal retrievers. */
        readonly create: (dataset: Dataset, seed: number) => Promise<Retriever>;
        readonly fit?: undefined;
      }
  );

/**
 * The contract of `Retriever` as a list of cases to run.
 *
 * Covers list length, order, distinctness, exclusion, candidates, unseen users, empty queries, batching, overlapping
 * calls, determinism, cancellation, bad input and what comes after it, catalogue scores; with `fit` unknown options and
 * cancelled fits; with `load` saving, with damaged and foreign folders; with `quality` a floor on real data.
 */
export function retrieverConformance(options: RetrieverConformanceOptions): ConformanceCase[] {
  const dataset = groupedDataset(7);
  const { load, quality, fit } = options;
  const create =
    options.create ?? ((data: Dataset, seed: number) => (options.fit as FitRetriever)(data, { seed }));
  let fitted: Promise<Retriever> | undefined;
  const subject = (): Promise<Retriever> => {
    fitted ??= create(dataset, 1);
    return fitted;
  };
  const queries = (retriever: Retriever): Query[] => everyKindOfQuery(dataset, retriever);
  const cases: ConformanceCase[] = [
    {
      name: 'returns min(k, available) different available items, best first',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        for (const k of [1, 5, retriever.items.size + 10]) {
          const lists = await retriever.retrieve(asked, k);
          assert.equal(lists.length, asked.length);
          for (const [q, list] of lists.entries()) {
            const skip = unavailableItems(asked[q] as Query, retriever.items.size);
            const available = skip.reduce((count, flag) => count + (flag ? 0 : 1), 0);
            assert.equal(list.length, Math.min(k, available), `length of list ${q} at k ${k}`);
            assert.equal(new Set(list.map((entry) => entry.item)).size, list.length, 'items repeat');
            for (const [rank, entry] of list.entries()) {
              assert.ok(!skip[entry.item], `list ${q} holds the unavailable item ${entry.item}`);
              assert.ok(Number.isFinite(entry.score), 'scores are finite');
              const before = list[rank - 1];
              if (before)
                assert.ok(
                  before.score > entry.score || (before.score === entry.score && before.item < entry.item),
                  'scores never increase; equal scores are ordered by item index',
                );
            }
          }
        }
      },
    },
    {
      name: 'answers empty queries and unknown users with the general favourites, and counts them',
      run: async () => {
        if (options.emptyQuery === 'own choice') return;
        const retriever = await subject();
        const counts = dataset.log.itemCounts();
        const countOf = ({ item }: { readonly item: number }): number =>
          counts[dataset.log.items.indexOf(retriever.items.idOf(item))] as number;
        const most = Array.from(retriever.items, (_, item) => countOf({ item })).sort((a, b) => b - a);
        const asked: Query[] = [{}, { user: 'somebody new' }, { user: 'somebody new', history: [] }];
        const told: OutcomeCounts[] = [];
        const lists = await retriever.retrieve(asked, 6, { onOutcomes: (outcomes) => told.push(outcomes) });
        for (const list of lists) assert.deepEqual(list.map(countOf), most.slice(0, 6));
        // A system reports its own fallbacks; one whose regular answer is the favourites has none.
        for (const { asked: many, fellBack } of told) {
          assert.equal(many, asked.length);
          assert.ok(fellBack === 0 || fellBack === asked.length, `${fellBack} fell back`);
        }
        const [first = []] = lists;
        const excluded = first.slice(0, 2).map(({ item }) => item);
        const [rest = []] = await retriever.retrieve([{ exclude: excluded }], 4);
        assert.deepEqual(rest.map(countOf), most.slice(2, 6));
      },
    },
    {
      name: 'returns items of the history when asked to',
      run: async () => {
        const retriever = await subject();
        const [query] = queries(retriever);
        const [list = []] = await retriever.retrieve([query as Query], retriever.items.size, {
          includeHistory: true,
        });
        assert.equal(list.length, retriever.items.size);
      },
    },
    {
      name: 'answers a query the same way alone and in a batch',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        const together = await retriever.retrieve(asked, 6);
        for (const [q, query] of asked.entries()) {
          const [alone = []] = await retriever.retrieve([query], 6);
          assert.deepEqual(
            alone.map((e) => e.item),
            (together[q] ?? []).map((e) => e.item),
          );
          for (const [rank, entry] of alone.entries()) {
            const score = together[q]?.[rank]?.score as number;
            assert.ok(Math.abs(entry.score - score) <= 1e-5 * Math.max(1, Math.abs(score)), 'scores differ');
          }
        }
        assert.deepEqual(await retriever.retrieve([], 3), []);
      },
    },
    {
      name: 'gives the same lists when fitted again with the same seed',
      run: async () => {
        const first = await subject();
        const second = await create(dataset, 1);
        const asked = queries(first);
        assert.deepEqual(await second.retrieve(asked, 8), await first.retrieve(asked, 8));
      },
    },
    {
      name: 'refuses a bad k and item indexes out of range',
      run: async () => {
        const retriever = await subject();
        for (const k of [0, -1, 1.5, Number.NaN])
          await refuses(() => retriever.retrieve([{}], k), 'invalid-input');
        const n = retriever.items.size;
        for (const field of ['history', 'exclude', 'candidates'] as const)
          for (const item of [n, -1, 0.5])
            await refuses(() => retriever.retrieve([{ [field]: [item] }], 3), 'invalid-input');
      },
    },
    {
      name: 'refuses an option of retrieve that it does not know',
      run: async () => {
        const retriever = await subject();
        const misspelt = { includeHistroy: true } as LongCallOptions;
        await refuses(() => retriever.retrieve([{}], 3, misspelt), 'invalid-input');
      },
    },
    {
      name: 'answers as before after a refused or a cancelled call',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        const before = await retriever.retrieve(asked, 6);
        const [query] = asked;
        await refuses(
          () => retriever.retrieve([query as Query, { history: [retriever.items.size] }], 3),
          'invalid-input',
        );
        await refuses(() => retriever.retrieve(asked, 0), 'invalid-input');
        await refuses(() => retriever.retrieve(asked, 3, { signal: AbortSignal.abort() }), 'cancelled');
        assert.deepEqual(await retriever.retrieve(asked, 6), before);
      },
    },
    {
      name: 'answers overlapping calls as if each were alone',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        const alone: Awaited<ReturnType<Retriever['retrieve']>>[] = [];
        for (const query of asked) alone.push(await retriever.retrieve([query], 6));
        const overlapping = await Promise.all(asked.map((query) => retriever.retrieve([query], 6)));
        assert.deepEqual(overlapping, alone);
      },
    },
    {
      name: 'stops when its signal is aborted',
      run: async () => {
        const retriever = await subject();
        const asked = queries(retriever);
        await refuses(() => retriever.retrieve(asked, 3, { signal: AbortSignal.abort() }), 'cancelled');
      },
    },
    {
      name: 'scores the catalogue in agreement with its lists',
      run: async () => {
        const retriever = await subject();
        if (!isCatalogueScorer(retriever)) return;
        const asked = queries(retriever);
        const n = retriever.items.size;
        const scores = await retriever.scoreAll(asked);
        assert.equal(scores.length, asked.length * n);
        const lists = await retriever.retrieve(asked, n);
        for (const [q, list] of lists.entries())
          for (const { item, score } of list) {
            const other = scores[q * n + item] as number;
            assert.ok(
              Math.abs(score - other) <= 1e-5 * Math.max(1, Math.abs(score)),
              `item ${item}: ${score} and ${other}`,
            );
          }
      },
    },
  ];
  if (fit) cases.push(...fittingCases(dataset, fit, subject, queries, options.held ?? (() => 0)));
  if (load) cases.push(...savingCases(subject, load, queries));
  if (quality) {
    const own = quality.fit ?? fit ?? ((data: Dataset) => create(data, 1));
    cases.push(qualityCase({ ...quality, fit: own }));
  }
  return cases;
}
