import type { DecoderSteps } from './decoder-steps.js';

/** Inputs that are still decoded, by their number among all; fewer of them from step to step. */
export class OpenInputs {
  /** Numbers of the inputs whose rows the steps hold, in order. */
  numbers: readonly number[];
  readonly #steps: DecoderSteps;

  constructor(steps: DecoderSteps, inputs: number) {
    this.#steps = steps;
    this.numbers = Array.from({ length: inputs }, (_, input) => input);
  }

  /**
   * Leaves out inputs that are done, once they are half of those held: every number of inputs has graphs of its own.
   *
   * @returns where the inputs stood before, if some were left out
   */
  narrow(isDone: (input: number) => boolean): readonly number[] | undefined {
    const kept = Array.from(this.numbers.keys()).filter((at) => !isDone(this.numbers[at] as number));
    const size = sizeFor(kept.length, this.numbers.length);
    if (size === this.numbers.length) return undefined;
    // Some that are done fill the number up.
    const rest = Array.from(this.numbers.keys()).filter((at) => isDone(this.numbers[at] as number));
    const held = [...kept, ...rest.slice(0, size - kept.length)].sort((a, b) => a - b);
    this.#steps.narrow(Int32Array.from(held));
    this.numbers = held.map((at) => this.numbers[at] as number);
    return held;
  }
}

/** The smallest of `most`, its half, its quarter and so on that holds a number of rows. */
export function sizeFor(count: number, most: number): number {
  let size = most;
  while (size > 1 && Math.ceil(size / 2) >= count) size = Math.ceil(size / 2);
  return size;
}

/** Different tokens in order, the last repeated up to a power of two, so that few graphs serve all. */
export function paddedTokens(tokens: Iterable<number>): Int32Array {
  const list = Int32Array.from(new Set(tokens)).sort();
  let size = 16;
  while (size < list.length) size *= 2;
  const padded = new Int32Array(size).fill(list.at(-1) as number);
  padded.set(list);
  return padded;
}

/** By token: its first position in a list of tokens in order. */
export function columnsOf(tokens: Int32Array): Int32Array {
  const columns = new Int32Array((tokens.at(-1) as number) + 1);
  for (let k = tokens.length - 1; k >= 0; k--) columns[tokens[k] as number] = k;
  return columns;
}
