import type { BatchTensors } from '@palate/nn';
import { type CompiledStep, compile } from '@palate/tfjs-backend-ort';
import type * as tf from '@tensorflow/tfjs-core';
import type { EntityInput } from './entity-input.js';

/**
 * Scores batches by a graph that is replayed once it has been recorded, as long as the stored vectors that it reads stay
 * the same.
 */
export class ServedStep {
  readonly #input: EntityInput;
  readonly #step: (batch: BatchTensors) => tf.Tensor;
  #compiled:
    | {
        readonly of: object;
        readonly names: readonly string[];
        readonly run: CompiledStep<tf.Tensor[], tf.Tensor>;
      }
    | undefined;

  /** @param step - scores of a batch, from what the input has stored */
  constructor(input: EntityInput, step: (batch: BatchTensors) => tf.Tensor) {
    this.#input = input;
    this.#step = step;
  }

  /** @param batch - of the same columns at every call */
  scores(batch: BatchTensors): tf.Tensor {
    const { stored } = this.#input;
    if (!stored) return this.#step(batch);
    if (this.#compiled?.of !== stored) {
      this.#compiled?.run.dispose();
      const names = Object.keys(batch);
      const step = this.#step;
      this.#compiled = {
        of: stored,
        names,
        run: compile((...tensors: tf.Tensor[]) =>
          step(Object.fromEntries(names.map((name, k) => [name, tensors[k] as tf.Tensor]))),
        ),
      };
    }
    const { names, run } = this.#compiled;
    return run(...names.map((name) => batch[name] as tf.Tensor));
  }
}
