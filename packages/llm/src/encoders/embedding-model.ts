import type { LongCallOptions } from '@palate/core';

/** A text as a model will read it. */
export interface PreparedText {
  /** Input of the model: token ids, or the text itself where a server splits it. */
  readonly input: Int32Array | string;
  /** Tokens, or an estimate of them: texts of like length share a batch. */
  readonly length: number;
  /** True if the end of the text was cut off because the model does not read that far. */
  readonly truncated: boolean;
}

/** Model behind a text encoder: splits texts and turns batches of them into vectors. */
export interface EmbeddingModel {
  /** Names model and version: vectors of different ids do not mix. */
  readonly id: string;
  readonly width: number;
  prepare(text: string): PreparedText;
  /** Most texts of a length that go into one batch. */
  batchSize(length: number): number;
  /**
   * Vectors of one batch, of any norm.
   *
   * @param batch - at least one text, at most `batchSize` of the longest
   * @returns row-major, `batch.length` x `width`
   */
  embed(batch: readonly PreparedText[], options: LongCallOptions): Promise<Float32Array>;
}
