import { join } from 'node:path';
import {
  type Dataset,
  EmbeddingTable,
  fingerprint,
  loadOrFit,
  type Progress,
  type TextEncoder,
  WORLD,
} from '@palate/core';
import { reduceVectors, useLiteEncoder } from '@palate/llm';
import { LocalRanker } from '@palate/llm-rank';
import { Bm25Retriever, TextRetriever } from '@palate/retrievers';
import { SasRec } from '@palate/sequential';
import type { FilmKnowledge } from './film-knowledge.js';

/** How much is trained: `full` keeps the first run within a few minutes on two cores, `quick` shows that all works. */
export type Effort = 'full' | 'quick';

const SASREC = {
  full: { epochs: 16, batchSize: 64, learningRate: 0.002 },
  quick: { epochs: 1, batchSize: 128, learningRate: 0.004, maxLength: 10 },
} as const;
const RANKER = {
  full: { epochs: 4, perUser: 2 },
  quick: { epochs: 1, perUser: 1, userShare: 0.05 },
} as const;
/** How far the ranker trusts SASRec's order, as its validation chose in the benchmark. */
const ORDER_WEIGHT = 6;

/** Models of the assistant, fitted or read. */
export interface AssistantModels {
  readonly encoder: TextEncoder;
  readonly sasrec: SasRec;
  readonly texts: TextRetriever;
  /** Words of knowledge and tags. */
  readonly words: Bm25Retriever;
  readonly ranker: LocalRanker;
  readonly orderWeight: number;
}

/** Options of {@link assistantModels}. */
export interface ModelOptions {
  readonly artifacts: string;
  readonly seed: number;
  readonly effort: Effort;
  readonly signal: AbortSignal;
  /** Told of each model, and how a fit is getting on. */
  readonly say: (line: string, progress?: Progress) => void;
}

/** Reads models that were fitted on equal data, fits and keeps the others. */
export async function assistantModels(
  dataset: Dataset,
  knowledge: FilmKnowledge,
  options: ModelOptions,
): Promise<AssistantModels> {
  const { artifacts, seed, signal, effort, say } = options;
  const folder = join(artifacts, effort === 'full' ? 'assistant' : 'assistant-quick');
  const current = fingerprint(dataset.log);
  const encoder = await useLiteEncoder();
  const shared = (what: string) => ({
    seed,
    signal,
    onProgress: (progress: Progress) => say(what, progress),
  });
  const keep = async <M extends { save(dir: string): Promise<void> }>(
    name: string,
    what: string,
    load: (dir: string) => Promise<M>,
    fit: () => Promise<M>,
  ): Promise<M> => {
    const dir = join(folder, name);
    const started = performance.now();
    const { model, reused } = await loadOrFit(dir, {
      load,
      fit,
      isCurrent: ({ dataFingerprint }) => dataFingerprint === undefined || dataFingerprint === current,
      onNotice: say,
    });
    if (!reused) say(`${what}: done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    return model;
  };
  const words = Array.from(
    { length: dataset.log.items.size },
    (_, item) =>
      `${dataset.catalog.itemText(item, ['title', 'genres'])}. ${knowledge.text[item] ?? ''} ${(knowledge.tags[item] ?? []).join(', ')}`,
  );
  const described = { ...dataset, catalog: dataset.catalog.withText('described', words, WORLD) };
  const texts = await keep(
    'texts',
    'encoding 2,414 films',
    (dir) => TextRetriever.load(dir, encoder),
    () => TextRetriever.fit(described, { encoder, fields: ['described'], ...shared('encoding 2,414 films') }),
  );
  const sasrec = await keep(
    'sasrec',
    'training SASRec',
    (dir) => SasRec.load(dir),
    () => SasRec.fit(dataset, { ...SASREC[effort], ...shared('training SASRec') }),
  );
  const ranker = await keep(
    'ranker',
    'tuning the ranker',
    (dir) => LocalRanker.load(dir),
    async () => {
      const { data, width } = await encoder.encode(words, { signal });
      return LocalRanker.fit(dataset, {
        ...RANKER[effort],
        profileProvenance: knowledge.profileProvenance,
        profiles: new Map([...knowledge.profiles].map(([user, keywords]) => [user, keywords.join(', ')])),
        vectors: reduceVectors(new EmbeddingTable(dataset.log.items, width, data, WORLD), { width: 64 }),
        ...shared('tuning the ranker'),
      });
    },
  );
  const lexical = await Bm25Retriever.fit(described, { fields: ['described'] });
  return { encoder, sasrec, texts, words: lexical, ranker, orderWeight: ORDER_WEIGHT };
}
