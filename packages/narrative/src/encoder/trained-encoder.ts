import { type Disposable, InvalidInputError, RandomStream, type TensorData } from '@palate/core';
import type { EncoderParts, RunningEncoder } from '@palate/llm';
import { Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** How much of an encoder is trained. */
export const TUNED = ['all', 'upper', 'head'] as const;

/**
 * `'all'` of an encoder, its `'upper'` part: the layers above the lower half, or its `'head'` alone: what is above the mean
 * of the states.
 */
export type Tuned = (typeof TUNED)[number];

/**
 * Names of the weights that are trained.
 *
 * @throws InvalidInputError for the head of an encoder that has none
 */
export function trainedNames({ id, names }: EncoderParts, tuned: Tuned | 'none'): readonly string[] {
  const { lower, upper, head } = names;
  if (tuned === 'none') return [];
  if (tuned === 'head' && head.length === 0)
    throw new InvalidInputError({
      expected: 'an encoder with weights above the mean of its states',
      received: `${id}, whose mean is its vector`,
      hint: "Use tuned: 'upper'.",
    });
  return tuned === 'all' ? [...lower, ...upper] : tuned === 'upper' ? upper : head;
}

/** A pretrained encoder whose weights, or the upper part of them, are parameters. */
export class TrainedEncoder implements Disposable {
  readonly parts: EncoderParts;
  readonly parameters: Parameters;
  readonly #fixed: Readonly<Record<string, tf.Tensor>>;
  readonly #trained: readonly string[];
  readonly #fixedValues: Readonly<Record<string, TensorData>>;

  /**
   * @param start - weights to start from by their names, instead of the published ones
   * @param parameters - to which the trained weights are added, where a model has others beside them
   */
  constructor(
    parts: EncoderParts,
    tuned: Tuned | 'none',
    start: Readonly<Record<string, TensorData>> = {},
    parameters = new Parameters(),
  ) {
    const { fixed, lower, upper } = parts.names;
    this.parts = parts;
    this.parameters = parameters;
    this.#trained = trainedNames(parts, tuned);
    const value = (name: string): TensorData => start[name] ?? (parts.weights[name] as TensorData);
    const random = new RandomStream(0);
    for (const name of this.#trained) {
      const { shape, values } = value(name);
      parameters.add(name, shape, () => values as Float32Array, random);
    }
    const held = [...fixed, ...lower, ...upper].filter((name) => !this.#trained.includes(name));
    this.#fixedValues = Object.fromEntries(held.map((name) => [name, value(name)]));
    this.#fixed = Object.fromEntries(
      held.map((name) => {
        const { shape, values } = value(name);
        const made = tf.tensor(values as Float32Array, [...shape], 'float32');
        const kept = parameters.hold(made);
        if (kept !== made) made.dispose();
        return [name, kept];
      }),
    );
  }

  /** Names of the weights that are trained. */
  get trained(): readonly string[] {
    return this.#trained;
  }

  /** The weights that are not trained, as they were given. */
  fixedValues(): Readonly<Record<string, TensorData>> {
    return this.#fixedValues;
  }

  /** All weights by name, trained or not: what another model starts from. */
  async allValues(): Promise<Record<string, TensorData>> {
    const values = await this.parameters.values();
    return {
      ...this.#fixedValues,
      ...Object.fromEntries(this.#trained.map((name) => [name, values[name] as TensorData])),
    };
  }

  /**
   * The computation over the weights as they are now.
   *
   * @throws InvalidInputError if the weights were disposed
   */
  running(): RunningEncoder {
    const trained = this.#trained.map((name) => [name, this.parameters.get(name) as tf.Tensor]);
    return this.parts.running({ ...this.#fixed, ...Object.fromEntries(trained) });
  }

  dispose(): void {
    this.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
