import type { LongCallOptions, RandomStream } from '@palate/core';
import type { Batch, BatchTensors, ForwardPass } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { RequestPairs } from '../pairs/request-pairs.js';
import type { CrossEncoderConfig } from './cross-encoder-options.js';
import type { HeldRequests } from './held-requests.js';
import type { JointNetwork } from './joint-network.js';
import { joinTokens } from './joint-rows.js';
import { scoreJoint } from './score-joint.js';

/** Batches, loss and validation of a cross-encoder's training. */
export class CrossEncoderTask {
  /** Requests of training and validation, with their negatives. */
  readonly requests: HeldRequests;
  readonly #network: JointNetwork;
  readonly #config: CrossEncoderConfig;
  readonly #requestTokens: readonly Int32Array[];
  readonly #itemTokens: readonly Int32Array[];

  constructor(
    network: JointNetwork,
    pairs: RequestPairs,
    requests: HeldRequests,
    config: CrossEncoderConfig,
  ) {
    const { tokenize } = network.encoder.parts;
    this.#network = network;
    this.#config = config;
    this.#requestTokens = pairs.requests.map(({ text }) => tokenize(text));
    this.#itemTokens = pairs.texts.map(tokenize);
    this.requests = requests;
  }

  /** Requests of one epoch in random order, each with one of its items and negatives of its own. */
  batches(random: RandomStream): readonly (() => Batch)[] {
    return this.requests.batches(random, (requests, own) => this.#batch(requests, own));
  }

  #batch(requests: Int32Array, random: RandomStream): Batch {
    const pairs = Array.from(requests, (request) =>
      this.#pairs(request, this.requests.drawItems(request, random)),
    ).flat();
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
    const { ids, ofRequest, ofItem } = batch as Record<'ids' | 'ofRequest' | 'ofItem', tf.Tensor2D>;
    return this.requests.loss(this.#network.scores(ids, ofRequest, ofItem, pass, this.#config.dropout));
  }

  /** Mean reciprocal rank of held-out items among their negatives; equal scores count against the item. */
  async validate(options: LongCallOptions): Promise<number> {
    return this.requests.meanReciprocalRank((request, items) =>
      scoreJoint(this.#network, this.#pairs(request, items), this.#config, options.signal),
    );
  }

  /** Tokens of a request beside those of each of some items. */
  #pairs(request: number, items: readonly number[]): { request: Int32Array; item: Int32Array }[] {
    return items.map((item) => ({
      request: this.#requestTokens[request] as Int32Array,
      item: this.#itemTokens[item] as Int32Array,
    }));
  }
}
