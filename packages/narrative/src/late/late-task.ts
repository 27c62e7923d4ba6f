import type { LongCallOptions, RandomStream } from '@palate/core';
import type { Batch, BatchTensors, ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { HeldRequests } from '../cross-encoder/held-requests.js';
import type { TextRows } from '../encoder/text-rows.js';
import type { LateNetwork } from './late-network.js';
import type { LateCrossEncoderConfig } from './late-options.js';

/** Batches, loss and validation of a late cross-encoder's training. */
export class LateTask {
  /** Requests of training and validation, with their negatives. */
  readonly requests: HeldRequests;
  readonly #network: LateNetwork;
  readonly #rows: { readonly requests: TextRows; readonly items: TextRows };
  readonly #config: LateCrossEncoderConfig;

  /** @param rows - the texts of all requests and items, by their positions */
  constructor(
    network: LateNetwork,
    rows: { readonly requests: TextRows; readonly items: TextRows },
    requests: HeldRequests,
    config: LateCrossEncoderConfig,
  ) {
    this.#network = network;
    this.#rows = rows;
    this.#config = config;
    this.requests = requests;
  }

  /** Requests of one epoch in random order, each with one of its items and negatives of its own. */
  batches(random: RandomStream): readonly (() => Batch)[] {
    return this.requests.batches(random, (requests, own) => this.#batch(requests, own));
  }

  #batch(requests: Int32Array, random: RandomStream): Batch {
    const items = Array.from(requests, (request) => this.requests.drawItems(request, random)).flat();
    return {
      ...this.#rows.requests.batch('request', requests, random),
      ...this.#rows.items.batch('item', items, random),
    };
  }

  /** Cross-entropy of the positive, which stands first, among its negatives. */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { negatives, dropout } = this.#config;
    const request = this.#rows.requests.vectors('request', batch, pass);
    const item = this.#rows.items.vectors('item', batch, pass);
    const tiled = tf.tile(tf.expandDims(request, 1), [1, negatives + 1, 1]);
    const wide = tf.reshape(tiled, item.shape) as tf.Tensor2D;
    return this.requests.loss(this.#network.scores(wide, item, pass, dropout));
  }

  /** Mean reciprocal rank of held-out items among their negatives; equal scores count against the item. */
  async validate(options: LongCallOptions): Promise<number> {
    return this.requests.meanReciprocalRank(async (request, items) => {
      const own = await this.#rows.requests.all([request], options);
      return scoreVectors(this.#network, own, await this.#rows.items.all(items, options));
    });
  }
}

/** Scores of items for a request by a network as it is, from the vectors of each. */
export async function scoreVectors(
  network: LateNetwork,
  request: Float32Array,
  items: Float32Array,
): Promise<Float32Array> {
  const width = request.length;
  const rows = items.length / width;
  if (rows === 0) return new Float32Array(0);
  const result = tf.tidy(() => {
    const own = tf.tile(tf.tensor2d(request, [1, width]), [rows, 1]) as tf.Tensor2D;
    return network.scores(own, tf.tensor2d(items, [rows, width]));
  });
  const scores = await result.data<'float32'>();
  result.dispose();
  return scores;
}
