import { ArtifactError, checkSavedShapes, type TensorData } from '@palate/core';
import type { T5Config } from '@palate/nn';

/** Compares the weights that say how large a T5 is with its shape, before one is made. */
export function checkSizes(
  dir: string,
  weights: Readonly<Record<string, TensorData>>,
  shape: T5Config,
  items: number,
): void {
  const { vocab_size, d_model, d_kv, d_ff, num_heads, num_layers, num_decoder_layers } = shape;
  if (vocab_size <= items)
    throw new ArtifactError(dir, {
      expected: `more tokens than the ${items} items`,
      received: String(vocab_size),
      hint: 'The artifact was changed: restore it, or fit again.',
    });
  const inner = shape.feed_forward_proj === 'gated-gelu' ? 'wi_0' : 'wi';
  checkSavedShapes(dir, weights, {
    'shared.weight': [vocab_size, d_model],
    [`encoder.block.${num_layers - 1}.layer.0.SelfAttention.q.weight`]: [num_heads * d_kv, d_model],
    [`encoder.block.${num_layers - 1}.layer.1.DenseReluDense.${inner}.weight`]: [d_ff, d_model],
    [`decoder.block.${num_decoder_layers - 1}.layer.2.DenseReluDense.${inner}.weight`]: [d_ff, d_model],
  });
}
