import {
  type CatalogueScorer,
  type Dataset,
  type InteractionLog,
  type LongCallOptions,
  withLog,
} from '@palate/core';
import { leaveOneOut, type Split } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { type GraphServingOptions, leastActive } from '@palate/graph-augment';
import { fitGraphModel, type GraphStudyModel, loadGraphModel } from '../graph-systems.js';
import { cachedModel } from '../model-cache.js';
import type { SystemOptions } from '../suite.js';

/** Metrics of the studies of graph augmentation, those of the paper. */
export const GRAPH_METRICS = ['hr@1', 'hr@3', 'hr@10', 'ndcg@10', 'mrr'] as const;
/** Share of the users that count as least active, as in the paper. */
export const LEAST_ACTIVE = 0.02;
/** Training interactions up to which an item counts as cold. */
export const COLD = 5;
/** Bytes of scores kept for the second ranking of the same users. */
const KEPT_BYTES = 512 * 2 ** 20;
/** Of the code that fits: another number where models are no longer those fitted before. */
const VERSION = 1;

/** Results of one model at one seed. */
export interface Measured {
  readonly full: Readonly<Record<string, number>>;
  /** Among the target and 100 random items. */
  readonly sampled: Readonly<Record<string, number>>;
  /** HR@10 of each slice, with how many targets it has. */
  readonly slices: Readonly<Record<string, { readonly hr: number; readonly targets: number }>>;
  /** NDCG@10 of each user for whom it is not 0, by position. */
  readonly perUser: Readonly<Record<string, number>>;
  readonly users: number;
}

/** A model to fit: what its options and the side of the comparison say. */
export interface GraphCell {
  readonly dataset: Dataset;
  readonly split: Split;
  readonly model: GraphStudyModel;
  readonly edges: boolean;
  readonly options: SystemOptions;
  readonly seed: number;
}

/** Fits the model of a cell on the training part, or reads it where it was fitted before. */
async function fitted(
  { dataset, split, model, edges, options, seed }: GraphCell,
  call: LongCallOptions,
  serving: GraphServingOptions = {},
) {
  const train = withLog(dataset, split.train);
  const load = (dir: string) => loadGraphModel(model, dir, serving);
  return cachedModel(`graph-${model}`, train, [options, edges, seed, VERSION], load, () =>
    fitGraphModel(train, { ...options, edges }, { ...call, seed, validation: split.validation }),
  );
}

/** NDCG@10 of a model over the full catalogue; frees the model. */
async function ndcgOf(
  retriever: CatalogueScorer,
  data: Parameters<typeof evaluateRanking>[1],
  split: string,
  { signal }: LongCallOptions,
): Promise<number> {
  const { metrics } = await evaluateRanking(retriever, data, {
    metrics: ['ndcg@10'],
    resamples: 0,
    split,
    signal,
  });
  release(retriever);
  return metrics['ndcg@10']?.mean ?? 0;
}

/** NDCG@10 on the validation part, by which options are chosen: the test part is not looked at. */
export async function measureValidation(cell: GraphCell, call: LongCallOptions): Promise<number> {
  const retriever = await fitted(cell, call);
  const { train, validation } = cell.split;
  if (!validation) throw new TypeError('options are chosen by a split with a validation part');
  return ndcgOf(retriever, { history: train, train, test: validation }, cell.split.description, call);
}

/**
 * NDCG@10 on the validation part with different numbers of steps that bring a trained user to a longer history: training
 * ends an interaction before, which the history that is asked with has, as at the test.
 */
export async function measureUpdates(
  { dataset, split, ...rest }: GraphCell,
  steps: readonly number[],
  call: LongCallOptions,
): Promise<number[]> {
  const inner = leaveOneOut(split.train);
  const cell = { ...rest, dataset: withLog(dataset, split.train), split: inner };
  // Fitted once, with the steps of its options; what follows reads it with others.
  release(await fitted(cell, call));
  const values: number[] = [];
  for (const updateSteps of steps) {
    const retriever = await fitted(cell, call, { updateSteps });
    const data = { history: inner.known, train: inner.train, test: inner.test };
    values.push(await ndcgOf(retriever, data, inner.description, call));
  }
  return values;
}

/** Everything that the table says of a model at a seed, on the test part. */
export async function measureTest(cell: GraphCell, call: LongCallOptions): Promise<Measured> {
  const { split, seed } = cell;
  const retriever = await fitted(cell, call);
  const asked = rememberScores(retriever, split.test.users.size);
  const data = { history: split.known, train: split.train, test: split.test };
  const log = split.train;
  const common = {
    metrics: [...GRAPH_METRICS],
    resamples: 0,
    split: split.description,
    signal: call.signal,
    seed,
  };
  const { perUser, slices, metrics } = await evaluateRanking(asked, data, {
    ...common,
    perUser: true,
    slices: {
      'least active users': { by: 'user', maximum: leastActiveBound(log, split.test), log },
      'cold items': { by: 'item', maximum: COLD, log },
      'other items': { by: 'item', minimum: COLD + 1, log },
    },
  });
  const sampled = await evaluateRanking(asked, data, { ...common, candidates: { sampled: 100 } });
  release(retriever);
  const means = (from: typeof metrics): Record<string, number> =>
    Object.fromEntries(Object.entries(from).map(([name, value]) => [name, value.mean]));
  const values = perUser?.values['ndcg@10'] ?? [];
  return {
    full: means(metrics),
    sampled: means(sampled.metrics),
    slices: Object.fromEntries(
      Object.entries(slices ?? {}).map(([name, slice]) => [
        name,
        { hr: slice.metrics['hr@10']?.mean ?? Number.NaN, targets: slice.targets },
      ]),
    ),
    perUser: Object.fromEntries([...values.entries()].filter(([, value]) => value > 0)),
    users: values.length,
  };
}

const release = (retriever: object): void => (retriever as Partial<Disposable>)[Symbol.dispose]?.();

/** Training interactions up to which a user is among the least active, ties included. */
function leastActiveBound(train: InteractionLog, test: InteractionLog): number {
  const counts = train.userCounts().filter((_, user) => test.history(user).length > 0);
  return Math.max(...Array.from(leastActive(counts, LEAST_ACTIVE), (at) => counts[at] as number));
}

/** A scorer that answers the same users a second time from memory, where there is room for all of them. */
function rememberScores(scorer: CatalogueScorer, users: number): CatalogueScorer {
  const { items, name, favourites, provenance, fittedOn } = scorer;
  const isRoom = users * items.size * Float32Array.BYTES_PER_ELEMENT <= KEPT_BYTES;
  const kept = new Map<string, Float32Array>();
  return {
    name,
    items,
    favourites,
    provenance,
    fittedOn,
    retrieve: (queries, k, options) => scorer.retrieve(queries, k, options),
    scoreAll: async (queries, options) => {
      const key = queries.map(({ user }) => user).join(' ');
      const scores = kept.get(key) ?? (await scorer.scoreAll(queries, options));
      // Evaluation writes into what it is given.
      if (isRoom) kept.set(key, scores.slice());
      return scores;
    },
  };
}
