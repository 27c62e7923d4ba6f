import { type CatalogueScorer, type LongCallOptions, Pipeline, type Retriever } from '@palate/core';
import { type CrossEncoder, type LateCrossEncoder, NarrativeRanker } from '@palate/narrative';
import type { TestSet } from './narrative-data.js';
import { BM25_ENGLISH, type Deep } from './narrative-extent.js';
import { ENGLISH, WORDS_AND_VECTORS, wordsAndVectors } from './narrative-systems.js';

/** A row of the table, made for each set that it has values of. */
export interface System {
  readonly label: string;
  readonly seeds: readonly number[];
  /** Everything that the values depend on beside set and seed. */
  readonly basis: unknown;
  readonly applies?: (set: TestSet) => boolean;
  /** Group of rows that are measured once all sets have the others. */
  readonly later?: 'ablations' | 'both stages' | undefined;
  readonly make: (set: TestSet, seed: number, call: LongCallOptions) => Promise<Retriever>;
}

/** Candidates of the first stage. */
const CANDIDATES = 200;

/** Rows of a second stage, above its first stage alone and above that fused with words. */
export function secondStageSystems(
  deep: Deep,
  first: (set: TestSet, seed: number, call: LongCallOptions) => Promise<CatalogueScorer>,
  model: (seed: number, call: LongCallOptions) => Promise<CrossEncoder | LateCrossEncoder>,
): System[] {
  const { training, depth, seeds } = deep;
  const ranker = async (set: TestSet, seed: number, call: LongCallOptions, orderWeight: number) =>
    new NarrativeRanker(set.dataset.catalog.align(set.dataset.log.items), {
      crossEncoder: await model(seed, call),
      texts: set.texts,
      depth,
      orderWeight,
      orderBy: 'scores',
    });
  const shared = {
    later: 'both stages',
    seeds,
    applies: ({ isDeep }: TestSet): boolean => isDeep || deep.kind === 'late',
  } as const;
  return [
    {
      ...shared,
      label: `Both stages (${training})`,
      basis: deep,
      make: async (set, seed, call) =>
        new Pipeline(await first(set, seed, call), [await ranker(set, seed, call, 0)], {
          candidates: CANDIDATES,
        }),
    },
    {
      ...shared,
      label: `Both stages and ${BM25_ENGLISH}, fused (${training})`,
      basis: [deep, ENGLISH, WORDS_AND_VECTORS],
      make: async (set, seed, call) =>
        new Pipeline(
          await wordsAndVectors(set, await first(set, seed, call)),
          [await ranker(set, seed, call, deep.orderWeight)],
          { candidates: CANDIDATES },
        ),
    },
  ];
}
