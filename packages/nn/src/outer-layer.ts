import type { TensorData } from '@palate/core';
import type { Batch } from './batch.js';

/**
 * Weights that are looked up outside of the graph of a step: its rows enter the graph as inputs, and their gradients come
 * out of it. For tables of which a step touches a few rows, whose gradients and optimiser would otherwise go through
 * the whole table at every step, and for sums that tensors have no fast operation for.
 *
 * The weights stay parameters of the model; the layer works on copies of its own between {@link pull} and {@link push}.
 */
export interface OuterLayer {
  /** Names of the parameters that the layer trains. */
  readonly parameters: readonly string[];
  /** Takes the values of the parameters as they are. */
  pull(): void;
  /** Gives the parameters the values that the layer has come to. */
  push(): void;
  /** Numbers that the loss of a batch reads beside the batch, by name: the same names and types at every step. */
  forward(batch: Batch): Batch;
  /**
   * Takes a step down the gradients by what {@link forward} gave last.
   *
   * @param gradients - by the same names
   * @param step - counted from 1
   */
  backward(gradients: Readonly<Record<string, Float32Array>>, step: number, learningRate: number): void;
  /** State to be saved with a checkpoint. */
  state(): Record<string, TensorData>;
  /**
   * Takes saved state back.
   *
   * @param source - what errors name
   */
  restore(state: Readonly<Record<string, TensorData>>, source: string): void;
}
