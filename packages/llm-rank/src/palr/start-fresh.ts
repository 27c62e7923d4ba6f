import { type Dataset, type EmbeddingTable, InvalidInputError } from '@palate/core';
import { T5, type T5Config, t5Config } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { LocalRankerConfig, LocalRankerOptions } from './local-ranker-options.js';
import type { RankerStart } from './ranker-model.js';
import type { RankerVocabulary } from './ranker-vocabulary.js';
import { WordVocabulary } from './word-vocabulary.js';

/** Starts a ranker with fresh weights over words and items of the training data. */
export function startFresh(
  dataset: Dataset,
  options: LocalRankerOptions,
  config: LocalRankerConfig,
): RankerStart {
  const vocabulary = WordVocabulary.of(dataset, options.profiles?.values() ?? []);
  const t5 = freshT5(vocabulary, config, options.seed ?? 0, options.vectors);
  return { config, vocabulary, t5, hash: '' };
}

/**
 * A T5 with fresh weights for a vocabulary.
 *
 * @param vectors - what items start from, at the scale of other tokens
 * @throws InvalidInputError if the vectors are of another width
 */
export function freshT5(
  vocabulary: RankerVocabulary,
  config: LocalRankerConfig,
  seed: number,
  vectors?: EmbeddingTable,
): T5 {
  const t5 = new T5(freshShape(vocabulary, config), seed);
  if (vectors) startItems(t5, vocabulary, vectors);
  return t5;
}

/** Shape of the T5 that a ranker of some settings has. */
export function freshShape(vocabulary: RankerVocabulary, config: LocalRankerConfig): T5Config {
  const { dimension, blocks, heads, dropout } = config;
  return t5Config(
    {
      vocab_size: vocabulary.size,
      d_model: dimension,
      d_kv: Math.max(8, Math.floor(dimension / heads)),
      d_ff: 4 * dimension,
      num_layers: blocks,
      num_heads: heads,
      dropout_rate: dropout,
      feed_forward_proj: 'gated-gelu',
      tie_word_embeddings: true,
    },
    'the local ranker',
  );
}

function startItems(t5: T5, { items, firstItem }: RankerVocabulary, vectors: EmbeddingTable): void {
  const { d_model: dimension } = t5.config;
  if (vectors.width !== dimension)
    throw new InvalidInputError({
      expected: `item vectors as wide as the model, ${dimension}`,
      received: String(vectors.width),
      hint: 'Reduce them (reduceVectors of @palate/llm), or change the dimension.',
    });
  const { data } = vectors.align(items);
  let square = 0;
  for (const value of data) square += value * value;
  const scale = square > 0 ? Math.sqrt(data.length / square) : 1;
  const table = t5.parameters.get('shared.weight');
  const known = tf.tidy(() => {
    const head = tf.slice(table as tf.Tensor as tf.Tensor2D, [0, 0], [firstItem, dimension]);
    const rows = tf.mul(tf.tensor2d(data, [items.size, dimension]), scale);
    return tf.concat([head, rows as tf.Tensor2D], 0);
  });
  table.assign(known);
  known.dispose();
}
