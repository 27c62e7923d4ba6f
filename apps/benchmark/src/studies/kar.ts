import {
  type Dataset,
  EmbeddingTable,
  type InteractionLog,
  type KnowledgeEntry,
  type LongCallOptions,
  WORLD,
} from '@palate/core';
import {
  loadBundledMovieTweetings,
  loadItemKnowledge,
  loadUserKnowledge,
} from '@palate/dataset-movietweetings';
import { pairedTTest } from '@palate/eval';
import {
  type AdaptorOptions,
  type BackboneName,
  CtrModel,
  type CtrSamples,
  type CtrSplit,
  checkKnowledgeLeak,
  ctrSamples,
  encodeFeatures,
  encodeKnowledge,
  type FeatureDeclaration,
  recordedKnowledge,
  seenEntities,
  shareOfSamples,
  splitByTimes,
  splitByUsers,
  takeSamples,
} from '@palate/knowledge-augment';
import { reduceVectors } from '@palate/llm';
import { benchmarkEncoder } from '../item-texts.js';
import { loadFolderDataset, readFolderLines } from '../prepare.js';
import { meanAndDeviation, type Study, type StudyContext, type StudyTable } from './study.js';

/** Which side's knowledge a model is given. */
const SIDES = ['none', 'item', 'user', 'both'] as const;
type Side = (typeof SIDES)[number];

/**
 * Adaptor that made knowledge pay in the search that came before: a match of both sides, hidden texts, strong
 * dropout.
 */
export const ADAPTOR: AdaptorOptions = { match: true, hide: 0.3, dropout: 0.4 };

/** As {@link ADAPTOR} for backbones that multiply fields by themselves, where a match of both sides would say it twice. */
export const FIELDS: AdaptorOptions = { ...ADAPTOR, match: false };
const REGULARISED = { dropout: 0.4, weightDecay: 0.05 };
/** Version of how knowledge enters a model: 2 as fields with gates. Part of the key of every cell that has any. */
export const KNOWLEDGE = 2;
/** Width to which the encoder's vectors are reduced and whitened. */
const WIDTH = 32;

/** Data of a KAR study. */
export interface KarData {
  readonly dataset: Dataset;
  readonly samples: CtrSamples;
  readonly features: readonly FeatureDeclaration[];
  readonly item: EmbeddingTable;
  readonly user: EmbeddingTable;
}

async function karData(
  dataset: Dataset,
  above: number,
  features: readonly FeatureDeclaration[],
  itemRecords: readonly object[],
  userRecords: readonly { readonly user: string; readonly n: number }[],
): Promise<KarData> {
  const shared = { promptVersion: 'recorded-1', model: 'recorded', createdAt: 0 };
  const known = new Map(userRecords.map(({ user, n }) => [user, n]));
  const log = withUsers(dataset.log, known);
  const userEntries = recordedKnowledge(userRecords, { ...shared, entityType: 'user', kind: 'preference' });
  const itemEntries = recordedKnowledge(itemRecords, {
    ...shared,
    entityType: 'item',
    kind: 'facts',
    provenance: WORLD,
  });
  const samples = ctrSamples(log, {
    above,
    from: Array.from(log.users, (user) => known.get(user) ?? Number.MAX_SAFE_INTEGER),
  });
  checkKnowledgeLeak(samples, userEntries);
  const encoder = await benchmarkEncoder();
  const reduced = async (
    entries: readonly KnowledgeEntry[],
    ids: typeof log.users,
  ): Promise<EmbeddingTable> => {
    const { table, known: there } = await encodeKnowledge(entries, ids, encoder);
    const small = reduceVectors(table, { width: WIDTH, fitOn: [...ids].filter((_, k) => there[k]) });
    // An entity without a text stays at zero.
    return new EmbeddingTable(
      ids,
      WIDTH,
      small.data.map((value, at) => (there[Math.floor(at / WIDTH)] ? value : 0)),
      small.provenance,
    );
  };
  return {
    dataset: { ...dataset, log },
    samples,
    features,
    item: await reduced(itemEntries, log.items),
    user: await reduced(userEntries, log.users),
  };
}

function withUsers(log: InteractionLog, known: ReadonlyMap<string, number>): InteractionLog {
  const keep = Uint8Array.from(log.users, (user) => (known.has(user) ? 1 : 0));
  return log.select(Int32Array.from(log.user.keys()).filter((row) => keep[log.user[row] as number]));
}

interface CtrCell {
  readonly auc: number;
  readonly logLoss: number;
  /** AUC on items with at most three training interactions. */
  readonly coldAuc: number;
  readonly parameters: number;
}

