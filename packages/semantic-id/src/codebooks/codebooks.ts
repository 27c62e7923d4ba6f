import type { Codebook, CodebookParts } from './codebook.js';
import { LshCodebook } from './lsh.js';
import { RandomCodebook } from './random-codebook.js';
import { RqKMeans } from './rq-k-means.js';
import { RqVae } from './rq-vae.js';

/** Codebooks by their kind, each rebuilt from its parts: a new one is a file and an entry here. */
export const CODEBOOKS = {
  'rq-vae': (parts) => RqVae.from(parts),
  'rq-k-means': (parts) => RqKMeans.from(parts),
  lsh: (parts) => LshCodebook.from(parts),
  random: (parts) => RandomCodebook.from(parts),
} satisfies Readonly<Record<string, (parts: CodebookParts) => Codebook | Promise<Codebook>>>;

/** Ways to turn vectors into codes. */
export type CodebookKind = keyof typeof CODEBOOKS;
