import type { TensorData } from '@palate/core';
import type { ForwardPass } from '@palate/nn';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** How an encoder is run. */
export interface EncoderPass {
  /** Draws dropout while training; none is drawn if left out. */
  readonly pass?: ForwardPass | undefined;
  /** Share of the values dropped behind attention and feed-forward parts, while training. Default 0. */
  readonly dropout?: number | undefined;
  /** Added to the vectors of the tokens, `[batch, length, inputWidth]`. */
  readonly added?: Tensor | undefined;
}

/** The computation of an encoder over given weights. */
export interface RunningEncoder {
  /**
   * The state of each token.
   *
   * @param ids - int32 `[batch, length]`, any token where there is padding
   * @param present - float32 `[batch, length]`, 1 for tokens and 0 for padding
   * @returns `[batch, length, width]`
   */
  states(ids: Tensor2D, present: Tensor2D, options?: EncoderPass): Tensor3D;
  /**
   * The mean of some tokens' states.
   *
   * @param states - `[batch, length, width]`
   * @param counted - `[batch, length]`, 1 for tokens that count
   * @returns `[batch, width]`
   */
  mean(states: Tensor3D, counted: Tensor2D): Tensor2D;
  /**
   * Applies the layers above the mean: one vector a text.
   *
   * @param means - `[batch, width]`
   * @returns `[batch, width]` of norm 1
   */
  head(means: Tensor2D): Tensor2D;
  /**
   * One vector a text from the mean of some of its tokens' states: the head of the mean.
   *
   * @param states - `[batch, length, width]`
   * @param counted - `[batch, length]`, 1 for tokens that count
   * @returns `[batch, width]` of norm 1
   */
  pool(states: Tensor3D, counted: Tensor2D): Tensor2D;
}

/** Names of an encoder's weights by what training may do with them. */
export interface EncoderWeightNames {
  /** Never trained: frequencies of positions. */
  readonly fixed: readonly string[];
  /** The embeddings and the lower half of the layers. */
  readonly lower: readonly string[];
  /** The upper half of the layers and what is above them. */
  readonly upper: readonly string[];
  /** Those of `upper` that are above the mean of the states; none where the mean is the vector. */
  readonly head: readonly string[];
}

/** A pretrained text encoder taken apart, to be trained further or read as part of another model. */
export interface EncoderParts {
  /** Names model and version, as the id of the encoder does. */
  readonly id: string;
  /** Width of states and vectors. */
  readonly width: number;
  /** Width of the tokens' vectors, to which others may be added. */
  readonly inputWidth: number;
  /** Tokens that the published model reads. */
  readonly maxTokens: number;
  /** Most tokens that its positions allow. */
  readonly mostPositions: number;
  /** Token ids of a text, uncut; ids are from 0 to below `vocabularySize`. */
  readonly tokenize: (text: string) => Int32Array;
  readonly vocabularySize: number;
  /** The published weights by name. */
  readonly weights: Readonly<Record<string, TensorData>>;
  readonly names: EncoderWeightNames;
  /** The computation over weights of these names: constants or variables. */
  readonly running: (weights: Readonly<Record<string, Tensor>>) => RunningEncoder;
}