async function measure(
  data: KarData,
  split: CtrSplit,
  backbone: BackboneName,
  side: Side,
  seed: number,
  share: number,
  adaptor: AdaptorOptions,
  batchSize: number,
  call: LongCallOptions,
): Promise<CtrCell> {
  const { log } = data.dataset;
  const train = share < 1 ? shareOfSamples(split.train, share, seed) : split.train;
  const counts = new Int32Array(log.items.size);
  for (const item of train.item) counts[item]!++;
  const model = await CtrModel.fit(train, {
    ...call,
    backbone,
    features: encodeFeatures(data.dataset, data.features, seenEntities(train)),
    validation: split.validation,
    seed,
    epochs: share < 1 ? 15 : 6,
    batchSize,
    ...REGULARISED,
    ...(side === 'none'
      ? {}
      : {
          knowledge: {
            ...(side === 'item' ? {} : { user: data.user }),
            ...(side === 'user' ? {} : { item: data.item }),
            adaptor,
          },
        }),
  });
  const { auc, logLoss } = await model.evaluate(split.test);
  const cold = Int32Array.from(split.test.item.keys()).filter(
    (at) => (counts[split.test.item[at] as number] as number) <= 3,
  );
  const coldSamples = takeSamples(split.test, cold);
  const coldAuc = cold.length > 20 ? (await model.evaluate(coldSamples)).auc : Number.NaN;
  return { auc, logLoss, coldAuc, parameters: model.parameterCount };
}

interface Row {
  readonly label: string;
  readonly backbone: BackboneName;
  readonly share: number;
  readonly adaptor: AdaptorOptions;
  readonly sides: readonly Side[];
  readonly seeds: readonly number[];
}

async function table(
  context: StudyContext,
  data: KarData,
  split: (seed: number) => CtrSplit,
  rows: readonly Row[],
  batchSize: number,
): Promise<StudyTable> {
  const lines: string[][] = [];
  for (const { label, backbone, share, adaptor, sides, seeds } of rows) {
    const found = new Map<Side, CtrCell[]>();
    for (const side of sides)
      for (const seed of seeds) {
        const basis = [
          data.dataset.name,
          data.samples.user.length,
          WIDTH,
          REGULARISED,
          backbone,
          side,
          seed,
          share,
          side === 'none' ? null : [adaptor, KNOWLEDGE],
          batchSize,
        ];
        const cell = await context.cell(`${label} ${side} seed ${seed}`, basis, (call) =>
          measure(
            data,
            split(seed),
            backbone,
            side,
            seed,
            share,
            adaptor,
            share < 0.05 ? 128 : batchSize,
            call,
          ),
        );
        found.set(side, [...(found.get(side) ?? []), cell]);
      }
    const base = (found.get('none') ?? []).map(({ auc }) => auc);
    for (const side of sides) {
      const cells = found.get(side) as CtrCell[];
      const aucs = cells.map(({ auc }) => auc);
      const gains = aucs.map((auc, k) => 100 * (auc / (base[k] as number) - 1));
      const p = side === 'none' || seeds.length < 2 ? '' : pairedTTest(aucs, base).pValue.toFixed(3);
      lines.push([
        label,
        side,
        meanAndDeviation(aucs),
        meanAndDeviation(cells.map(({ logLoss }) => logLoss)),
        cells.some(({ coldAuc }) => Number.isNaN(coldAuc))
          ? ''
          : meanAndDeviation(cells.map(({ coldAuc }) => coldAuc)),
        side === 'none' ? '' : `${meanAndDeviation(gains, 2)} %`,
        p,
      ]);
    }
  }
  return {
    columns: ['backbone', 'knowledge', 'AUC', 'LogLoss', 'AUC, cold items', 'AUC against none', 'p'],
    rows: lines,
  };
}

