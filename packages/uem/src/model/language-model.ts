import { InvalidInputError } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import { T5, t5Config } from '@palate/nn';
import type { UemConfig } from './uem-options.js';

/** A language model with fresh weights over a vocabulary. */
export function freshModel(tokens: TextTokens, config: UemConfig, seed: number): T5 {
  const { modelWidth, modelHeads, modelLayers, dropout } = config;
  return new T5(
    t5Config(
      {
        vocab_size: tokens.size,
        d_model: modelWidth,
        d_kv: Math.max(1, Math.floor(modelWidth / modelHeads)),
        d_ff: 2 * modelWidth,
        num_layers: modelLayers,
        num_heads: modelHeads,
        dropout_rate: dropout,
        feed_forward_proj: 'gated-gelu',
        pad_token_id: tokens.padding,
        eos_token_id: tokens.end,
        decoder_start_token_id: tokens.padding,
      },
      'Uem.fit',
    ),
    seed,
  );
}

/** Refuses a language model that was made for another vocabulary. */
export function checkTokens({ config }: T5, tokens: TextTokens): void {
  if (config.vocab_size >= tokens.size && config.eos_token_id === tokens.end) return;
  throw new InvalidInputError({
    expected: `a vocabulary of at most ${config.vocab_size} tokens whose end is token ${config.eos_token_id}, as the language model has`,
    received: `${tokens.size} tokens, the end being ${tokens.end}`,
    hint: "Read the vocabulary from the model's own folder (folderTokens).",
  });
}
