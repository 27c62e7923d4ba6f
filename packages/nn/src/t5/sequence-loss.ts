import { sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../batch.js';
import type { ForwardPass } from '../forward-pass.js';
import { softmaxCrossEntropy } from '../losses.js';
import type { PaddedRows } from '../pad-rows.js';
import type { EncodedInput, T5 } from './t5.js';

/**
 * Tensors of a batch of text-to-text pairs: `inputIds`, int32 `[batch, inputs]`, and `present`, 1 for its tokens and 0 for
 * padding; `decoderIds`, int32 `[batch, outputs]`, the labels as `T5.shiftRight` gives them; `labels`, int32, any token where
 * their weight is 0; `labelWeights`, 1 for labels that count and 0 for padding.
 */
export type TextPairs = Readonly<
  Record<'inputIds' | 'present' | 'decoderIds' | 'labels' | 'labelWeights', tf.Tensor>
>;

/** The part of {@link TextPairs} that the decoder reads and is judged by. */
export type LabelTensors = Pick<TextPairs, 'decoderIds' | 'labels' | 'labelWeights'>;

/**
 * Columns of a batch that become {@link LabelTensors}.
 *
 * @param labels - rows of labels, `length` each, padded behind
 */
export function labelColumns(
  model: T5,
  { ids, present }: PaddedRows,
  length: number,
): Readonly<Record<keyof LabelTensors, Batch[string]>> {
  const shape = [ids.length / length, length];
  return {
    decoderIds: { shape, values: model.shiftRight(ids, length) },
    labels: { shape, values: ids },
    labelWeights: { shape, values: present },
  };
}

/** Mean negative log-likelihood of the labels given the inputs, in nats a token. */
export function sequenceLoss(model: T5, batch: TextPairs, pass: ForwardPass): tf.Scalar {
  return encodedSequenceLoss(model, model.encode(batch.inputIds, batch.present, pass), batch, pass);
}

/** The loss of {@link sequenceLoss} for inputs that the caller encoded: for soft prompts and whole-word embeddings. */
export function encodedSequenceLoss(
  model: T5,
  encoded: EncodedInput,
  labels: LabelTensors,
  pass: ForwardPass,
): tf.Scalar {
  return softmaxCrossEntropy(
    labelLogits(model, encoded, labels, pass),
    tf.reshape(labels.labels, [-1]) as tf.Tensor1D,
    tf.reshape(labels.labelWeights, [-1]) as tf.Tensor1D,
  );
}

/** Log-probability of the labels of each row, summed over those that count, `[batch]`, in nats. */
export function sequenceLogLikelihoods(
  model: T5,
  encoded: EncodedInput,
  labels: LabelTensors,
  pass: ForwardPass,
): tf.Tensor1D {
  const losses = sparseCrossEntropy(
    labelLogits(model, encoded, labels, pass),
    tf.reshape(labels.labels, [-1]) as tf.Tensor1D,
  );
  const rows = tf.reshape(losses, labels.labels.shape as [number, number]);
  return tf.neg(tf.sum(tf.mul(rows, labels.labelWeights), 1)) as tf.Tensor1D;
}

function labelLogits(
  model: T5,
  encoded: EncodedInput,
  { decoderIds }: LabelTensors,
  pass: ForwardPass,
): tf.Tensor2D {
  const logits = model.logits(model.decode(decoderIds, encoded, pass));
  return tf.reshape(logits, [-1, model.config.vocab_size]) as tf.Tensor2D;
}