/** KAR on the paper's data. */
export const karMl1m: Study = {
  name: 'kar-ml-1m',
  title: 'KAR on MovieLens 1M: click-through rate with and without language-model knowledge',
  protocol:
    'Label: rating above 3; 2,000 users with preference texts written from their first n ratings, samples after these; split by user 8:1:1 with a validation part to stop by; use-lite vectors reduced to 32 and whitened; adaptor with match, texts hidden from 30 % of the samples. The paper (arXiv 2306.10933, its own split without validation) reports about +1 to +1.5 % relative AUC over nine backbones. Relative gain is new / old - 1; p by a paired t-test over seeds.',
  run: async (context) => {
    const dataset = await loadFolderDataset('ml-1m', context);
    const data = await karData(
      dataset,
      3,
      [
        { name: 'gender', of: 'user', kind: 'categorical' },
        { name: 'age', of: 'user', kind: 'categorical' },
        { name: 'occupation', of: 'user', kind: 'categorical' },
        { name: 'id', of: 'item', kind: 'categorical' },
        { name: 'genres', of: 'item', kind: 'multi' },
      ],
      (await readFolderLines('ml-1m', 'knowledge/items.jsonl')).map((record) => ({
        ...record,
        item: String(record.item),
      })),
      (await readFolderLines('ml-1m', 'knowledge/users.jsonl')).map((record) => ({
        ...record,
        user: String(record.user),
        n: Number(record.n),
      })),
    );
    const rows: Row[] = [
      ...([0.01, 0.1] as const).map((share) => ({
        label: `DIN, ${share * 100} % of the samples`,
        backbone: 'din' as const,
        share,
        adaptor: ADAPTOR,
        sides: SIDES,
        seeds: [0, 1],
      })),
      { label: 'DIN', backbone: 'din', share: 1, adaptor: ADAPTOR, sides: SIDES, seeds: [0] },
      { label: 'DCNv2', backbone: 'dcnv2', share: 1, adaptor: FIELDS, sides: ['none', 'both'], seeds: [0] },
      {
        label: 'FiBiNET',
        backbone: 'fibinet',
        share: 1,
        adaptor: FIELDS,
        sides: ['none', 'both'],
        seeds: [0],
      },
      {
        label: 'DeepFM',
        backbone: 'deepfm',
        share: 1,
        adaptor: FIELDS,
        sides: ['none', 'both'],
        seeds: [0],
      },
    ];
    return table(context, data, (seed) => splitByUsers(data.samples, seed), rows, 512);
  },
};

/** The bundled data with its recorded knowledge. */
export async function movieTweetingsKarData(): Promise<KarData> {
  return karData(
    await loadBundledMovieTweetings({ core: 5 }),
    7,
    [
      { name: 'id', of: 'item', kind: 'categorical' },
      { name: 'genres', of: 'item', kind: 'multi' },
      { name: 'year', of: 'item', kind: 'numeric' },
    ],
    await loadItemKnowledge(),
    await loadUserKnowledge(),
  );
}

/** KAR on the bundled data, by user or by time. */
function karMovieTweetings(by: 'user' | 'time'): Study {
  return {
    name: `kar-movietweetings-${by}`,
    title: `KAR on MovieTweetings, split by ${by}: click-through rate with and without recorded knowledge`,
    protocol: `Label: rating above 7; samples after the first n ratings that the preference texts were written from; split by ${by} 8:1:1 with a validation part to stop by; cold items have at most 3 training samples; use-lite vectors reduced to 32 and whitened; relative gain is new / old - 1; p by a paired t-test over seeds.`,
    run: async (context) => {
      const data = await movieTweetingsKarData();
      const plain: AdaptorOptions = { dropout: 0.4, gate: false };
      const rows: Row[] = [
        { label: 'DIN', backbone: 'din', share: 1, adaptor: ADAPTOR, sides: SIDES, seeds: [0, 1, 2] },
        {
          label: 'DIN, adaptor as published',
          backbone: 'din',
          share: 1,
          adaptor: plain,
          sides: ['none', 'both'],
          seeds: [0, 1, 2],
        },
        {
          label: 'DIN, MLP for the experts',
          backbone: 'din',
          share: 1,
          adaptor: { ...ADAPTOR, kind: 'mlp' },
          sides: ['none', 'both'],
          seeds: [0, 1, 2],
        },
        { label: 'DCNv2', backbone: 'dcnv2', share: 1, adaptor: FIELDS, sides: SIDES, seeds: [0, 1, 2] },
        {
          label: 'FiBiNET',
          backbone: 'fibinet',
          share: 1,
          adaptor: FIELDS,
          sides: ['none', 'both'],
          seeds: [0, 1, 2],
        },
        {
          label: 'DeepFM',
          backbone: 'deepfm',
          share: 1,
          adaptor: FIELDS,
          sides: ['none', 'both'],
          seeds: [0, 1, 2],
        },
      ];
      return table(
        context,
        data,
        (seed) => (by === 'user' ? splitByUsers(data.samples, seed) : splitByTimes(data.samples)),
        rows,
        256,
      );
    },
  };
}

export const karMovieTweetingsByUser = karMovieTweetings('user');
export const karMovieTweetingsByTime = karMovieTweetings('time');
