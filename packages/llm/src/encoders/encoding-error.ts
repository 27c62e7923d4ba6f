import { type EncodedTexts, PalateError } from '@palate/core';

/** A text that a model gave no usable vector for. */
export interface FailedText {
  /** Position among the texts that were to be encoded. */
  readonly row: number;
  readonly text: string;
}

/** Texts that a model gave vectors for which are zero or no numbers (`code: 'not-encoded'`); the others are kept. */
export class EncodingError extends PalateError {
  readonly failed: readonly FailedText[];
  /** The vectors of all texts; those of the failed ones are zero. The cache holds the others too. */
  readonly encoded: EncodedTexts;

  constructor(encoder: string, failed: readonly FailedText[], encoded: EncodedTexts) {
    const named = failed
      .slice(0, 3)
      .map(({ row, text }) => `text ${row} (${JSON.stringify(text.slice(0, 60))})`)
      .join(', ');
    super('not-encoded', {
      expected: `finite vectors other than zero from ${encoder}`,
      received: `none for ${named}${failed.length > 3 ? ` and ${failed.length - 3} more` : ''}`,
      hint: 'Leave these texts out or change them; the vectors of the others are in `encoded` and in the cache. If all fail, the model or its weights are damaged.',
    });
    this.name = 'EncodingError';
    this.failed = failed;
    this.encoded = encoded;
  }
}
