import { RandomStream } from '@palate/core';
import { type Batch, shuffledBatches } from '@palate/nn';
import { itemsByRequest, type RequestPairs } from '../pairs/request-pairs.js';
import { draw } from './hard-negatives.js';

/** Settings by which requests are held against negatives. */
interface HeldRequestsSettings {
  readonly batchSize: number;
  readonly negatives: number;
  readonly validationNegatives: number;
  readonly validationRequests: number;
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
