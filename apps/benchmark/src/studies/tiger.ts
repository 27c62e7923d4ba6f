import {
  type Dataset,
  type EmbeddingTable,
  fingerprint,
  IdMap,
  type LongCallOptions,
  type Query,
  RandomStream,
  type ScoredItem,
  withLog,
} from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { checkUnseen, ndcgOfLists } from '@palate/eval';
import { TextRetriever } from '@palate/retrievers';
import { entropyAtK, RqVae, SemanticIds, Tiger, type TigerOptions } from '@palate/semantic-id';
import { benchmarkEncoder, CACHE, defaultFamilies, itemVectors } from '../item-texts.js';
import { benchmarkContext } from '../method-context.js';
import { loadFolderDataset } from '../prepare.js';
import { meanAndDeviation, type Study, type StudyContext, type StudyTable } from './study.js';

/** Share of the test's items that are taken out of training. */
const COLD_SHARE = 0.05;

/** Data that a cold-start table is made on. */
interface Setting {
  readonly load: (call: LongCallOptions) => Promise<Dataset>;
  readonly options: Omit<TigerOptions, 'ids'>;
  readonly seeds: readonly number[];
}

const MOVIETWEETINGS: Setting = {
  load: () => loadBundledMovieTweetings({ core: 5 }),
  options: { epochs: 30, dropout: 0.3, learningRate: 0.001 },
  seeds: [0, 1, 2],
};

const BEAUTY: Setting = {
  load: (call) => loadFolderDataset('beauty', call),
  options: {
    epochs: 25,
    dropout: 0.4,
    learningRate: 0.001,
    warmUpSteps: 200,
    decay: 'cosine',
    batchSize: 128,
    patience: 25,
  },
  seeds: [0],
};

const EPSILONS = [0, 0.1, 0.3, 0.5, 1];
const TEMPERATURES = [0, 1, 1.5, 2];
const LENGTHS = [10, 20, 50];

/** TIGER without some items of the test, and what it is asked. */
interface ColdStart {
  readonly dataset: Dataset;
  readonly train: Dataset;
  readonly tiger: Tiger;
  readonly vectors: EmbeddingTable;
  readonly queries: readonly Query[];
  readonly targets: readonly Int32Array[];
  /** Positions of the queries whose target was never seen. */
  readonly coldQueries: readonly number[];
}

/**
 * Takes 5 % of the test's items out of training; codebooks are fitted on the others, which give these their IDs by text
 * alone.
 */
async function coldStart(setting: Setting, seed: number, call: LongCallOptions): Promise<ColdStart> {
  const dataset = await setting.load(call);
  const split = leaveOneOut(dataset.log);
  const { items, users } = dataset.log;
  const tested = [...new Set(split.test.item)].sort((a, b) => a - b);
  const taken = new RandomStream(seed)
    .fork('cold items')
    .sample(tested.length, Math.round(COLD_SHARE * tested.length));
  const cold = new Set(Array.from(taken, (at) => tested[at] as number));
  const rows = [...split.train.item.keys()].filter((row) => !cold.has(split.train.item[row] as number));
  const train = withLog(dataset, split.train.select(Int32Array.from(rows)));
  const vectors = await itemVectors(dataset, defaultFamilies(dataset), call);
  const own = { ...call, seed };
  const { keep } = await benchmarkContext(train, { ...own, checkpoints: `${CACHE}/checkpoints` });
  const tiger = await keep('tiger-cold', [setting.options, seed, 'rq-vae', 'use-lite', 2], {
    load: (dir) => Tiger.load(dir),
    fit: async () => {
      const warm = vectors.align(new IdMap([...items].filter((_, item) => !cold.has(item))));
      const codebook = await RqVae.fit(warm, { ...own, batchSize: 512 });
      return Tiger.fit(train, {
        ...setting.options,
        ...own,
        ids: await SemanticIds.assign(codebook, vectors, { encoder: 'use-lite' }),
        validation: split.validation,
        checkpoint: {
          dir: `${CACHE}/checkpoints/tiger-cold-2-${fingerprint(train.log).slice(0, 12)}-${seed}`,
        },
      });
    },
  });
  checkUnseen(tiger, { history: split.known, train: train.log, test: split.test });
  const asked = Array.from({ length: users.size }, (_, user) => user).filter(
    (user) => split.test.history(user).length > 0,
  );
  return {
    dataset,
    train,
    tiger,
    vectors,
    queries: asked.map((user) => ({
      user: users.idOf(user),
      history: dataset.log
        .history(user)
        .slice(0, -1)
        .filter((item) => !cold.has(item)),
    })),
    targets: asked.map((user) => split.test.history(user)),
    coldQueries: asked.flatMap((user, q) => (cold.has(split.test.history(user)[0] as number) ? [q] : [])),
  };
}

/** Lists by TIGER with a share for unseen items, or by the nearness of texts alone where none is given. */
async function coldRetrieval(
  { train, tiger, vectors }: ColdStart,
  epsilon: number | undefined,
  call: LongCallOptions,
): Promise<(queries: readonly Query[], k: number) => Promise<ScoredItem[][]>> {
  if (epsilon !== undefined) return (queries, k) => tiger.retrieve(queries, k, { ...call, epsilon });
  const texts = await TextRetriever.fit(train, { encoder: await benchmarkEncoder(), vectors });
  return (queries, k) => texts.retrieve(queries, k, call);
}

interface ColdCell {
  readonly queries: number;
  readonly recall10: number;
  readonly recall50: number;
  readonly ndcgAll: number;
}

