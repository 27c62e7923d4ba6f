import * as tf from '@tensorflow/tfjs-core';
import type { ForwardPass } from '../forward-pass.js';
import { softmaxCrossEntropy } from '../losses.js';
import type { T5 } from './t5.js';

/**
 * Tensors of a batch of text-to-text pairs: `inputIds`, int32 `[batch, inputs]`, and `present`, 1 for its tokens and 0 for
 * padding; `decoderIds`, int32 `[batch, outputs]`, the labels as `T5.shiftRight` gives them; `labels`, int32, any token where
 * their weight is 0; `labelWeights`, 1 for labels that count and 0 for padding.
 */
export type TextPairs = Readonly<
  Record<'inputIds' | 'present' | 'decoderIds' | 'labels' | 'labelWeights', tf.Tensor>
>;

/** Mean negative log-likelihood of the labels given the inputs, in nats a token. */
export function sequenceLoss(model: T5, batch: TextPairs, pass: ForwardPass): tf.Scalar {
  const encoded = model.encode(batch.inputIds, batch.present, pass);
  const logits = model.logits(model.decode(batch.decoderIds, encoded, pass));
  const rows = tf.reshape(logits, [-1, model.config.vocab_size]) as tf.Tensor2D;
  return softmaxCrossEntropy(
    rows,
    tf.reshape(batch.labels, [-1]) as tf.Tensor1D,
    tf.reshape(batch.labelWeights, [-1]) as tf.Tensor1D,
  );
}
