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
  /** `'relu'` for v1.0, `'gated-gelu'` for v1.1, Flan and mT5, `'gated-silu'` for UL2. */
  readonly feed_forward_proj: 'relu' | 'gated-gelu' | 'gated-silu';
  /** `'t5'` if left out; mT5 is T5 v1.1 with another vocabulary. */
  readonly model_type?: 't5' | 'mt5' | undefined;
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

/** Bounds of the sizes: far above any published T5, and low enough that a forged one allocates nothing absurd. */
const WHOLE = {
  vocab_size: [1, 10_000_000],
  d_model: [1, 65_536],
  d_kv: [1, 65_536],
  d_ff: [1, 1_048_576],
  num_layers: [1, 1_000],
  num_decoder_layers: [1, 1_000],
  num_heads: [1, 1_024],
  relative_attention_num_buckets: [2, 65_536],
  relative_attention_max_distance: [1, 1_000_000],
} as const;

/**
 * Reads a parsed `config.json`.
 *
 * @param source - what the message names
 * @throws ArtifactError if it is no T5, or a field is missing or out of bounds
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
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    refuse('a configuration object', JSON.stringify(json));
  if (given.model_type !== undefined && given.model_type !== 't5' && given.model_type !== 'mt5')
    refuse('model_type "t5" or "mt5"', JSON.stringify(given.model_type));
  const config = { ...DEFAULTS, num_decoder_layers: given.num_layers as number, ...given } as T5Config;
  for (const [name, [min, max]] of Object.entries(WHOLE) as [keyof typeof WHOLE, readonly [number, number]][])
    if (!Number.isInteger(config[name]) || config[name] < min || config[name] > max)
      refuse(`a whole number from ${min} to ${max} for ${name}`, JSON.stringify(config[name]) ?? 'none');
  for (const name of ['pad_token_id', 'eos_token_id', 'decoder_start_token_id'] as const)
    if (!Number.isInteger(config[name]) || config[name] < 0 || config[name] >= config.vocab_size)
      refuse(`${name} to be one of the ${config.vocab_size} tokens`, JSON.stringify(config[name]) ?? 'none');
  if (typeof config.dropout_rate !== 'number' || !(config.dropout_rate >= 0 && config.dropout_rate < 1))
    refuse('a dropout_rate from 0 to less than 1', JSON.stringify(config.dropout_rate));
  const { layer_norm_epsilon: epsilon } = config;
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon <= 0.1))
    refuse('a layer_norm_epsilon above 0 and at most 0.1', JSON.stringify(epsilon));
  if (typeof config.tie_word_embeddings !== 'boolean')
    refuse('tie_word_embeddings true or false', JSON.stringify(config.tie_word_embeddings));
  if (given.scale_decoder_outputs !== undefined && typeof given.scale_decoder_outputs !== 'boolean')
    refuse('scale_decoder_outputs true or false', JSON.stringify(given.scale_decoder_outputs));
  if (!['relu', 'gated-gelu', 'gated-silu'].includes(config.feed_forward_proj))
    refuse(
      'feed_forward_proj "relu", "gated-gelu" or "gated-silu"',
      JSON.stringify(config.feed_forward_proj),
    );
  return { ...config, scale_decoder_outputs: given.scale_decoder_outputs ?? config.tie_word_embeddings };
}
