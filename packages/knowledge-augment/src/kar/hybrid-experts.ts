import type { RandomStream } from '@palate/core';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { Perceptron } from '../ctr/backbone.js';

/** How knowledge vectors become small augmented ones. */
export type AdaptorKind = 'hybrid-experts' | 'mlp' | 'linear';

/** Options of the adaptor. */
export interface AdaptorOptions {
  /** Default `'hybrid-experts'`; the others are the paper's ablations. */
  readonly kind?: AdaptorKind;
  /** Experts that both sides use. Default 2. */
  readonly shared?: number;
  /** Experts of each side's own. Default 3. */
  readonly dedicated?: number;
  /** Widths of an expert. Default `[128, 32]`. */
  readonly widths?: readonly number[];
  /** Default 0.2. */
  readonly dropout?: number;
  /** Divides the gates' scores: above 1 experts are mixed more evenly. Default 1. */
  readonly temperature?: number;
  /**
   * Chance that the text of a user or item is hidden from a sample while training, which keeps the model from learning
   * users by heart. Default 0.
   */
  readonly hide?: number;
  /**
   * True to add the product of the augmented user and item vectors where there are both: how well they match, which
   * carries over to new users where the vectors themselves can be learned by heart. Default false, as published.
   */
  readonly match?: boolean;
}

/** A side of the adaptor. */
export type AdaptorSide = 'user' | 'item';

/**
 * Hybrid-expert adaptor (KAR, section 3.3): experts that both sides share and experts of each side's own, each an MLP,
 * mixed by a softmax gate on the knowledge vector: `e = sum_j alpha_j E_j(h)`, `alpha = softmax(W h / temperature)`.
 */
export class KnowledgeAdaptor {
  /** Width of an augmented vector. */
  readonly width: number;
  readonly #shared: readonly Perceptron[];
  readonly #own: Readonly<Partial<Record<AdaptorSide, readonly Perceptron[]>>>;
  readonly #gates: Readonly<Partial<Record<AdaptorSide, Dense>>>;
  readonly #linear: Readonly<Partial<Record<AdaptorSide, Dense>>>;
  readonly #temperature: number;

  /** @param inputs - width of the knowledge vectors of each side that has any; shared experts need equal widths */
  constructor(
    parameters: Parameters,
    inputs: Readonly<Partial<Record<AdaptorSide, number>>>,
    random: RandomStream,
    options: AdaptorOptions = {},
  ) {
    const { kind = 'hybrid-experts', dropout = 0.2, widths = [128, 32] } = options;
    const sides = (['user', 'item'] as const).filter((side) => inputs[side] !== undefined);
    const expert = (name: string, width: number): Perceptron =>
      new Perceptron(parameters, name, width, widths, random, { dropout });
    const each = <T>(make: (side: AdaptorSide, width: number) => T): Partial<Record<AdaptorSide, T>> =>
      Object.fromEntries(sides.map((side) => [side, make(side, inputs[side] as number)]));
    this.width = widths.at(-1) as number;
    this.#temperature = options.temperature ?? 1;
    const hybrid = kind === 'hybrid-experts';
    const sameWidth = sides.length < 2 || inputs.user === inputs.item;
    const shared = hybrid && sameWidth ? (options.shared ?? 2) : 0;
    const dedicated = hybrid ? (options.dedicated ?? 3) : 1;
    this.#shared = Array.from({ length: shared }, (_, k) =>
      expert(`shared-${k + 1}`, inputs[sides[0] as AdaptorSide] as number),
    );
    this.#own =
      kind === 'linear'
        ? {}
        : each((side, width) =>
            Array.from({ length: dedicated }, (_, k) => expert(`${side}.expert-${k + 1}`, width)),
          );
    this.#gates = hybrid
      ? each(
          (side, width) =>
            new Dense(parameters, `${side}.gate`, width, shared + dedicated, random, {
              bias: false,
              deviation: 0.02,
            }),
        )
      : {};
    this.#linear =
      kind === 'linear'
        ? each((side, width) => new Dense(parameters, `${side}.linear`, width, this.width, random))
        : {};
  }

  /** `[rows, width of the knowledge]` to `[rows, width]`. */
  apply(side: AdaptorSide, knowledge: tf.Tensor2D, pass: ForwardPass): tf.Tensor2D {
    const linear = this.#linear[side];
    if (linear) return linear.apply(knowledge) as tf.Tensor2D;
    const experts = [...this.#shared, ...(this.#own[side] ?? [])].map((expert) =>
      expert.apply(knowledge, pass),
    );
    const gate = this.#gates[side];
    if (!gate) return experts[0] as tf.Tensor2D;
    const weights = tf.softmax(tf.div(gate.apply(knowledge), this.#temperature));
    return tf.sum(tf.mul(tf.stack(experts, 1), tf.expandDims(weights, 2)), 1) as tf.Tensor2D;
  }
}
