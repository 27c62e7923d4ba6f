import {
  contentHash,
  type Disposable,
  InvalidInputError,
  type LongCallOptions,
  throwIfCancelled,
  yieldToEventLoop,
} from '@palate/core';
import { type EncoderParts, useLiteParts } from '@palate/llm';
import {
  type Batch,
  batchTensors,
  type EpochReport,
  ForwardPass,
  fitNetwork,
  freshT5,
  labelColumns,
  selectBackend,
  sequenceLogLikelihoods,
  sequenceLoss,
  shuffledBatches,
  type T5,
  type TextPairs,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { padTokens } from '../encoder/token-batches.js';
import type { RequestGivenItem, RequestLikelihood } from './request-likelihood.js';
import { T5_LIKELIHOOD, type T5LikelihoodConfig, type T5LikelihoodOptions } from './t5-likelihood-options.js';

/** Control pieces of the vocabulary that no text contains: the end of a request, and what decoding starts from. */
const END = 1;
const START = 2;
/** Rows of a batch that is scored. */
const SCORED = 16;

/**
 * Query likelihood by a small T5 that is trained here from the texts of items to the requests that they answer, on the
 * pieces of use-lite's vocabulary. It has seen its own requests: score others by it, or use `crossFittedLikelihoods`.
 */
export class T5Likelihood implements RequestLikelihood, Disposable {
  readonly name = 'T5 likelihood';
  /** Loss of each epoch, in nats a token. */
  readonly history: readonly EpochReport[];
  readonly #t5: T5;
  readonly #config: T5LikelihoodConfig;
  readonly #tokenize: EncoderParts['tokenize'];

  private constructor(
    t5: T5,
    config: T5LikelihoodConfig,
    tokenize: EncoderParts['tokenize'],
    history: readonly EpochReport[],
  ) {
    this.#t5 = t5;
    this.#config = config;
    this.#tokenize = tokenize;
    this.history = history;
  }

  /**
   * @throws InvalidInputError for unknown options or no pairs
   * @throws CancelledError if `signal` fires
   */
  static async fit(
    pairs: readonly RequestGivenItem[],
    options: T5LikelihoodOptions = {},
  ): Promise<T5Likelihood> {
    const config = T5_LIKELIHOOD.settings(options);
    if (pairs.length === 0)
      throw new InvalidInputError({
        expected: 'pairs to train on',
        received: 'none',
        hint: 'Give pairs of requests and items.',
      });
    throwIfCancelled(options.signal, 'fitting a T5');
    await selectBackend();
    const { tokenize, vocabularySize } = await useLiteParts();
    const { dimension, heads, layers, dropout, batchSize } = config;
    const seed = options.seed ?? 0;
    const t5 = freshT5(
      { size: vocabularySize, padding: 0, end: END, start: START },
      { width: dimension, inner: 2 * dimension, heads, layers, dropout, activation: 'gated-gelu' },
      'T5Likelihood.fit',
      seed,
    );
    const items = tokensOf(
      pairs.map(({ item }) => item),
      tokenize,
    );
    const requests = tokensOf(
      pairs.map(({ request }) => request),
      tokenize,
    );
    const size = Math.min(batchSize, pairs.length);
    const rows = Int32Array.from({ length: pairs.length }, (_, row) => row);
    const history = await fitNetwork({
      parameters: t5.parameters,
      settings: config,
      options,
      identity: T5_LIKELIHOOD.identity(config, seed, contentHash(pairs)),
      loss: (batch, pass) => sequenceLoss(t5, batch as TextPairs, pass),
      batches: (_, random) =>
        shuffledBatches(rows, size, random, (chosen) =>
          batchOf(
            t5,
            Array.from(chosen, (row) => items[row] as Int32Array),
            Array.from(chosen, (row) => requests[row] as Int32Array),
            config,
          ),
        ),
    });
    return new T5Likelihood(t5, config, tokenize, history);
  }

  async logLikelihoods(
    pairs: readonly RequestGivenItem[],
    options: LongCallOptions = {},
  ): Promise<Float32Array> {
    await selectBackend();
    const scores = new Float32Array(pairs.length);
    const items = tokensOf(
      pairs.map(({ item }) => item),
      this.#tokenize,
    );
    const requests = tokensOf(
      pairs.map(({ request }) => request),
      this.#tokenize,
    );
    for (let from = 0; from < pairs.length; from += SCORED) {
      if (from > 0) await yieldToEventLoop(options.signal, 'scoring requests');
      const rows = Math.min(SCORED, pairs.length - from);
      const batch = batchOf(
        this.#t5,
        items.slice(from, from + rows),
        requests.slice(from, from + rows),
        this.#config,
      );
      const means = tf.tidy(() => this.#means(batchTensors(batch) as TextPairs));
      scores.set(await means.data<'float32'>(), from);
      means.dispose();
      options.onProgress?.({ phase: 'score requests', done: from + rows, total: pairs.length });
    }
    return scores;
  }

  /** Mean log-probability of the labels of each row. */
  #means(batch: TextPairs): tf.Tensor1D {
    const pass = ForwardPass.inference();
    const encoded = this.#t5.encode(batch.inputIds, batch.present, pass);
    const count = tf.maximum(tf.sum(batch.labelWeights, 1), 1);
    return tf.div(sequenceLogLikelihoods(this.#t5, encoded, batch, pass), count) as tf.Tensor1D;
  }

  /** Frees the weights. */
  dispose(): void {
    this.#t5.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Tokens of texts; equal texts are cut once. */
function tokensOf(texts: readonly string[], tokenize: EncoderParts['tokenize']): Int32Array[] {
  const known = new Map<string, Int32Array>();
  return texts.map((text) => {
    const found = known.get(text) ?? tokenize(text);
    known.set(text, found);
    return found;
  });
}

/** A batch from items to requests: each request with its end, and shifted right behind the start. */
function batchOf(
  t5: T5,
  items: readonly Int32Array[],
  requests: readonly Int32Array[],
  { itemTokens, requestTokens }: T5LikelihoodConfig,
): Batch {
  const rows = items.length;
  const input = padTokens(items, itemTokens);
  const labels = padTokens(
    requests.map((ids) => Int32Array.of(...ids.subarray(0, requestTokens - 1), END)),
    requestTokens,
  );
  return {
    inputIds: { shape: [rows, input.length], values: input.ids },
    present: { shape: [rows, input.length], values: input.present },
    ...labelColumns(t5, labels, labels.length),
  };
}
