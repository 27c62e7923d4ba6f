import type { RandomStream } from '@palate/core';
import type { ForwardPass, Parameters } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';

/** Lists as a model reads them. */
interface ListInput {
  /** Entries, `[lists, length, width]`. */
  readonly entries: tf.Tensor;
  /** 1 for entries and 0 for padding, `[lists, length]`. */
  readonly present: tf.Tensor2D;
  /** Vectors of the entries' items, `[lists, length, itemWidth]`. */
  readonly items: tf.Tensor;
  /** Vectors of the history's items with their ratings, oldest first, `[lists, met, itemWidth]`. */
  readonly history: tf.Tensor;
  /** 1 for items of the history and 0 for padding, `[lists, met]`. */
  readonly met: tf.Tensor2D;
}

/** Sizes that a list model is built from. */
interface ListShape {
  readonly width: number;
  readonly itemWidth: number;
  readonly length: number;
}

/** A model that scores the items of a list by each other. */
interface ListModel {
  /** @returns `[lists, length]` */
  scores(lists: ListInput, pass: ForwardPass): tf.Tensor2D;
}

/** Makes a list model over entries of a width. */
export type MakeListModel = (
  parameters: Parameters,
  shape: ListShape,
  random: RandomStream,
  dropout: number,
) => ListModel;
