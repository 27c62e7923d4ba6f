import { type LongCallOptions, RandomStream } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  type ForwardPass,
  shuffledBatches,
  softmaxCrossEntropy,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { draw } from '../cross-encoder/hard-negatives.js';
import type { TextRows } from '../encoder/text-rows.js';
import { itemsByRequest, type RequestPairs } from '../pairs/request-pairs.js';
import type { LateNetwork } from './late-network.js';
import type { LateCrossEncoderConfig } from './late-options.js';

/** Batches, loss and validation of a late cross-encoder's training. */
export class LateTask {
  readonly #network: LateNetwork;
  readonly #rows: { readonly requests: TextRows; readonly items: TextRows };
  readonly #config: LateCrossEncoderConfig;
  readonly #negatives: ReadonlyMap<number, Int32Array>;
  readonly #itemsOf: ReadonlyMap<number, readonly number[]>;
  /** Held-out pairs with the negatives that they are ranked among. */
  readonly #held: readonly { readonly request: number; readonly items: readonly number[] }[];

  /** @param rows - the texts of all requests and items, by their positions */
  constructor(
    network: LateNetwork,
    rows: { readonly requests: TextRows; readonly items: TextRows },
    train: RequestPairs,
    validation: RequestPairs,
    negatives: ReadonlyMap<number, Int32Array>,
    config: LateCrossEncoderConfig,
    seed: number,
  ) {
    this.#network = network;
    this.#rows = rows;
    this.#config = config;
    this.#negatives = negatives;
    const hasNegatives = ([request]: readonly [number, unknown]): boolean =>
      (negatives.get(request)?.length ?? 0) > 0;
    this.#itemsOf = new Map([...itemsByRequest(train)].filter(hasNegatives));
    const random = new RandomStream(seed).fork('held-out negatives');
    this.#held = [...itemsByRequest(validation)]
      .filter(hasNegatives)
      .slice(0, config.validationRequests)
      .map(([request, items]) => ({
        request,
        items: [
          items[0] as number,
          ...draw(negatives.get(request) ?? [], config.validationNegatives, random),
        ],
      }));
  }

  /** How many requests can be trained on, and how many are held out. */
  get sizes(): { readonly train: number; readonly validation: number } {
    return { train: this.#itemsOf.size, validation: this.#held.length };
  }

  /** Requests of one epoch in random order, each with one of its items and negatives of its own. */
  batches(random: RandomStream): readonly (() => Batch)[] {
    const rows = Int32Array.from(this.#itemsOf.keys());
    const size = Math.min(this.#config.batchSize, rows.length);
    const all = shuffledBatches(rows, size, random, (requests, index) =>
      this.#batch(requests, random.fork(`negatives ${index}`)),
    );
    return rows.length % size === 0 ? all : all.slice(0, -1);
  }

  #batch(requests: Int32Array, random: RandomStream): Batch {
    const items = Array.from(requests, (request) => {
      const own = this.#itemsOf.get(request) ?? [];
      const positive = own[random.integer(own.length)] as number;
      return [positive, ...draw(this.#negatives.get(request) ?? [], this.#config.negatives, random)];
    }).flat();
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
    const [groups, width] = request.shape;
    const each = negatives + 1;
    const wide = tf.reshape(tf.tile(tf.expandDims(request, 1), [1, each, 1]), [groups * each, width]);
    const scores = this.#network.scores(wide as tf.Tensor2D, item, pass, dropout);
    return softmaxCrossEntropy(
      tf.reshape(scores, [groups, each]) as tf.Tensor2D,
      tf.zeros([groups], 'int32') as tf.Tensor1D,
      tf.ones([groups]) as tf.Tensor1D,
    );
  }

  /** Mean reciprocal rank of held-out items among their negatives; equal scores count against the item. */
  async validate(options: LongCallOptions): Promise<number> {
    let sum = 0;
    for (const { request, items } of this.#held) {
      const own = await this.#rows.requests.all([request], options);
      const scores = await scoreVectors(this.#network, own, await this.#rows.items.all(items, options));
      sum += 1 / scores.reduce((rank, score) => rank + (score >= scores[0]! ? 1 : 0), 0);
    }
    return this.#held.length === 0 ? 0 : sum / this.#held.length;
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
