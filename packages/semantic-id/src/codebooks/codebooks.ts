import type { EmbeddingTable, LongCallOptions } from '@palate/core';
import type { Codebook, CodebookParts } from './codebook.js';
import { LshCodebook } from './lsh.js';
import { RandomCodebook } from './random-codebook.js';
import { RqKMeans } from './rq-k-means.js';
import { RqVae } from './rq-vae.js';

/** Options that every codebook is fitted with. */
export interface CodebookOptions extends LongCallOptions {
  /** Codes of a tuple. Default 3. */
  readonly levels?: number | undefined;
  /** Values of a code. Default 256. */
  readonly size?: number | undefined;
}

/** Class of a codebook: fits one, and rebuilds it from its parts. */
export interface CodebookClass {
  fit(table: EmbeddingTable, options?: CodebookOptions): Promise<Codebook>;
  from(parts: CodebookParts): Codebook | Promise<Codebook>;
}

/** Codebooks by their kind: a new one is a file and an entry here. */
export const CODEBOOKS = {
  'rq-vae': RqVae,
  'rq-k-means': RqKMeans,
  lsh: LshCodebook,
  random: RandomCodebook,
} satisfies Readonly<Record<string, CodebookClass>>;

/** Ways to turn vectors into codes. */
export type CodebookKind = keyof typeof CODEBOOKS;
