import { dropout } from '@palate/tfjs-backend-ort';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * One pass through a model: knows whether it trains, and draws dropout masks as a pure function of the step's seed
 * and the number of the dropout in the model, so that a resumed run sees the masks of an unbroken one.
 */
export class ForwardPass {
  readonly #seed: Tensor | undefined;
  #dropouts = 0;

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
    const salt = this.#dropouts++;
    return this.#seed === undefined || rate === 0 ? x : (dropout(x, rate, this.#seed, salt) as T);
  }
}
