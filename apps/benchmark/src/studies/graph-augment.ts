import { join } from 'node:path';
import { type Dataset, fingerprint, type InteractionLog, type LongCallOptions, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking, holm, pairedTTest } from '@palate/eval';
import { graphStatistics, leastActive, relationGraph } from '@palate/graph-augment';
import { fitGraphModel, GRAPH_STUDY_MODELS, type GraphStudyModel, textEdges } from '../graph-systems.js';
import { CACHE } from '../item-texts.js';
import { loadFolderDataset } from '../prepare.js';
import { graphOptions } from '../suites/graph.js';
import { meanAndDeviation, meanOf, type Study, type StudyContext } from './study.js';

const METRICS = ['hr@1', 'hr@3', 'hr@10', 'ndcg@10', 'mrr'] as const;
/** Share of the users that count as least active, as in the paper. */
const LEAST_ACTIVE = 0.02;
/** Training interactions up to which an item counts as cold. */
const COLD = 5;

interface Setting {
  readonly key: string;
  readonly words: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly load: (call: LongCallOptions) => Promise<Dataset>;
}

/** What one model at one seed comes to. */
interface Measured {
  readonly full: Readonly<Record<string, number>>;
  /** Among the target and 100 random items. */
  readonly sampled: Readonly<Record<string, number>>;
  /** HR@10 of each slice, with how many targets it has. */
  readonly slices: Readonly<Record<string, { readonly hr: number; readonly targets: number }>>;
  /** NDCG@10 of each user for whom it is not 0, by position. */
  readonly perUser: Readonly<Record<string, number>>;
  readonly users: number;
}

