import type { RandomStream } from '@palate/core';
import {
  applyBlocks,
  causalMask,
  Embedding,
  type ForwardPass,
  LayerNorm,
  Parameters,
  packedCausalMask,
  paddingMask,
  TransformerBlock,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { IdVectors, type ItemVectors } from './items/item-vectors.js';
import { GAP_BUCKETS } from './time-gaps.js';

/** Shape of a transformer over item sequences. */
export interface SequenceEncoderConfig {
  /** Width of item vectors and of the model. */
  readonly dimension: number;
  /** Standard deviation of the item vectors at the start. */
  readonly itemDeviation: number;
  /** Parts of a block: those of SASRec, or of LiGR. */
  readonly layers: 'sasrec' | 'ligr';
  /** Width between the two maps of a block's feed-forward part. */
  readonly inner: number;
  readonly blocks: number;
  readonly heads: number;
  /** Most items of a history that are read, the newest. */
  readonly maxLength: number;
  readonly dropout: number;
  /** True where items have a vector of the time since the one before. */
  readonly timeGaps?: boolean | undefined;
  /** Divides cosines of histories and items, where these are the scores; inner products are if left out. */
  readonly temperature?: number | undefined;
}

const LAYERS = {
  sasrec: { activation: 'gelu' },
  ligr: { activation: 'silu', gated: true, bias: false, gatedResiduals: true },
} as const;

/** Makes the vectors of an encoder's items, with parameters among its own. */
export type MakeItemVectors = (parameters: Parameters, random: RandomStream) => ItemVectors;

/** Parts of a pass that {@link SequenceEncoder.encode} takes. */
export interface EncodeOptions {
  /** `'newest'` for the last position alone, `[batch, 1, dimension]`. */
  readonly only?: 'newest' | undefined;
  /** Vectors that the ids are rows of; those of all items if left out. */
  readonly table?: tf.Tensor2D | undefined;
  /** Buckets of the time that passed before each item, int32 `[batch, length]`, for encoders with `timeGaps`. */
  readonly gaps?: tf.Tensor | undefined;
  /** Where rows hold several histories each; one a row, at its right end, if left out. */
  readonly packed?: PackedHistories | undefined;
}

/** Histories one behind another in rows, seen by nobody but themselves. */
interface PackedHistories {
  /** Number of each position's history, from 1 on, int32 `[batch, length]`; 0 for padding. */
  readonly histories: tf.Tensor;
  /** Row of each position in the table of positions, int32 `[batch, length]`: the last one is that of the newest item. */
  readonly positions: tf.Tensor;
}

/**
 * A transformer over item sequences: item vectors and learned positions, blocks, a final layer normalisation.
 * Sequences end at the right edge; positions are counted from there, so that the newest item always has the same one.
 */
export class SequenceEncoder {
  readonly parameters = new Parameters();
  readonly items: ItemVectors;
  readonly #positions: Embedding;
  readonly #gaps: Embedding | undefined;
  readonly #blocks: readonly TransformerBlock[];
  readonly #norm: LayerNorm;
  readonly #config: SequenceEncoderConfig;

  /** @param items - number of items and special tokens that have a vector each, or what makes their vectors */
  constructor(config: SequenceEncoderConfig, items: number | MakeItemVectors, random: RandomStream) {
    const { dimension, itemDeviation, layers, inner, blocks, heads, maxLength, dropout } = config;
    this.#config = config;
    this.items =
      typeof items === 'number'
        ? new IdVectors(this.parameters, items, dimension, random, itemDeviation)
        : items(this.parameters, random);
    this.#positions = new Embedding(this.parameters, 'positions', maxLength, dimension, random, 0.1);
    this.#gaps = config.timeGaps
      ? new Embedding(this.parameters, 'gaps', GAP_BUCKETS, dimension, random, 0.1)
      : undefined;
    this.#blocks = Array.from(
      { length: blocks },
      (_, k) =>
        new TransformerBlock(this.parameters, `block-${k + 1}`, random, {
          width: dimension,
          heads,
          inner,
          dropout,
          norm: 'pre',
          ...LAYERS[layers],
        }),
    );
    this.#norm = new LayerNorm(this.parameters, 'norm', dimension, random);
  }

  /**
   * @param ids - int32 `[batch, length]`, any item where there is padding
   * @param present - float32 `[batch, length]`, 1 for items and 0 for padding
   * @param causal - true to let each position see only itself and earlier ones
   * @returns `[batch, length, dimension]`
   */
  encode(
    ids: tf.Tensor,
    present: tf.Tensor,
    pass: ForwardPass,
    causal: boolean,
    { only, table = this.items.of(pass), packed, gaps }: EncodeOptions = {},
  ): tf.Tensor {
    const { dimension, maxLength, dropout } = this.#config;
    const length = ids.shape[1] as number;
    const positions = packed
      ? this.#positions.apply(packed.positions)
      : tf.slice(this.#positions.table as tf.Tensor2D, [maxLength - length, 0], [length, dimension]);
    const vectors = tf.gather(table as tf.Tensor, tf.cast(ids, 'int32'));
    const placed = tf.add(tf.mul(vectors, Math.sqrt(dimension)), positions);
    const embedded = this.#gaps && gaps ? tf.add(placed, this.#gaps.apply(gaps)) : placed;
    const shown = tf.mul(embedded, tf.expandDims(present, -1));
    const hidden = paddingMask(present);
    const unpacked = (): tf.Tensor => (causal ? tf.add(hidden, causalMask(length)) : hidden);
    const mask = packed ? packedCausalMask(packed.histories) : unpacked();
    const x = pass.dropout(shown, dropout);
    return this.#norm.apply(applyBlocks(this.#blocks, x, pass, mask, only && hidden));
  }

  /**
   * Vectors whose inner products score items after histories: both as they are, or on the unit sphere with the histories
   * over the temperature.
   *
   * @param hidden - vectors of histories, `[rows, dimension]`
   * @param table - vectors of items, `[items, dimension]`
   */
  scored(hidden: tf.Tensor2D, table: tf.Tensor2D): { hidden: tf.Tensor2D; table: tf.Tensor2D } {
    const { temperature } = this.#config;
    if (temperature === undefined) return { hidden, table };
    return { hidden: tf.div(unit(hidden), temperature), table: unit(table) };
  }
}

/** Rows of norm 1; a row of zeros stays one. */
function unit(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(rows, tf.rsqrt(tf.add(tf.sum(tf.square(rows), 1, true), 1e-12)));
}
