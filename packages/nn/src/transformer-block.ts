import { InvalidInputError, type RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { newestPosition, SelfAttention } from './attention.js';
import { FeedForward, type FeedForwardOptions } from './feed-forward.js';
import type { ForwardPass } from './forward-pass.js';
import { Dense, LayerNorm } from './layers.js';
import type { Parameters } from './parameters.js';

/** Options of {@link TransformerBlock}. */
export interface TransformerBlockOptions extends FeedForwardOptions {
  readonly width: number;
  readonly heads: number;
  /** Width between the two maps of the feed-forward part. */
  readonly inner: number;
  /** `'pre'` normalises what goes into each part, `'post'` what comes out of each sum. Default `'pre'`. */
  readonly norm?: 'pre' | 'post' | undefined;
  readonly epsilon?: number | undefined;
  /**
   * True to weigh what each part adds by a learned sigmoid of what the part started from (LiGR, Borisyuk et al. 2025);
   * with `'pre'` alone. Default false.
   */
  readonly gatedResiduals?: boolean | undefined;
}

/** Self-attention and a feed-forward part, each with a residual sum, dropout and layer normalisation. */
export class TransformerBlock {
  readonly #attention: SelfAttention;
  readonly #feedForward: FeedForward;
  readonly #firstNorm: LayerNorm;
  readonly #secondNorm: LayerNorm;
  readonly #firstGate: Dense | undefined;
  readonly #secondGate: Dense | undefined;
  readonly #norm: 'pre' | 'post';
  readonly #dropout: number;

  /** @throws InvalidInputError for gated residuals after a norm, or a width that is no multiple of the heads */
  constructor(parameters: Parameters, name: string, random: RandomStream, options: TransformerBlockOptions) {
    const { width, heads, inner, epsilon = 1e-5, gatedResiduals = false, bias, deviation } = options;
    if (gatedResiduals && options.norm === 'post')
      throw new InvalidInputError({
        expected: "the norm 'pre' with gated residuals",
        received: "'post'",
        hint: 'Leave norm out, or gatedResiduals.',
      });
    const gate = (part: string): Dense | undefined =>
      gatedResiduals
        ? new Dense(parameters, `${name}.${part}`, width, width, random, { bias, deviation })
        : undefined;
    this.#attention = new SelfAttention(parameters, `${name}.attention`, width, heads, random, options);
    this.#feedForward = new FeedForward(parameters, `${name}.feed-forward`, width, inner, random, options);
    this.#firstNorm = new LayerNorm(parameters, `${name}.norm-1`, width, random, epsilon);
    this.#secondNorm = new LayerNorm(parameters, `${name}.norm-2`, width, random, epsilon);
    this.#firstGate = gate('gate-1');
    this.#secondGate = gate('gate-2');
    this.#norm = options.norm ?? 'pre';
    this.#dropout = options.dropout ?? 0;
  }

  /**
   * @param x - `[batch, length, width]`
   * @param mask - added to the attention scores
   * @param only - `'newest'` to compute the last position alone, `[batch, 1, width]`; it looks at all that the mask lets
   *   it see. Default: every position
   */
  apply(x: tf.Tensor, pass: ForwardPass, mask?: tf.Tensor, only?: 'newest'): tf.Tensor {
    const asking = (input: tf.Tensor): tf.Tensor => (only ? newestPosition(input) : input);
    const attend = (input: tf.Tensor): tf.Tensor => this.#attention.apply(input, pass, mask, asking(input));
    const feed = (input: tf.Tensor): tf.Tensor => this.#feedForward.apply(input, pass);
    const joined = (before: tf.Tensor, part: tf.Tensor, gate?: Dense): tf.Tensor => {
      const weighed = gate ? tf.mul(part, tf.sigmoid(gate.apply(before))) : part;
      return tf.add(before, pass.dropout(weighed, this.#dropout));
    };
    if (this.#norm === 'pre') {
      const attended = joined(asking(x), attend(this.#firstNorm.apply(x)), this.#firstGate);
      return joined(attended, feed(this.#secondNorm.apply(attended)), this.#secondGate);
    }
    const attended = this.#firstNorm.apply(joined(asking(x), attend(x)));
    return this.#secondNorm.apply(joined(attended, feed(attended)));
  }
}

/**
 * Applies blocks one after another.
 *
 * @param x - `[batch, length, width]`
 * @param mask - added to the attention scores
 * @param newest - where given, the last position alone is computed, `[batch, 1, width]`; the mask of its last block
 */
export function applyBlocks(
  blocks: readonly TransformerBlock[],
  x: tf.Tensor,
  pass: ForwardPass,
  mask: tf.Tensor,
  newest?: tf.Tensor,
): tf.Tensor {
  const inner = newest ? blocks.slice(0, -1) : blocks;
  const states = inner.reduce((before, block) => block.apply(before, pass, mask), x);
  if (!newest) return states;
  return blocks.at(-1)?.apply(states, pass, newest, 'newest') ?? newestPosition(states);
}
