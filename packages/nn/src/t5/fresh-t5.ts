import { InvalidInputError } from '@palate/core';
import { type T5Config, t5Config } from './config.js';
import { T5 } from './t5.js';

/** Vocabulary of a T5, as far as its shape depends on it. */
export interface T5Vocabulary {
  /** One more than the highest token. */
  readonly size: number;
  /** Token that fills rows up. */
  readonly padding: number;
  /** Token behind the last one of a text. */
  readonly end: number | undefined;
  /** Token that decoding starts from. Default: the padding, as in T5. */
  readonly start?: number | undefined;
}

/** Shape of a T5 with fresh weights. */
export interface FreshT5 {
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  /** Layers of encoder and decoder each. */
  readonly layers: number;
  readonly dropout: number;
  /** Activation of the feed-forward parts. Default: `'relu'`, as in v1.0. */
  readonly activation?: T5Config['feed_forward_proj'] | undefined;
}

/**
 * A T5 with fresh weights over a vocabulary, whose heads share its width.
 *
 * @param where - what asks for it, for messages
 */
export function freshT5(vocabulary: T5Vocabulary, shape: FreshT5, where: string, seed: number): T5 {
  const { size, padding, end, start = padding } = vocabulary;
  const { width, heads, inner, layers, dropout, activation = 'relu' } = shape;
  return new T5(
    t5Config(
      {
        vocab_size: size,
        d_model: width,
        d_kv: Math.max(1, Math.floor(width / heads)),
        d_ff: inner,
        num_layers: layers,
        num_heads: heads,
        dropout_rate: dropout,
        feed_forward_proj: activation,
        pad_token_id: padding,
        eos_token_id: end,
        decoder_start_token_id: start,
      },
      where,
    ),
    seed,
  );
}

/**
 * Refuses a T5 that was made for another vocabulary.
 *
 * @throws InvalidInputError if it has fewer tokens, or another end
 */
export function checkVocabulary({ config }: T5, { size, end }: Pick<T5Vocabulary, 'size' | 'end'>): void {
  if (config.vocab_size >= size && config.eos_token_id === end) return;
  throw new InvalidInputError({
    expected: `a vocabulary of at most ${config.vocab_size} tokens whose end is token ${config.eos_token_id}, as the T5 has`,
    received: `${size} tokens, the end being ${end}`,
    hint: "Read the vocabulary from the model's own folder (folderTokens).",
  });
}
