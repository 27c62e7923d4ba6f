import { ArtifactError } from '@palate/core';

/** Shape of a T5 model, by the names of HuggingFace's `config.json`. */
export interface T5Config {
  readonly vocab_size: number;
  readonly d_model: number;
  /** Width of one attention head; heads times this need not be `d_model`. */
  readonly d_kv: number;
  readonly d_ff: number;
  readonly num_layers: number;
  readonly num_decoder_layers: number;
  readonly num_heads: number;
  readonly relative_attention_num_buckets: number;
  readonly relative_attention_max_distance: number;
  readonly dropout_rate: number;
  readonly layer_norm_epsilon: number;
  /** `'relu'` for v1.0, `'gated-gelu'` for v1.1 and Flan. */
  readonly feed_forward_proj: 'relu' | 'gated-gelu';
  readonly tie_word_embeddings: boolean;
  /** Whether decoder states are divided by `sqrt(d_model)` before the output; by default where embeddings are tied. */
  readonly scale_decoder_outputs: boolean;
  readonly pad_token_id: number;
  readonly eos_token_id: number;
  readonly decoder_start_token_id: number;
}

const DEFAULTS = {
  relative_attention_num_buckets: 32,
  relative_attention_max_distance: 128,
  dropout_rate: 0.1,
  layer_norm_epsilon: 1e-6,
  feed_forward_proj: 'relu',
  tie_word_embeddings: true,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
} as const;

/**
 * Reads a parsed `config.json`.
 *
 * @param source - what the message names
 * @throws ArtifactError if it is no T5, or a size is missing
 */
export function t5Config(json: unknown, source: string): T5Config {
  const given = json as Partial<T5Config> & { model_type?: string };
  const refuse = (expected: string, received: string): never => {
    throw new ArtifactError(source, {
      expected,
      received,
      hint: 'Use a folder of a T5 model (config.json and model.safetensors).',
    });
  };
  if (typeof given !== 'object' || given === null) refuse('a configuration object', JSON.stringify(json));
  if (given.model_type !== undefined && given.model_type !== 't5')
    refuse('model_type "t5"', JSON.stringify(given.model_type));
  for (const name of ['vocab_size', 'd_model', 'd_kv', 'd_ff', 'num_layers', 'num_heads'] as const)
    if (!Number.isInteger(given[name]) || (given[name] as number) < 1)
      refuse(`a whole number for ${name}`, JSON.stringify(given[name]) ?? 'none');
  const config = { ...DEFAULTS, num_decoder_layers: given.num_layers as number, ...given } as T5Config;
  if (config.feed_forward_proj !== 'relu' && config.feed_forward_proj !== 'gated-gelu')
    refuse('feed_forward_proj "relu" or "gated-gelu"', JSON.stringify(config.feed_forward_proj));
  return { ...config, scale_decoder_outputs: given.scale_decoder_outputs ?? config.tie_word_embeddings };
}
