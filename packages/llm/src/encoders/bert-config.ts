/** Parts of a BERT's `config.json` that its computation reads. */
export interface BertConfig {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly vocab_size: number;
  readonly layer_norm_eps: number;
  readonly activation: 'gelu' | 'gelu-tanh' | 'relu';
  /** Position of the first token. */
  readonly firstPosition: number;
}
