import type { SuiteSystem } from '../suite.js';

const CODEBOOKS = {
  'rq-vae': 'RQ-VAE',
  'rq-k-means': 'RQ-KMeans',
  lsh: 'LSH',
  random: 'random IDs',
} as const;

/**
 * TIGER on every kind of codes, as in the paper's ablation of IDs: prefixes have no vectors of their own, which would
 * tell items apart whatever their IDs.
 */
export const codesAlone = (options: Readonly<Record<string, unknown>>): SuiteSystem[] =>
  (Object.keys(CODEBOOKS) as (keyof typeof CODEBOOKS)[]).map((codebook) => ({
    system: 'tiger',
    label: `TIGER (efficient), codes alone, ${CODEBOOKS[codebook]}`,
    options: { ...options, codebook, prefixVectors: false },
  }));
