import type { RandomStream } from '@palate/core';
import type { ForwardPass, Parameters } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { CtrInput, CtrShape } from './ctr-input.js';

/** A model of click-through rate on top of embedded features. */
export interface CtrBackbone {
  /** Logits, `[rows]`. */
  logits(input: CtrInput, pass: ForwardPass): tf.Tensor1D;
}

/** Options of every backbone. */
export interface BackboneOptions {
  /** Widths of the final MLP. */
  readonly hidden: readonly number[];
  readonly dropout: number;
  /** Layers of the backbone's own kind (cross, attention, compressed interaction). */
  readonly layers: number;
}

/** Makes a backbone; its parameters go into those given. */
export type MakeBackbone = (
  parameters: Parameters,
  shape: CtrShape,
  random: RandomStream,
  options: BackboneOptions,
) => CtrBackbone;
