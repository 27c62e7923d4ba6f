import {
  type FreezeOptions,
  type FrozenFunction,
  type FrozenInput,
  freeze,
  type NamedTensors,
} from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './parameters.js';

/** Rows up to which a batch is served, not evaluated: larger ones are worth all threads. */
const MOST_ROWS = 32;
/** Weights up to which a second copy is kept: 128 MB. */
const MOST_WEIGHTS = 2 ** 25;

/** A function of tensors and the weights of a model, with an example of its arguments of one row each. */
export interface GraphToFreeze<I extends NamedTensors> {
  readonly run: (inputs: I) => NamedTensors;
  readonly example: () => I;
}

/**
 * Sessions that answer few rows at a time from a model whose weights stay as they are, as a server is asked: each holds the
 * weights, and is made when it is first asked. A fit must not use them.
 */
export class FrozenGraphs {
  readonly #parameters: Parameters;
  readonly #options: FreezeOptions;
  readonly #graphs = new Map<string, FrozenFunction>();
  #isDisposed = false;

  constructor(parameters: Parameters, options: FreezeOptions = {}) {
    this.#parameters = parameters;
    this.#options = options;
  }

  /**
   * Whether a batch should be computed here: by the backend `'ort'`, few rows of a model that is not too large to be kept a
   * second time.
   */
  serves(rows: number): boolean {
    return (
      !this.#isDisposed &&
      rows > 0 &&
      rows <= MOST_ROWS &&
      tf.getBackend() === 'ort' &&
      this.#parameters.count <= MOST_WEIGHTS
    );
  }

  /**
   * Computes a graph.
   *
   * @param name - tells graphs apart, such as those of different lengths
   * @returns each output's numbers, row-major, by name
   */
  run<I extends NamedTensors>(
    name: string,
    { run, example }: GraphToFreeze<I>,
    inputs: Readonly<Record<keyof I & string, FrozenInput>>,
  ): Record<string, Float32Array> {
    let graph = this.#graphs.get(name);
    if (!graph) {
      const tensors = example();
      try {
        graph = freeze(run, tensors, this.#options);
      } finally {
        tf.dispose(Object.values(tensors));
      }
      this.#graphs.set(name, graph);
    }
    return graph.run(inputs);
  }

  /** Frees the sessions; nothing is served from then on. */
  dispose(): void {
    this.#isDisposed = true;
    for (const graph of this.#graphs.values()) graph.dispose();
    this.#graphs.clear();
  }
}
