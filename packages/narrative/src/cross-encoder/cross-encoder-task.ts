import { type LongCallOptions, RandomStream } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  type ForwardPass,
  shuffledBatches,
  softmaxCrossEntropy,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { itemsByRequest, type RequestPairs } from '../pairs/request-pairs.js';
import type { CrossEncoderConfig } from './cross-encoder-options.js';
import { draw } from './hard-negatives.js';
import type { JointNetwork } from './joint-network.js';
import { joinTokens } from './joint-rows.js';
import { scoreJoint } from './score-joint.js';

/** Batches, loss and validation of a cross-encoder's training. */
export class CrossEncoderTask {
  readonly #network: JointNetwork;
  readonly #config: CrossEncoderConfig;
  readonly #negatives: ReadonlyMap<number, Int32Array>;
  readonly #requests: readonly Int32Array[];
  readonly #items: readonly Int32Array[];
  readonly #itemsOf: ReadonlyMap<number, readonly number[]>;
  /** Held-out pairs with the negatives that they are ranked among. */
  readonly #held: readonly { readonly request: number; readonly items: readonly number[] }[];

  constructor(
    network: JointNetwork,
    train: RequestPairs,
    validation: RequestPairs,
    negatives: ReadonlyMap<number, Int32Array>,
    config: CrossEncoderConfig,
    seed: number,
  ) {
    const { tokenize } = network.encoder.parts;
    this.#network = network;
    this.#config = config;
    this.#negatives = negatives;
    this.#requests = train.requests.map(({ text }) => tokenize(text));
    this.#items = train.texts.map(tokenize);
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
    const { negatives } = this.#config;
    const pairs = Array.from(requests, (request) => {
      const own = this.#itemsOf.get(request) ?? [];
      const positive = own[random.integer(own.length)] as number;
      const others = draw(this.#negatives.get(request) ?? [], negatives, random);
      return [positive, ...others].map((item) => ({
        request: this.#requests[request] as Int32Array,
        item: this.#items[item] as Int32Array,
      }));
    }).flat();
    const { length, ids, ofRequest, ofItem } = joinTokens(pairs, this.#config);
    const shape = [pairs.length, length];
    return {
      ids: { shape, values: ids },
      ofRequest: { shape, values: ofRequest },
      ofItem: { shape, values: ofItem },
    };
  }

  /** Cross-entropy of the positive, which stands first, among its negatives. */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { negatives, dropout } = this.#config;
    const { ids, ofRequest, ofItem } = batch as Record<'ids' | 'ofRequest' | 'ofItem', tf.Tensor2D>;
    const scores = this.#network.scores(ids, ofRequest, ofItem, pass, dropout);
    const groups = ids.shape[0] / (negatives + 1);
    return softmaxCrossEntropy(
      tf.reshape(scores, [groups, negatives + 1]) as tf.Tensor2D,
      tf.zeros([groups], 'int32') as tf.Tensor1D,
      tf.ones([groups]) as tf.Tensor1D,
    );
  }

  /** Mean reciprocal rank of held-out items among their negatives; equal scores count against the item. */
  async validate(options: LongCallOptions): Promise<number> {
    let sum = 0;
    for (const { request, items } of this.#held) {
      const scores = await scoreJoint(
        this.#network,
        items.map((item) => ({
          request: this.#requests[request] as Int32Array,
          item: this.#items[item] as Int32Array,
        })),
        this.#config,
        options.signal,
      );
      sum += 1 / scores.reduce((rank, score) => rank + (score >= scores[0]! ? 1 : 0), 0);
    }
    return this.#held.length === 0 ? 0 : sum / this.#held.length;
  }
}
