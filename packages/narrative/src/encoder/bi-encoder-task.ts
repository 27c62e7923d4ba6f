import { type LongCallOptions, type RandomStream, topK } from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import { type Batch, type BatchTensors, type ForwardPass, shuffledBatches } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { itemsByRequest, type RequestPairs } from '../pairs/request-pairs.js';
import type { BiEncoderConfig } from './bi-encoder-options.js';
import { inBatchInfoNce, inBatchTriplet } from './in-batch-losses.js';
import type { TextRows } from './text-rows.js';

/** Batches, loss and validation of a bi-encoder's training. */
export class BiEncoderTask {
  readonly #width: number;
  readonly #config: BiEncoderConfig;
  readonly #train: RequestPairs;
  readonly #validation: RequestPairs;
  readonly #requests: TextRows;
  readonly #items: TextRows;
  /** Items of each request that is trained on, by its position. */
  readonly #itemsOf: ReadonlyMap<number, readonly number[]>;

  /** @param rows - the texts of all requests and items, by their positions */
  constructor(
    width: number,
    rows: { readonly requests: TextRows; readonly items: TextRows },
    train: RequestPairs,
    validation: RequestPairs,
    config: BiEncoderConfig,
  ) {
    this.#width = width;
    this.#config = config;
    this.#train = train;
    this.#validation = validation;
    this.#requests = rows.requests;
    this.#items = rows.items;
    this.#itemsOf = itemsByRequest(train);
  }

  /** Requests of one epoch in random order, each with one of its items, another in each epoch. */
  batches(random: RandomStream): readonly (() => Batch)[] {
    const rows = Int32Array.from(this.#itemsOf.keys());
    const size = Math.min(this.#config.batchSize, rows.length);
    const draw = random.fork('items');
    const drawn = new Map(
      Array.from(rows, (request) => {
        const items = this.#itemsOf.get(request) ?? [];
        return [request, items[draw.integer(items.length)] as number];
      }),
    );
    const all = shuffledBatches(rows, size, random, (requests, index) =>
      this.#batch(requests, drawn, random.fork(`around ${index}`)),
    );
    // A last, smaller batch would need a graph of its own: its requests have their turn in the next epoch.
    return rows.length % size === 0 ? all : all.slice(0, -1);
  }

  #batch(requests: Int32Array, drawn: ReadonlyMap<number, number>, random: RandomStream): Batch {
    const { loss, negatives } = this.#config;
    const rows = requests.length;
    const items = Array.from(requests, (request) => drawn.get(request) as number);
    // The items of the batch, and behind them all items where the catalogue is what a request is held against.
    const others = negatives === 'catalogue' ? this.#items.size : 0;
    const keys = rows + others;
    const open = new Float32Array(rows * keys);
    for (let q = 0; q < rows; q++) {
      const liked = this.#train.liked[requests[q]!] ?? new Set();
      if (others > 0) {
        open.fill(1, q * keys + rows, (q + 1) * keys);
        for (const item of liked) open[q * keys + rows + item] = 0;
        open[q * keys + rows + items[q]!] = 0;
        continue;
      }
      for (let n = 0; n < rows; n++) if (n !== q && !liked.has(items[n]!)) open[q * keys + n] = 1;
      // The batch is in random order: the next item that is a negative is a shuffled one.
      if (loss === 'triplet' && negatives === 'shuffled') keepFirst(open, q, rows);
    }
    return {
      ...this.#requests.batch('request', requests, random),
      ...this.#items.batch('item', items, random),
      ...(others > 0
        ? this.#items.batch(
            'other',
            Int32Array.from({ length: others }, (_, k) => k),
            random,
          )
        : {}),
      negatives: { shape: [rows, keys], values: open },
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, margin, radius, temperature, negatives: source } = this.#config;
    const query = this.#requests.vectors('request', batch, pass);
    const own = this.#items.vectors('item', batch, pass);
    const key =
      source === 'catalogue'
        ? (tf.concat([own, this.#items.vectors('other', batch, pass)], 0) as tf.Tensor2D)
        : own;
    const negatives = batch.negatives as tf.Tensor2D;
    return loss === 'triplet'
      ? inBatchTriplet(query, key, negatives, margin, radius)
      : inBatchInfoNce(query, key, negatives, temperature);
  }

  /** NDCG@10 of the held-out requests' items over the whole catalogue. */
  async validate(options: LongCallOptions): Promise<number> {
    const itemsOf = itemsByRequest(this.#validation);
    const requests = [...itemsOf.keys()].slice(0, this.#config.validationRequests);
    const width = this.#width;
    const items = await this.#items.all(undefined, options);
    const queries = await this.#requests.all(requests, options);
    const scores = new Float32Array(this.#items.size);
    const lists = requests.map((_, q) => {
      const query = queries.subarray(q * width, (q + 1) * width);
      for (let item = 0; item < scores.length; item++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += query[k]! * items[item * width + k]!;
        scores[item] = sum;
      }
      return topK(scores, 10);
    });
    return ndcgOfLists(
      lists,
      requests.map((at) => itemsOf.get(at) ?? []),
      10,
    );
  }
}

/** Leaves of a row's negatives the first behind the diagonal, going round. */
function keepFirst(open: Float32Array, row: number, rows: number): void {
  let found = false;
  for (let step = 1; step < rows; step++) {
    const at = row * rows + ((row + step) % rows);
    if (found) open[at] = 0;
    else found = open[at] === 1;
  }
}
