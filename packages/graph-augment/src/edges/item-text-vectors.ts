import {
  defineOptions,
  EmbeddingTable,
  type InteractionLog,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  provenanceOfLog,
  type TextEncoder,
  WORLD,
  yieldToEventLoop,
} from '@palate/core';

/** Text that somebody wrote about an item. */
export interface Review {
  /** External ids. */
  readonly user: string;
  readonly item: string;
  readonly text: string;
  /** Time of the interaction, in the unit of the log; where it is given, it has to be that of a training interaction. */
  readonly timestamp?: number | undefined;
}

/** Options of {@link itemTextVectors}. */
export const ITEM_TEXT_VECTORS = defineOptions('itemTextVectors', {
  metadataWeight: option.number()({ default: 2, doc: 'logit of the metadata in the softmax of weights' }),
  reviewWeight: option.number()({ default: 1, doc: 'logit of each review' }),
  reviewsPerItem: option.integer({ min: 0 })({
    default: 10,
    doc: 'number of longest reviews of an item that are read',
  }),
  batchSize: option.integer({ min: 1 })({
    default: 1024,
    doc: 'texts encoded at a time, which bounds memory',
    identity: () => undefined,
  }),
});

/** Options of {@link itemTextVectors}; {@link ITEM_TEXT_VECTORS} says what each does. */
export type ItemTextVectorsOptions = OptionsOf<typeof ITEM_TEXT_VECTORS.declarations> & LongCallOptions;

/** Arguments of {@link itemTextVectors}. */
export interface ItemTextSource {
  /** The training part of a split: reviews of other interactions are left out. */
  readonly training: InteractionLog;
  /** One text an item, by dense index: title, description, categories; `''` where there is none. */
  readonly metadata: readonly string[];
  /** Knowledge of interactions in the metadata: `catalog.provenanceOf(fields)`. Default: nothing, as a shop's own data. */
  readonly metadataProvenance?: Provenance | undefined;
  readonly reviews?: Iterable<Review> | undefined;
}

/** Counts of what went into the vectors. */
export interface ItemTextReport {
  /** Reviews that were encoded. */
  readonly used: number;
  /** Reviews left out since their interaction is not in training: they may be the answer to a test. */
  readonly stripped: number;
  /** Reviews of training left out since their item has longer ones, or since they are empty. */
  readonly surplus: number;
  /** Items without any text, whose vector is zero. */
  readonly withoutText: number;
  /** Encoded texts that were longer than the encoder reads. */
  readonly truncated: number;
  /** Texts that were encoded. */
  readonly encoded: number;
}

/**
 * Makes one vector an item from its texts: the mean of the vectors of its metadata and of its longest reviews, weighted
 * by a softmax of 2 and 1 (arXiv 2109.09358), brought to norm 1.
 *
 * Reviews of interactions that are not in training are left out first: a review of the test is written by the very user
 * whose choice is predicted. With reviews the vectors know the training log and say so; without they know nothing of
 * interactions.
 *
 * Texts are encoded `batchSize` at a time.
 *
 * @throws InvalidInputError if there is not one text an item
 * @throws CancelledError if `signal` fires
 */
export async function itemTextVectors(
  { training, metadata, metadataProvenance = WORLD, reviews = [] }: ItemTextSource,
  encoder: TextEncoder,
  options: ItemTextVectorsOptions = {},
): Promise<{ readonly table: EmbeddingTable; readonly report: ItemTextReport }> {
  const settings = ITEM_TEXT_VECTORS.settings(options);
  const { metadataWeight, reviewWeight, reviewsPerItem, batchSize } = settings;
  const { signal, onProgress } = options;
  const n = training.items.size;
  if (metadata.length !== n)
    throw new InvalidInputError({
      expected: `a text for each of ${n} items`,
      received: String(metadata.length),
      hint: 'Give one text per item of the training log, in its order.',
    });
  const { kept, stripped, surplus } = longestOfTraining(training, reviews, reviewsPerItem);
  const texts: { readonly item: number; readonly text: string; readonly weight: number }[] = [];
  for (let item = 0; item < n; item++) {
    const about = metadata[item] as string;
    const lists = kept[item] ?? [];
    const parts = [
      ...(about.trim() === '' ? [] : [{ text: about, logit: metadataWeight }]),
      ...lists.map((text) => ({ text, logit: reviewWeight })),
    ];
    const sum = parts.reduce((total, { logit }) => total + Math.exp(logit), 0);
    for (const { text, logit } of parts) texts.push({ item, text, weight: Math.exp(logit) / sum });
  }
  const { width } = encoder;
  const sums = new Float64Array(n * width);
  let truncated = 0;
  for (let from = 0; from < texts.length; from += batchSize) {
    await yieldToEventLoop(signal, 'encoding item texts');
    const batch = texts.slice(from, from + batchSize);
    const encoded = await encoder.encode(
      batch.map(({ text }) => text),
      { signal },
    );
    truncated += encoded.truncated;
    for (const [k, { item, weight }] of batch.entries())
      for (let j = 0; j < width; j++) sums[item * width + j]! += weight * encoded.data[k * width + j]!;
    onProgress?.({ phase: 'encode item texts', done: from + batch.length, total: texts.length });
  }
  const data = new Float32Array(n * width);
  let withoutText = 0;
  for (let item = 0; item < n; item++) {
    let square = 0;
    for (let j = 0; j < width; j++) square += sums[item * width + j]! ** 2;
    if (square === 0) withoutText++;
    else for (let j = 0; j < width; j++) data[item * width + j] = sums[item * width + j]! / Math.sqrt(square);
  }
  const used = kept.reduce((total, list) => total + list.length, 0);
  return {
    table: new EmbeddingTable(
      training.items,
      width,
      data,
      joinProvenance([metadataProvenance, used > 0 ? provenanceOfLog(training) : WORLD]),
    ),
    report: { used, stripped, surplus, withoutText, truncated, encoded: texts.length },
  };
}

/** The longest reviews of each item among those of training interactions; of equally long ones the first. */
function longestOfTraining(
  training: InteractionLog,
  reviews: Iterable<Review>,
  most: number,
): { kept: string[][]; stripped: number; surplus: number } {
  const { users, items } = training;
  const times = new Map<number, Set<number>>();
  for (let row = 0; row < training.length; row++) {
    const pair = training.user[row]! * items.size + training.item[row]!;
    const own = times.get(pair) ?? new Set();
    times.set(pair, own);
    own.add(training.timestamp[row]!);
  }
  const found: string[][] = Array.from({ length: items.size }, () => []);
  let stripped = 0;
  let surplus = 0;
  for (const { user, item, text, timestamp } of reviews) {
    const [u, i] = [users.find(user), items.find(item)];
    const own = u === undefined || i === undefined ? undefined : times.get(u * items.size + i);
    if (i === undefined || !own || (timestamp !== undefined && !own.has(timestamp))) stripped++;
    else if (text.trim() === '') surplus++;
    else found[i]?.push(text);
  }
  const kept = found.map((list) => {
    const order = [...list.keys()].sort(
      (a, b) => (list[b] as string).length - (list[a] as string).length || a - b,
    );
    surplus += Math.max(0, list.length - most);
    return order.slice(0, most).map((k) => list[k] as string);
  });
  return { kept, stripped, surplus };
}
