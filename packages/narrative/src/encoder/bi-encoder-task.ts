import { type LongCallOptions, type RandomStream, topK } from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import { type Batch, type BatchTensors, type ForwardPass, shuffledBatches } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { RequestPairs } from '../pairs/request-pairs.js';
import type { BiEncoderConfig } from './bi-encoder-options.js';
import { encodeTokens } from './encode-tokens.js';
import { inBatchInfoNce, inBatchTriplet } from './in-batch-losses.js';
import { padTokens, type TokenRows } from './token-batches.js';
import type { TrainedEncoder } from './trained-encoder.js';

/** Batches, loss and validation of a bi-encoder's training. */
export class BiEncoderTask {
  readonly #encoder: TrainedEncoder;
  readonly #config: BiEncoderConfig;
  readonly #train: RequestPairs;
  readonly #validation: RequestPairs;
  /** Tokens of the texts of requests and items, by their positions. */
  readonly #requests: readonly Int32Array[];
  readonly #items: readonly Int32Array[];
  /** Items of each request that is trained on, by its position. */
  readonly #itemsOf: ReadonlyMap<number, readonly number[]>;

  constructor(
    encoder: TrainedEncoder,
    train: RequestPairs,
    validation: RequestPairs,
    config: BiEncoderConfig,
  ) {
    this.#encoder = encoder;
    this.#config = config;
    this.#train = train;
    this.#validation = validation;
    this.#requests = train.requests.map(({ text }) => encoder.parts.tokenize(text));
    this.#items = train.texts.map((text) => encoder.parts.tokenize(text));
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
    const all = shuffledBatches(rows, size, random, (requests) => this.#batch(requests, drawn));
    // A last, smaller batch would need a graph of its own: its requests have their turn in the next epoch.
    return rows.length % size === 0 ? all : all.slice(0, -1);
  }

  #batch(requests: Int32Array, drawn: ReadonlyMap<number, number>): Batch {
    const { requestTokens, itemTokens, loss, negatives } = this.#config;
    const rows = requests.length;
    const items = Array.from(requests, (request) => drawn.get(request) as number);
    const open = new Float32Array(rows * rows);
    for (let q = 0; q < rows; q++) {
      const liked = this.#train.liked[requests[q]!] ?? new Set();
      for (let n = 0; n < rows; n++) if (n !== q && !liked.has(items[n]!)) open[q * rows + n] = 1;
      // The batch is in random order: the next item that is a negative is a shuffled one.
      if (loss === 'triplet' && negatives === 'shuffled') keepFirst(open, q, rows);
    }
    const tensors = (name: string, { ids, present, length }: TokenRows): Batch => ({
      [`${name}Ids`]: { shape: [rows, length], values: ids },
      [`${name}Present`]: { shape: [rows, length], values: present },
    });
    return {
      ...tensors(
        'request',
        padTokens(
          Array.from(requests, (at) => this.#requests[at] as Int32Array),
          requestTokens,
        ),
      ),
      ...tensors(
        'item',
        padTokens(
          items.map((at) => this.#items[at] as Int32Array),
          itemTokens,
        ),
      ),
      negatives: { shape: [rows, rows], values: open },
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, margin, radius, temperature, dropout } = this.#config;
    const running = this.#encoder.running();
    const vectors = (name: string): tf.Tensor2D => {
      const present = batch[`${name}Present`] as tf.Tensor2D;
      return running.pool(
        running.states(batch[`${name}Ids`] as tf.Tensor2D, present, { pass, dropout }),
        present,
      );
    };
    const [query, key] = [vectors('request'), vectors('item')];
    const negatives = batch.negatives as tf.Tensor2D;
    return loss === 'triplet'
      ? inBatchTriplet(query, key, negatives, margin, radius)
      : inBatchInfoNce(query, key, negatives, temperature);
  }

  /** NDCG@10 of the held-out requests' items over the whole catalogue. */
  async validate(options: LongCallOptions): Promise<number> {
    const { requestTokens, itemTokens, validationRequests } = this.#config;
    const itemsOf = itemsByRequest(this.#validation);
    const requests = [...itemsOf.keys()].slice(0, validationRequests);
    const { width } = this.#encoder.parts;
    const items = await encodeTokens(this.#encoder, this.#items, itemTokens, options.signal);
    const queries = await encodeTokens(
      this.#encoder,
      requests.map((at) => this.#requests[at] as Int32Array),
      requestTokens,
      options.signal,
    );
    const scores = new Float32Array(this.#items.length);
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

/** Items of each request that has any, by the request's position. */
export function itemsByRequest({ request, item }: RequestPairs): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [row, at] of request.entries()) {
    const items = found.get(at);
    if (items) items.push(item[row]!);
    else found.set(at, [item[row]!]);
  }
  return found;
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
