import { checkNumber, InvalidInputError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { dropThreshold, halfNormals, randomHashes, randomWords } from '../graph/counter-random.js';
import { DROPOUT_MASK, RANDOM_NORMAL, RANDOM_UNIFORM, SAMPLE_ROWS } from '../kernels/random.js';

/**
 * Random numbers that are a pure function of a seed tensor and a salt: the same on every backend, thread count and
 * machine, and after a restart. The seed (int32, any shape with one to four elements, for example `[run, step]`) is
 * data and may change from step to step; the salt tells the draws of one step apart and is part of the program.
 */

function checkSeed(seed: tf.Tensor): void {
  if (seed.dtype !== 'int32' || seed.size < 1 || seed.size > 4)
    throw new InvalidInputError({
      expected: 'a seed tensor of type int32 with one to four elements',
      received: `${seed.dtype} of shape [${seed.shape}]`,
      hint: "Make it with tf.tensor1d([run, step], 'int32').",
    });
}

function draw(
  kernel: string,
  seed: tf.Tensor,
  attrs: tf.NamedAttrMap,
  inJavaScript: (seed: Int32Array) => tf.Tensor,
  inputs: object = {},
): tf.Tensor {
  checkSeed(seed);
  if (tf.getBackend() === 'ort')
    return tf.engine().runKernel(kernel, { seed, ...inputs }, attrs) as tf.Tensor;
  return inJavaScript(seed.dataSync<'int32'>());
}

/**
 * Uniform numbers in [0, 1), multiples of 2^-24.
 *
 * @param seed - int32, one to four elements
 * @returns float32 of `shape`
 */
export function randomUniform(shape: readonly number[], seed: tf.Tensor, salt: number): tf.Tensor {
  return draw(RANDOM_UNIFORM, seed, { shape: [...shape], salt }, (words) =>
    tf.tensor(Float32Array.from(randomWords(tf.util.sizeFromShape([...shape]), words, salt), toUniform), [
      ...shape,
    ]),
  );
}

/**
 * Standard normal numbers.
 *
 * @param seed - int32, one to four elements
 * @returns float32 of `shape`
 */
export function randomNormal(shape: readonly number[], seed: tf.Tensor, salt: number): tf.Tensor {
  return draw(RANDOM_NORMAL, seed, { shape: [...shape], salt }, (seedWords) => {
    const table = halfNormals();
    const words = randomWords(tf.util.sizeFromShape([...shape]), seedWords, salt);
    const normal = Float32Array.from(words, (each) => {
      const folded = (each ^ (each >>> 15)) >>> 0;
      return (table[folded >>> 16] as number) + (table[folded & 0xffff] as number);
    });
    return tf.tensor(normal, [...shape]);
  });
}

/**
 * A mask that is 0 with probability `rate` and 1 / (1 - rate) otherwise.
 *
 * @param rate - in [0, 1)
 * @param seed - int32, one to four elements
 * @returns float32 of `shape`
 */
export function dropoutMask(
  shape: readonly number[],
  rate: number,
  seed: tf.Tensor,
  salt: number,
): tf.Tensor {
  checkRate(rate);
  return draw(DROPOUT_MASK, seed, { shape: [...shape], rate, salt }, (words) => {
    const limit = dropThreshold(rate);
    const kept = Math.fround(1 / (1 - rate));
    const mask = Float32Array.from(randomHashes(tf.util.sizeFromShape([...shape]), words, salt), (each) =>
      each >= limit ? kept : 0,
    );
    return tf.tensor(mask, [...shape]);
  });
}

/**
 * Inverted dropout (Srivastava et al. 2014): elements are zeroed with probability `rate`, the others scaled so that
 * the expectation stays. Its gradient uses the same mask.
 *
 * @param rate - in [0, 1); 0 returns a tensor equal to `x`
 * @param seed - int32, one to four elements
 */
export function dropout(x: tf.Tensor, rate: number, seed: tf.Tensor, salt: number): tf.Tensor {
  checkRate(rate);
  if (rate === 0) return tf.clone(x);
  return tf.tidy(() => tf.mul(x, dropoutMask(x.shape, rate, seed, salt)));
}

/**
 * Draws class numbers from the distributions softmax(logits), with replacement.
 *
 * @param logits - float32 [rows, classes]
 * @param seed - int32, one to four elements
 * @returns int32 [rows, samples]
 */
export function multinomial(
  logits: tf.Tensor2D,
  samples: number,
  seed: tf.Tensor,
  salt: number,
): tf.Tensor2D {
  const [rows, classes] = logits.shape;
  return draw(
    SAMPLE_ROWS,
    seed,
    { samples, salt },
    (words) => {
      const shares = tf.tidy(() => tf.softmax(logits, 1).dataSync<'float32'>());
      const draws = randomWords(rows * samples, words, salt);
      const chosen = new Int32Array(rows * samples);
      for (let i = 0; i < chosen.length; i++) {
        const row = Math.floor(i / samples);
        let total = 0;
        let at = 0;
        while (at < classes - 1) {
          total = Math.fround(total + (shares[row * classes + at] as number));
          if (total > toUniform(draws[i] as number)) break;
          at++;
        }
        chosen[i] = at;
      }
      return tf.tensor2d(chosen, [rows, samples], 'int32');
    },
    { logits },
  ) as tf.Tensor2D;
}

function toUniform(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

function checkRate(rate: number): void {
  checkNumber('dropout rate', rate, { min: 0, max: 1 - 2 ** -20 });
}
