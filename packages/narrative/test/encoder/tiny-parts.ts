import { foldedWords, RandomStream, type TensorData } from '@palate/core';
import type { EncoderParts, RunningEncoder } from '@palate/llm';
import { attend, normal, paddingMask } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

const WIDTH = 16;
const WORDS = 64;

/** A small encoder with random weights: word vectors, one layer of attention, a tanh layer over the mean. */
export function tinyParts(seed = 5): EncoderParts {
  const random = new RandomStream(seed);
  const weight = (name: string, shape: readonly number[], deviation: number): [string, TensorData] => [
    name,
    {
      shape,
      values: normal(deviation)(
        random.fork(name),
        shape.reduce((product, each) => product * each, 1),
      ),
    },
  ];
  const weights = Object.fromEntries([
    weight('frequencies', [WIDTH], 0),
    weight('words', [WORDS, WIDTH], 1),
    weight('attention', [WIDTH, WIDTH], 0.1),
    weight('top', [WIDTH, WIDTH], 0.3),
  ]);
  return {
    id: `tiny@${seed}`,
    width: WIDTH,
    inputWidth: WIDTH,
    maxTokens: 32,
    mostPositions: 64,
    vocabularySize: WORDS,
    // Words by a hash of their letters: enough for texts to differ.
    tokenize: (text) =>
      Int32Array.from(foldedWords(text), (word) => {
        let hash = 7;
        for (const letter of word) hash = (hash * 31 + (letter.codePointAt(0) as number)) % 1009;
        return hash % WORDS;
      }),
    weights,
    names: { fixed: ['frequencies'], lower: ['words', 'attention'], upper: ['top'], head: ['top'] },
    running,
  };
}

function running(given: Readonly<Record<string, tf.Tensor>>): RunningEncoder {
  const mean: RunningEncoder['mean'] = (states, counted) => {
    const sum = tf.sum(tf.mul(states, tf.expandDims(counted, 2)), 1);
    return tf.div(sum, tf.maximum(tf.sum(counted, 1, true), 1)) as tf.Tensor2D;
  };
  const head: RunningEncoder['head'] = (means) => {
    const top = tf.tanh(tf.add(tf.matMul(means, given.top as tf.Tensor2D), 0.01));
    const norm = tf.sqrt(tf.add(tf.sum(tf.square(top), 1, true), 1e-6));
    return tf.div(top, norm) as tf.Tensor2D;
  };
  return {
    mean,
    head,
    pool: (states, counted) => head(mean(states, counted)),
    states: (ids, present, { pass, dropout = 0, added } = {}) => {
      const [batch, length] = ids.shape;
      const vectors = tf.add(tf.gather(given.words as tf.Tensor, ids), given.frequencies as tf.Tensor);
      const x = added ? tf.add(vectors, added) : vectors;
      const heads = tf.reshape(x, [batch, 1, length, WIDTH]);
      const mixed = tf.reshape(attend(heads, heads, heads, { mask: paddingMask(present) }), [-1, WIDTH]);
      const out = tf.matMul(mixed as tf.Tensor2D, given.attention as tf.Tensor2D);
      const dropped = pass ? pass.dropout(out, dropout) : out;
      return tf.add(x, tf.reshape(dropped, [batch, length, WIDTH])) as tf.Tensor3D;
    },
  };
}
