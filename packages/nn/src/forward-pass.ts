import { dropout, randomNormal, randomUniform } from '@palate/tfjs-backend-ort';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * One pass through a model: knows whether it trains, and draws dropout masks and noise as a pure function of the step's seed
 * and the number of the draw in the model, so that a resumed run sees the masks of an unbroken one.
 */
export class ForwardPass {
  readonly #seed: Tensor | undefined;
  #draws = 0;

  private constructor(seed: Tensor | undefined) {
    this.#seed = seed;
  }

  /** A pass without dropout. */
  static inference(): ForwardPass {
    return new ForwardPass(undefined);
  }

  /** @param seed - int32 scalar, another one each step */
  static training(seed: Tensor): ForwardPass {
    return new ForwardPass(seed);
  }

  /** Sets each value to zero with the chance `rate` and scales the others up, while training. */
  dropout<T extends Tensor>(x: T, rate: number): T {
    const salt = this.#draws++;
    return this.#seed === undefined || rate === 0 ? x : (dropout(x, rate, this.#seed, salt) as T);
  }

  /** Standard normal numbers while training, the same for the same step and place in the model; nothing otherwise. */
  normal(shape: readonly number[]): Tensor | undefined {
    const salt = this.#draws++;
    return this.#seed && randomNormal(shape, this.#seed, salt);
  }

  /** Numbers from [0, 1) while training, as {@link normal}. */
  uniform(shape: readonly number[]): Tensor | undefined {
    const salt = this.#draws++;
    return this.#seed && randomUniform(shape, this.#seed, salt);
  }
}
