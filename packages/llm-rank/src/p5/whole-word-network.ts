import { type Disposable, RandomStream } from '@palate/core';
import {
  type EncodedInput,
  encodedSequenceLoss,
  type ForwardPass,
  type LabelTensors,
  normal,
  type Parameters,
  sequenceLogLikelihoods,
  type T5,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Name of the table of whole words among the weights. */
const TABLE = 'whole-word.weight';
/** Deviation of its first values: a tenth of that of tokens, which a small model would otherwise not make out for long. */
const WORD_DEVIATION = 0.1;

/** Inputs as tensors, int32 `[batch, length]` each but for `present`, float32: 1 for tokens and 0 for padding. */
export type SourceTensors = Readonly<Record<'ids' | 'words' | 'present', tf.Tensor>>;

/**
 * A T5 whose encoder adds to the vector of each token one that says which word of the input it belongs to (P5; Geng et al.
 * 2022), so that an id of several pieces stays one word.
 */
export class WholeWordNetwork implements Disposable {
  readonly t5: T5;
  readonly parameters: Parameters;
  readonly #table: tf.Variable | undefined;
  readonly #last: number;

  /** @param wholeWords - rows of the table: words from the last one on share its row; 0 for a T5 without it */
  constructor(t5: T5, wholeWords: number, seed: number) {
    this.t5 = t5;
    this.parameters = t5.parameters;
    this.#last = wholeWords - 1;
    this.#table =
      wholeWords === 0
        ? undefined
        : t5.parameters.add(
            TABLE,
            [wholeWords, t5.config.d_model],
            normal(WORD_DEVIATION),
            new RandomStream(seed),
          );
  }

  /** Runs the encoder. */
  encode({ ids, words, present }: SourceTensors, pass: ForwardPass): EncodedInput {
    const pieces = this.t5.embed(ids);
    const vectors = this.#table
      ? tf.add(pieces, tf.gather(this.#table as tf.Tensor, tf.cast(tf.minimum(words, this.#last), 'int32')))
      : pieces;
    return this.t5.encodeEmbedded(vectors, present, pass);
  }

  /** Mean negative log-likelihood of the targets, in nats a token. */
  loss(source: SourceTensors, labels: LabelTensors, pass: ForwardPass): tf.Scalar {
    return encodedSequenceLoss(this.t5, this.encode(source, pass), labels, pass);
  }

  /** Summed log-probability of each target, `[batch]`, in nats. */
  logLikelihoods(source: SourceTensors, labels: LabelTensors, pass: ForwardPass): tf.Tensor1D {
    return sequenceLogLikelihoods(this.t5, this.encode(source, pass), labels, pass);
  }

  /** Log-probabilities of every token to come first, `[batch, vocabulary]`. */
  firstToken(source: SourceTensors, pass: ForwardPass): tf.Tensor2D {
    const batch = source.ids.shape[0] as number;
    const { decoder_start_token_id: start, vocab_size: size } = this.t5.config;
    const states = this.t5.decode(tf.fill([batch, 1], start, 'int32'), this.encode(source, pass), pass);
    return tf.logSoftmax(tf.reshape(this.t5.logits(states), [batch, size])) as tf.Tensor2D;
  }

  dispose(): void {
    this.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
