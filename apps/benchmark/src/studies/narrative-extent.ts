import { type BiEncoderOptions, SURROUNDINGS } from '@palate/narrative';

/** How the recorded requests are filtered before training. */
export type Filter = 'none' | 'unigram' | 't5';

/** A bi-encoder that is a row of the table. */
export interface Training {
  /** Names the row and the fitted model. */
  readonly label: string;
  /** Whole requests, or their clauses, each with the item that it is about. */
  readonly from: 'requests' | 'clauses';
  /** Of clauses, whether those are left out that are about no item. */
  readonly filter: Filter | 'rank';
  readonly options: BiEncoderOptions;
  /** Rows of fewer seeds than the others are ablations. */
  readonly isAblation?: boolean;
}

/** A second stage. */
export interface Deep {
  /** Label of the first stage. */
  readonly training: string;
  /** Whether the layers see request and item together, or apart, each text once. */
  readonly kind: 'joint' | 'late';
  /** Options of the cross-encoder. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Candidates that it scores. */
  readonly depth: number;
  /** Share of the first stages' order where they are fused with words. */
  readonly orderWeight: number;
  readonly seeds: readonly number[];
}

/** How much a study does. */
export interface Extent {
  readonly seeds: readonly number[];
  readonly trainings: readonly Training[];
  /** Label of the training that is fused, re-ranked and measured everywhere. */
  readonly main: string;
  readonly deep: readonly Deep[];
  /** Options of the bi-encoder that is trained on real requests. */
  readonly ceiling: BiEncoderOptions;
  /** Most requests that encoders are trained on. */
  readonly requests: number;
  /** Most dialogue turns and next-film requests of a set. */
  readonly most: number;
  /** Whether SASRec is fitted and fused with. */
  readonly sequential: readonly number[];
}

/** Long texts: all of an item's text, and of nearly every request. */
const READ = { requestTokens: 512, itemTokens: 512 } as const;

/** Settings that the heads of the study share: every text is run through the layers once for all of them. */
const HEAD = { ...READ, tuned: 'head', batchSize: 96, learningRate: 3e-4, warmUpSteps: 20 } as const;

/** The paper's loss, stopped by held-out users. */
const TRIPLET: BiEncoderOptions = { ...HEAD, loss: 'triplet', negatives: 'shuffled', epochs: 12 };
const INFO_NCE: BiEncoderOptions = { ...HEAD, loss: 'info-nce', negatives: 'catalogue', epochs: 12 };

/** Clauses among the small talk that real requests have. How many epochs, real requests of the train part told. */
const CLAUSES: BiEncoderOptions = {
  ...HEAD,
  loss: 'info-nce',
  negatives: 'catalogue',
  around: SURROUNDINGS,
  validationShare: 0,
  epochs: 3,
};

/** Label of the untuned encoder that reads as much as the trained ones. */
export const UNTUNED = 'use-lite, untuned, whole texts in windows';

/** Label of BM25 that reads long requests in English. */
export const BM25_ENGLISH = 'BM25 on stems';

/** Label of the best row that nothing was trained for. */
export const UNTUNED_BASE = `${UNTUNED}, fused with ${BM25_ENGLISH}`;

const MAIN = 'Bi-encoder, clauses';

/** The second stage that costs no run of the layers for a candidate; chosen by real requests of the train part. */
const LATE = {
  kind: 'late',
  options: { around: SURROUNDINGS, epochs: 2, validationShare: 0 },
  depth: 200,
  orderWeight: 0.85,
} as const;

/** The study as its table has it. */
export const SHORT: Extent = {
  seeds: [0, 1, 2],
  trainings: [
    {
      label: UNTUNED,
      from: 'requests',
      filter: 'unigram',
      options: { ...HEAD, learningRate: 0, epochs: 1 },
      isAblation: true,
    },
    { label: 'Bi-encoder, triplet, unigram filter', from: 'requests', filter: 'unigram', options: TRIPLET },
    {
      label: 'Bi-encoder, triplet, without filter',
      from: 'requests',
      filter: 'none',
      options: TRIPLET,
      isAblation: true,
    },
    {
      label: 'Bi-encoder, InfoNCE, unigram filter',
      from: 'requests',
      filter: 'unigram',
      options: INFO_NCE,
      isAblation: true,
    },
    {
      label: 'Bi-encoder, InfoNCE, without filter',
      from: 'requests',
      filter: 'none',
      options: INFO_NCE,
      isAblation: true,
    },
    { label: MAIN, from: 'clauses', filter: 'rank', options: CLAUSES },
    {
      label: `${MAIN}, without filter`,
      from: 'clauses',
      filter: 'none',
      options: CLAUSES,
      isAblation: true,
    },
    {
      label: `${MAIN}, without surroundings`,
      from: 'clauses',
      filter: 'rank',
      options: { ...CLAUSES, around: undefined },
      isAblation: true,
    },
  ],
  main: MAIN,
  deep: [
    { ...LATE, training: MAIN, seeds: [0, 1, 2] },
    { ...LATE, training: `${MAIN}, without filter`, seeds: [0] },
  ],
  ceiling: { ...HEAD, loss: 'info-nce', negatives: 'catalogue', epochs: 8, batchSize: 64 },
  requests: Number.POSITIVE_INFINITY,
  most: 500,
  sequential: [0],
};

/** All of the encoder trained, three filters, both stages with three seeds: ten hours and more on two cores. */
export const LONG: Extent = {
  ...SHORT,
  trainings: [
    ...(['triplet', 'info-nce'] as const).flatMap((loss) =>
      (['unigram', 'none', 't5'] as const).map((filter) => ({
        label: `Bi-encoder, all layers, ${loss}, ${filter === 'none' ? 'without' : filter} filter`,
        from: 'requests' as const,
        filter,
        options: { loss, negatives: loss === 'triplet' ? ('shuffled' as const) : ('batch' as const) },
        isAblation: filter === 't5',
      })),
    ),
    ...SHORT.trainings.filter(({ label }) => label === UNTUNED || label === MAIN),
  ],
  main: 'Bi-encoder, all layers, info-nce, unigram filter',
  deep: ['unigram', 'without'].map((filter) => ({
    training: `Bi-encoder, all layers, info-nce, ${filter} filter`,
    kind: 'joint',
    options: {},
    depth: 200,
    orderWeight: 0.9,
    seeds: filter === 'unigram' ? [0, 1, 2] : [0],
  })),
  ceiling: { loss: 'info-nce' },
};

/** A small part, to see that it runs. */
export const QUICK: Extent = {
  ...SHORT,
  seeds: [0],
  trainings: SHORT.trainings
    .filter(({ label }) => [UNTUNED, MAIN, 'Bi-encoder, triplet, unigram filter'].includes(label))
    .map((training) => ({
      ...training,
      options: { ...training.options, epochs: 1, requestTokens: 64, itemTokens: 48, batchSize: 16 },
    })),
  deep: [
    {
      training: MAIN,
      kind: 'joint',
      options: { tuned: 'upper', epochs: 1, requestTokens: 64, itemTokens: 48, batchSize: 4 },
      depth: 10,
      orderWeight: 0.9,
      seeds: [0],
    },
  ],
  requests: 80,
  most: 30,
  sequential: [],
};
