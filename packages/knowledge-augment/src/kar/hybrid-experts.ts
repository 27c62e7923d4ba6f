import type { RandomStream } from '@palate/core';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { Perceptron } from '../ctr/perceptron.js';
import { type AdaptorOptions, adaptorSettings } from './adaptor-options.js';

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

  /**
   * @param inputs - width of the knowledge vectors of each side that has any; shared experts need equal widths
   * @throws InvalidInputError for options that are unknown, out of bounds, or that nothing would read
   */
  constructor(
    parameters: Parameters,
    inputs: Readonly<Partial<Record<AdaptorSide, number>>>,
    random: RandomStream,
    options: AdaptorOptions = {},
  ) {
    const { kind, dropout, widths, shared, dedicated, temperature } = adaptorSettings(options, inputs);
    const sides = (['user', 'item'] as const).filter((side) => inputs[side] !== undefined);
    const expert = (name: string, width: number): Perceptron =>
      new Perceptron(parameters, name, width, widths, random, { dropout });
    const each = <T>(make: (side: AdaptorSide, width: number) => T): Partial<Record<AdaptorSide, T>> =>
      Object.fromEntries(sides.map((side) => [side, make(side, inputs[side] as number)]));
    this.width = widths.at(-1) as number;
    this.#temperature = temperature;
    const hybrid = kind === 'hybrid-experts';
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
