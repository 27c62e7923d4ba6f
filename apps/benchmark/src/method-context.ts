import { join } from 'node:path';
import type { Dataset, EmbeddingTable, InteractionLog, LongCallOptions, Provenance } from '@palate/core';
import { type MethodContext, methodContext } from '@palate/engine';
import {
  benchmarkEncoder,
  CACHE,
  defaultFamilies,
  isBundled,
  itemTextFamily,
  itemVectors,
  type TextFamily,
} from './item-texts.js';

/** Options of SASRec with cross-entropy in the tables: of the bundled data, and of sparse data such as Amazon's. */
const SASREC = { epochs: 60, batchSize: 64, learningRate: 0.002 } as const;
const SPARSE_SASREC = { epochs: 40, dropout: 0.5, learningRate: 0.002, patience: 4 } as const;

/** Context of a fit beside its options. */
export interface FitContext extends LongCallOptions {
  /** Held-out interactions for early stopping. */
  readonly validation?: InteractionLog | undefined;
  /** Folder for checkpoints, for systems that train long; removed when the cell is measured. */
  readonly checkpoints: string;
}

/** Inputs that a row of a table gives its method beside the options. */
export interface RowInputs {
  /** Families of the items' texts whose vectors are read; the data set's own if left out. */
  readonly families?: readonly TextFamily[] | undefined;
  readonly profiles?: ReadonlyMap<string, string> | undefined;
  readonly profileProvenance?: Provenance | undefined;
}

/** The context in which the benchmark fits methods: its encoder, its texts, and a folder for what can be made again. */
export async function benchmarkContext(
  dataset: Dataset,
  { signal, onProgress, seed = 0, validation, checkpoints }: FitContext,
  { families = defaultFamilies(dataset), profiles, profileProvenance }: RowInputs = {},
): Promise<MethodContext> {
  const { texts, provenance } = await itemTextFamily(dataset, 'catalogue');
  const made = methodContext(dataset, {
    folder: join(CACHE, 'models'),
    signal,
    onProgress,
    seed,
    validation,
    checkpoints,
    encoder: await benchmarkEncoder(),
    texts,
    textProvenance: provenance,
    itemVectors: (): Promise<EmbeddingTable> => itemVectors(dataset, families, { signal, onProgress }),
    profiles,
    profileProvenance,
  });
  return {
    ...made,
    // Asked for without settings, SASRec is that of the tables.
    other: (key, settings) =>
      made.other(key, settings ?? (key === 'sasrec' ? (isBundled(dataset) ? SASREC : SPARSE_SASREC) : {})),
  };
}