/** The table of items that nobody met in training, found by their texts' IDs. */
async function coldStartTable(setting: Setting, context: StudyContext): Promise<StudyTable> {
  const rows: { readonly label: string; readonly epsilon: number | undefined }[] = [
    ...EPSILONS.map((epsilon) => ({ label: 'TIGER (efficient)', epsilon })),
    { label: 'Semantic-KNN', epsilon: undefined },
  ];
  const lines: string[][] = [];
  for (const { label, epsilon } of rows) {
    const cells: ColdCell[] = [];
    for (const seed of setting.seeds)
      cells.push(
        await context.cell(
          `${label} ${epsilon ?? ''} seed ${seed}`,
          [label, epsilon ?? null, seed, setting.options, COLD_SHARE, 3],
          async (call) => {
            const data = await coldStart(setting, seed, call);
            const retrieve = await coldRetrieval(data, epsilon, call);
            const coldTargets = data.coldQueries.map((q) => data.targets[q] as Int32Array);
            const long = await retrieve(
              data.coldQueries.map((q) => data.queries[q] as Query),
              50,
            );
            const all = await retrieve(data.queries, 10);
            const cold = data.coldQueries.map((q) => all[q] ?? []);
            const found = (lists: typeof long): number =>
              lists.filter((list, q) => list.some(({ item }) => item === coldTargets[q]?.[0])).length /
              Math.max(1, lists.length);
            return {
              queries: cold.length,
              recall10: found(cold),
              recall50: found(long),
              ndcgAll: ndcgOfLists(all, data.targets, 10),
            };
          },
        ),
      );
    lines.push([
      label,
      epsilon === undefined ? '' : String(epsilon),
      cells.map(({ queries }) => queries).join(', '),
      meanAndDeviation(cells.map(({ recall10 }) => recall10)),
      meanAndDeviation(cells.map(({ recall50 }) => recall50)),
      meanAndDeviation(cells.map(({ ndcgAll }) => ndcgAll)),
    ]);
  }
  return {
    columns: ['method', 'epsilon', 'users', 'Recall@10, unseen', 'Recall@50, unseen', 'NDCG@10, all users'],
    rows: lines,
  };
}

const coldStartProtocol = (items: string, seeds: string): string =>
  `5 % of the ${items} of the test (leave-one-out) are taken out of training and histories; RQ-VAE fitted on the texts of the other ${items} gives them their IDs; epsilon is the share of a list that is kept for unseen ${items}. Recall over the users whose target is unseen, NDCG@10 over all users; full catalogue; TIGER in the efficient mode, stopped by the validation part; ${seeds}. Semantic-KNN ranks all ${items} by the nearness of use-lite vectors to those of the history, and knows no bound. The paper shows curves on Beauty and no table.`;

/** Films that nobody met in training. */
export const tigerColdStart: Study = {
  name: 'tiger-cold-start',
  title: 'TIGER on MovieTweetings: films that training never saw',
  protocol: coldStartProtocol('films', 'mean and deviation over three seeds, which draw other films'),
  run: (context) => coldStartTable(MOVIETWEETINGS, context),
};

/** Products that nobody met in training. */
export const tigerColdStartBeauty: Study = {
  name: 'tiger-cold-start-beauty',
  title: 'TIGER on Amazon Beauty: products that training never saw',
  protocol: coldStartProtocol('products', 'one seed'),
  run: (context) => coldStartTable(BEAUTY, context),
};

/** Lists drawn at a temperature: how mixed they are, and what that costs. */
export const tigerDiversity: Study = {
  name: 'tiger-diversity',
  title: 'TIGER on MovieTweetings: lists drawn at a temperature',
  protocol:
    'The models of tiger-cold-start, epsilon 0, leave-one-out; entropy in nats of the first-named genres within a list, mean over users; temperature 0 takes the likeliest films; lists are drawn without replacement. Mean and deviation over three seeds. The paper (Beauty, categories of products) reports entropy@10/20/50 of .76/1.14/1.70 at 1.0, 1.14/1.52/2.06 at 1.5 and 1.38/1.76/2.28 at 2.0.',
  run: async (context) => {
    const lines: string[][] = [];
    for (const temperature of TEMPERATURES) {
      const cells: { readonly entropies: readonly number[]; readonly ndcg: number }[] = [];
      for (const seed of MOVIETWEETINGS.seeds)
        cells.push(
          await context.cell(
            `temperature ${temperature} seed ${seed}`,
            [temperature, seed, MOVIETWEETINGS.options, 3],
            async (call) => {
              const { dataset, tiger, queries, targets } = await coldStart(MOVIETWEETINGS, seed, call);
              const genres = dataset.catalog.attributes.genres ?? [];
              const genreOf = (item: number): string => String([genres[item] ?? ''].flat()[0] ?? '');
              const entropies: number[] = [];
              let ndcg = 0;
              for (const k of LENGTHS) {
                const lists = await tiger.retrieve(queries, k, { ...call, temperature, seed });
                entropies.push(entropyAtK(lists, k, genreOf));
                if (k === 10) ndcg = ndcgOfLists(lists, targets, 10);
              }
              return { entropies, ndcg };
            },
          ),
        );
      lines.push([
        String(temperature),
        ...LENGTHS.map((_, k) => meanAndDeviation(cells.map(({ entropies }) => entropies[k] as number))),
        meanAndDeviation(cells.map(({ ndcg }) => ndcg)),
      ]);
    }
    return { columns: ['temperature', ...LENGTHS.map((k) => `entropy@${k}`), 'NDCG@10'], rows: lines };
  },
};
