import { InvalidInputError } from './errors.js';
import { checkNumber } from './options.js';

/** FNV-1a over UTF-16 code units, used to turn stream names into numbers. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A seeded random stream: xoshiro128** 1.1 (Blackman and Vigna 2018), seeded by SplitMix32.
 *
 * The same seed gives the same numbers on every machine and version. Streams for parts of a computation are
 * split off by name, so that drawing more in one part never shifts another.
 *
 * @example
 * ```ts
 * const random = new RandomStream(42);
 * const forDropout = random.fork('dropout');
 * console.log(random.integer(10), forDropout.uniform());
 * ```
 */
export class RandomStream {
  /** The four state words of xoshiro128**. */
  readonly #state = new Uint32Array(4);
  readonly #seed: number;
  #spareNormal: number | undefined;

  /** @param seed - a whole number from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.#seed = checkNumber('seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
    // Fold the 53 bits into 32 with both halves mattering, then expand by SplitMix32.
    let mixed = ((seed >>> 0) ^ Math.imul(Math.floor(seed / 0x1_0000_0000), 0x9e3779b9)) >>> 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** A stream of its own for the part called `name`; it does not advance this one. */
  fork(name: string): RandomStream {
    return new RandomStream(
      (this.#seed % 0x20_0000) * 0x1_0000_0000 + ((hashName(name) ^ (this.#seed >>> 0)) >>> 0),
    );
  }

  /** The next 32 random bits, as a number from 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    const s3 = s[3]!;
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  /** A number from 0 (included) to 1 (excluded) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  /**
   * A whole number from 0 (included) to `bound` (excluded), without modulo bias (Lemire 2019).
   *
   * @param bound - from 1 to 2^32 - 1
   */
  integer(bound: number): number {
    if (!(bound >= 1 && bound <= 0xffff_ffff && Number.isInteger(bound)))
      throw new InvalidInputError({
        expected: 'a bound that is a whole number from 1 to 2^32 - 1',
        received: String(bound),
        hint: 'Draw from a non-empty range.',
      });
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % bound;
  }

  /** A draw from the standard normal distribution (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = v * scale;
      return u * scale;
    }
  }

  /** Puts the values of an array into random order in place (Fisher and Yates) and returns it. */
  shuffle<A extends unknown[] | Int32Array | Uint32Array | Float32Array | Float64Array>(values: A): A {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      // An entry of the same array, whatever kind of array it is.
      const held = values[i];
      values[i] = values[j] as never;
      values[j] = held as never;
    }
    return values;
  }

  /**
   * `count` different whole numbers from 0 to `bound` (excluded), in random order (Floyd's sampling).
   *
   * @throws InvalidInputError if `count` exceeds `bound`
   */
  sample(bound: number, count: number): Int32Array {
    checkNumber('count', count, { min: 0, max: bound, integer: true });
    const chosen = new Set<number>();
    for (let upper = bound - count; upper < bound; upper++) {
      const draw = this.integer(upper + 1);
      chosen.add(chosen.has(draw) ? upper : draw);
    }
    return this.shuffle(Int32Array.from(chosen));
  }
}
