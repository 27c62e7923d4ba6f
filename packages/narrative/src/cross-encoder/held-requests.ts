import { InvalidInputError, type LongCallOptions, RandomStream } from '@palate/core';
import { type Batch, shuffledBatches, softmaxCrossEntropy } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { BiEncoder } from '../encoder/bi-encoder.js';
import { itemsByRequest, type RequestPairs, splitPairsByUser } from '../pairs/request-pairs.js';
import { draw, hardNegatives, negativeRanks } from './hard-negatives.js';

/** Settings by which requests are held against negatives. */
interface HeldRequestsSettings {
  readonly batchSize: number;
  readonly negatives: number;
  readonly validationNegatives: number;
  readonly validationRequests: number;
}

/** Settings by which a first stage gives the negatives. */
export interface FirstStageSettings extends HeldRequestsSettings {
  readonly biEncoder: BiEncoder;
  readonly firstRank: number;
  readonly lastRank: number;
  readonly validationShare: number;
}

/** Requests of a second stage's training and validation, whose items are held against negatives of the request. */
export class HeldRequests {
  readonly #settings: HeldRequestsSettings;
  readonly #negatives: ReadonlyMap<number, Int32Array>;
  readonly #itemsOf: ReadonlyMap<number, readonly number[]>;
  /** Held-out pairs with the negatives that they are ranked among. */
  readonly #heldOut: readonly { readonly request: number; readonly items: readonly number[] }[];

  /** @param negatives - items by the position of the request; requests without any are left out */
  constructor(
    train: RequestPairs,
    validation: RequestPairs,
    negatives: ReadonlyMap<number, Int32Array>,
    settings: HeldRequestsSettings,
    seed: number,
  ) {
    this.#settings = settings;
    this.#negatives = negatives;
    const hasNegatives = ([request]: readonly [number, unknown]): boolean =>
      (negatives.get(request)?.length ?? 0) > 0;
    this.#itemsOf = new Map([...itemsByRequest(train)].filter(hasNegatives));
    const random = new RandomStream(seed).fork('held-out negatives');
    this.#heldOut = [...itemsByRequest(validation)]
      .filter(hasNegatives)
      .slice(0, settings.validationRequests)
      .map(([request, items]) => ({
        request,
        items: [
          items[0] as number,
          ...draw(negatives.get(request) ?? [], settings.validationNegatives, random),
        ],
      }));
  }

  /**
   * Splits pairs by their users, and takes negatives from a first stage's ranking.
   *
   * @throws InvalidInputError if no request to train on has a negative
   */
  static async of(
    pairs: RequestPairs,
    settings: FirstStageSettings,
    options: LongCallOptions,
    seed: number,
  ): Promise<HeldRequests> {
    const { biEncoder, validationShare, firstRank, lastRank } = settings;
    const { train, validation } = splitPairsByUser(pairs, validationShare, seed);
    const ranks = negativeRanks(pairs.texts.length, firstRank, lastRank);
    const negatives = await hardNegatives(biEncoder, pairs, ranks, options);
    const held = new HeldRequests(train, validation, negatives, settings, seed);
    if (held.sizes.train === 0)
      throw new InvalidInputError({
        expected: 'a request with items that its user does not like, as negatives',
        received: 'none',
        hint: 'Give more items or requests, or hold fewer users out (validationShare).',
      });
    return held;
  }

  /** How many requests can be trained on, and how many are held out. */
  get sizes(): { readonly train: number; readonly validation: number } {
    return { train: this.#itemsOf.size, validation: this.#heldOut.length };
  }

  /**
   * Requests of one epoch in random order, in batches of one size.
   *
   * @param batch - makes a batch of requests, with a random stream of its own
   */
  batches(
    random: RandomStream,
    batch: (requests: Int32Array, random: RandomStream) => Batch,
  ): readonly (() => Batch)[] {
    const rows = Int32Array.from(this.#itemsOf.keys());
    const size = Math.min(this.#settings.batchSize, rows.length);
    const all = shuffledBatches(rows, size, random, (requests, index) =>
      batch(requests, random.fork(`negatives ${index}`)),
    );
    return rows.length % size === 0 ? all : all.slice(0, -1);
  }

  /** Draws one of a request's items, and behind it negatives of the request. */
  drawItems(request: number, random: RandomStream): readonly number[] {
    const own = this.#itemsOf.get(request) ?? [];
    const positive = own[random.integer(own.length)] as number;
    return [positive, ...draw(this.#negatives.get(request) ?? [], this.#settings.negatives, random)];
  }

  /** Cross-entropy of the first among a request's drawn items: from the scores of `drawItems` of one request after the other. */
  loss(scores: tf.Tensor1D): tf.Scalar {
    const each = this.#settings.negatives + 1;
    const groups = scores.shape[0] / each;
    return softmaxCrossEntropy(
      tf.reshape(scores, [groups, each]) as tf.Tensor2D,
      tf.zeros([groups], 'int32') as tf.Tensor1D,
      tf.ones([groups]) as tf.Tensor1D,
    );
  }

  /**
   * Mean reciprocal rank of held-out items among their negatives; equal scores count against the item.
   *
   * @param score - scores items for a request, higher is better
   */
  async meanReciprocalRank(
    score: (request: number, items: readonly number[]) => Promise<Float32Array>,
  ): Promise<number> {
    let sum = 0;
    for (const { request, items } of this.#heldOut) {
      const scores = await score(request, items);
      sum += 1 / scores.reduce((rank, each) => rank + (each >= scores[0]! ? 1 : 0), 0);
    }
    return this.#heldOut.length === 0 ? 0 : sum / this.#heldOut.length;
  }
}
