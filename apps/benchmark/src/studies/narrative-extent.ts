/** How much a study does. */
export interface Extent {
  readonly seeds: readonly number[];
  /** Options of the fits beside their defaults. */
  readonly biEncoder: Readonly<Record<string, unknown>>;
  readonly crossEncoder: Readonly<Record<string, unknown>>;
  /** Most requests that encoders are trained on. */
  readonly requests: number;
  /** Most dialogue turns and next-film requests of a set. */
  readonly most: number;
  readonly filters: readonly Filter[];
}

/** How the recorded requests are filtered before training. */
export type Filter = 'none' | 'unigram' | 't5';

/** The study as its table has it. */
export const FULL: Extent = {
  seeds: [0, 1, 2],
  biEncoder: { loss: 'info-nce' },
  crossEncoder: {},
  requests: Number.POSITIVE_INFINITY,
  most: 500,
  filters: ['none', 't5', 'unigram'],
};

/** A small part, to see that it runs. */
export const QUICK: Extent = {
  seeds: [0],
  biEncoder: { loss: 'info-nce', tuned: 'upper', epochs: 1, requestTokens: 64, itemTokens: 48 },
  crossEncoder: { tuned: 'upper', epochs: 1, requestTokens: 64, itemTokens: 48, batchSize: 4 },
  requests: 80,
  most: 30,
  filters: ['unigram'],
};

/** A filter as labels of rows name it. */
export function filterInWords(filter: Filter): string {
  return filter === 'none' ? 'without filter' : `${filter === 't5' ? 'T5' : filter} filter`;
}