async function measure(
  dataset: Dataset,
  model: GraphStudyModel,
  edges: boolean,
  setting: Setting,
  call: LongCallOptions,
): Promise<Measured> {
  const split = leaveOneOut(dataset.log);
  const train = withLog(dataset, split.train);
  const checkpoints = join(CACHE, 'checkpoints', `graph-${setting.key}-${model}-${edges}-${call.seed}`);
  const retriever = await fitGraphModel(
    train,
    { ...graphOptions(model, setting.epochs, setting.batchSize), edges },
    {
      ...call,
      validation: split.validation,
      checkpoints,
    },
  );
  const data = { history: split.known, train: split.train, test: split.test };
  const bound = (counts: Int32Array, share: number): number =>
    Math.max(...Array.from(leastActive(counts, share), (position) => counts[position] as number));
  const users = bound(usersWithTest(split.train, split.test), LEAST_ACTIVE);
  const log = split.train;
  const common = { metrics: [...METRICS], resamples: 0, split: split.description, signal: call.signal };
  const { perUser, slices, metrics } = await evaluateRanking(retriever, data, {
    ...common,
    perUser: true,
    slices: {
      'least active users': { by: 'user', maximum: users, log },
      'cold items': { by: 'item', maximum: COLD, log },
      'other items': { by: 'item', minimum: COLD + 1, log },
    },
  });
  const sampled = await evaluateRanking(retriever, data, {
    ...common,
    candidates: { sampled: 100 },
    seed: call.seed,
  });
  (retriever as Partial<Disposable>)[Symbol.dispose]?.();
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

/** Training interactions of the users that the test asks for. */
function usersWithTest(train: InteractionLog, test: InteractionLog): Int32Array {
  const counts = train.userCounts();
  return counts.filter((_, user) => test.history(user).length > 0);
}

/** NDCG@10 of each user, the mean over seeds. */
function perUserMeans(seeds: readonly Measured[]): Float64Array {
  const mean = new Float64Array(seeds[0]?.users ?? 0);
  for (const { perUser } of seeds)
    for (const [user, value] of Object.entries(perUser)) mean[Number(user)]! += value / seeds.length;
  return mean;
}

/** Relative gain in words; nothing to compare with is said. */
function gain(before: number, after: number): string {
  if (before === 0) return after === 0 ? '0' : 'from 0';
  const percent = (100 * (after - before)) / before;
  return `${percent >= 0 ? '+' : ''}${percent.toFixed(1)} %`;
}

/** Graph recommenders with and without text edges. */
function graphAugment(setting: Setting): Study {
  return {
    name: `graph-augment-${setting.key}`,
    title: `Text-similarity edges in the user-item graph, ${setting.words}: every model with and without`,
    protocol: `Leave-one-out, training edges alone; full catalogue, history masked, pessimistic ties; beside it HR@10 among the target and 100 random items, which is another metric. Width 32, equal budget with and without edges, three seeds, mean and deviation; early stopping by validation. p: paired t-test over users of NDCG@10 (mean over seeds), Holm over all models. Least active users: the ${100 * LEAST_ACTIVE} % with the fewest training interactions, with all of the degree at which they end, since in a 5-core the boundary lies among equals. Cold items: at most ${COLD} training interactions. Classes of edges are bounded by quantiles of use-lite's distances. The paper (arXiv 2109.09358) claims gains for all models, largest for relational ones and for cold users and items; its tables were not found.`,
    run: async (context) => {
      const dataset = await setting.load(context);
      const basis = [fingerprint(dataset.log), setting.key, METRICS, COLD, LEAST_ACTIVE, 1];
      const lines: string[][] = [];
      const tests: number[] = [];
      for (const model of GRAPH_STUDY_MODELS) {
        const [plain, augmented] = [
          await seedsOf(context, dataset, setting, model, false, basis),
          await seedsOf(context, dataset, setting, model, true, basis),
        ];
        const of = (seeds: readonly Measured[], metric: string): number[] =>
          seeds.map(({ full }) => full[metric] ?? Number.NaN);
        const sliced = (seeds: readonly Measured[], slice: string): number =>
          meanOf(seeds.map(({ slices }) => slices[slice]?.hr ?? Number.NaN));
        tests.push(pairedTTest(perUserMeans(augmented), perUserMeans(plain)).pValue);
        const change = (slice: string): string => gain(sliced(plain, slice), sliced(augmented, slice));
        lines.push([
          model,
          ...METRICS.map(
            (metric) => `${meanAndDeviation(of(plain, metric))} → ${meanAndDeviation(of(augmented, metric))}`,
          ),
          gain(meanOf(of(plain, 'ndcg@10')), meanOf(of(augmented, 'ndcg@10'))),
          `${meanOf(plain.map(({ sampled }) => sampled['hr@10'] ?? Number.NaN)).toFixed(4)} → ${meanOf(augmented.map(({ sampled }) => sampled['hr@10'] ?? Number.NaN)).toFixed(4)}`,
          change('cold items'),
          change('other items'),
          change('least active users'),
        ]);
      }
      const adjusted = holm(tests.map((p) => (Number.isNaN(p) ? 1 : p)));
      await sayEdges(context, dataset);
      return {
        columns: [
          'model',
          ...METRICS.map((metric) => `${metric}, without → with`),
          'NDCG@10 gain',
          'HR@10 of 100 sampled',
          'HR@10 gain, cold items',
          'other items',
          'least active users',
          'p (Holm)',
        ],
        rows: lines.map((line, k) => [...line, (adjusted[k] ?? 1).toFixed(4)]),
      };
    },
  };
}

async function seedsOf(
  context: StudyContext,
  dataset: Dataset,
  setting: Setting,
  model: GraphStudyModel,
  edges: boolean,
  basis: readonly unknown[],
): Promise<Measured[]> {
  const measured: Measured[] = [];
  // Walks draw nothing: one seed says all.
  for (const seed of model === 'rp3-beta' ? [0] : [0, 1, 2])
    measured.push(
      await context.cell(
        `${model} ${edges ? 'with edges' : 'plain'} seed ${seed}`,
        [...basis, graphOptions(model, setting.epochs, setting.batchSize), model, edges, seed],
        (call) => measure(dataset, model, edges, setting, { ...call, seed }),
      ),
    );
  return measured;
}

async function sayEdges(context: StudyContext, dataset: Dataset): Promise<void> {
  const train = withLog(dataset, leaveOneOut(dataset.log).train);
  const { relations, notes } = await textEdges(train, context);
  const { edges, itemsTouched, itemsAugmented, density } = graphStatistics(
    relationGraph(train.log, { relations }),
  );
  context.say(`edges: ${JSON.stringify({ edges, itemsTouched, itemsAugmented, density, notes })}`);
}

export const graphAugmentMovieTweetings = graphAugment({
  key: 'movietweetings',
  words: 'MovieTweetings (knowledge and catalogue texts)',
  epochs: 30,
  batchSize: 1024,
  load: () => loadBundledMovieTweetings({ core: 5 }),
});

export const graphAugmentBeauty = graphAugment({
  key: 'beauty',
  words: 'Amazon Beauty 2014 (title, brand, categories)',
  epochs: 30,
  batchSize: 1024,
  load: (call) => loadFolderDataset('beauty', call),
});

export const graphAugmentGiftCards = graphAugment({
  key: 'gift-cards',
  words: 'Amazon Gift Cards 2018 (metadata and training reviews)',
  epochs: 60,
  batchSize: 128,
  load: (call) => loadFolderDataset('giftcards', call),
});
