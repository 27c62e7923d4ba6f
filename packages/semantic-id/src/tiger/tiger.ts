import { createHash } from 'node:crypto';
import {
  ArtifactError,
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  type IdMap,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Retriever,
  readArtifact,
  type Saveable,
  type ScoredItem,
  type TensorData,
  throwIfCancelled,
  UnsupportedError,
  unavailableItems,
  writeArtifact,
} from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import {
  AdamW,
  constantSchedule,
  type EpochReport,
  inverseSquareRootSchedule,
  selectBackend,
  train,
} from '@palate/nn';
import { SemanticIds } from '../ids/semantic-ids.js';
import { EfficientModel } from './efficient-model.js';
import { FaithfulModel } from './faithful-model.js';
import type { IdHistory } from './id-model.js';
import { searchIds } from './id-search.js';
import { TIGER_OPTIONS, type TigerConfig, type TigerOptions, tigerConfig } from './tiger-options.js';

const KIND = 'tiger';
/** Rows of a search at once, beams counted. */
const SEARCH_ROWS = 8192;

/** How {@link Tiger.retrieve} searches. */
export interface TigerRetrieveOptions extends RetrieveOptions {
  /** Draws lists instead of taking the likeliest items; higher is more mixed. 0, the default, draws nothing. */
  readonly temperature?: number;
}

/** What a search over all codes gave. */
export interface FreeSearch {
  readonly lists: ScoredItem[][];
  /** Share of the generated IDs that no item has. */
  readonly invalidShare: number;
}

/**
 * TIGER (Rajput et al. 2023): generative retrieval. A model reads a user's items as semantic IDs and writes the next
 * item's ID code by code; a beam search over the tree of IDs turns that into a list.
 *
 * @example
 * ```ts
 * const tiger = await Tiger.fit(dataset, { ids, epochs: 20 });
 * const [list] = await tiger.retrieve([{ history: dataset.log.history(0) }], 10);
 * ```
 */
export class Tiger implements Retriever, Saveable {
  readonly name: string;
  readonly items: IdMap;
  readonly ids: SemanticIds;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #model: EfficientModel | FaithfulModel;
  readonly #config: TigerConfig;
  /** 1 for items without training interactions. */
  readonly #cold: Uint8Array;
  readonly #dataFingerprint: string;

  private constructor(
    ids: SemanticIds,
    model: EfficientModel | FaithfulModel,
    config: TigerConfig,
    cold: Uint8Array,
    history: readonly EpochReport[],
    dataFingerprint: string,
  ) {
    this.name = config.mode === 'faithful' ? 'TIGER' : 'TIGER (efficient)';
    this.items = ids.items;
    this.ids = ids;
    this.history = history;
    this.#model = model;
    this.#config = config;
    this.#cold = cold;
    this.#dataFingerprint = dataFingerprint;
  }

  /**
   * Trains on the histories of a data set.
   *
   * @throws InvalidInputError for unknown options, or if no user has two interactions
   * @throws UnknownIdError naming the first item of the data that has no semantic ID
   */
  static async fit(dataset: Dataset, options: TigerOptions): Promise<Tiger> {
    checkOptions('Tiger.fit', options, [...LONG_CALL_OPTIONS, ...TIGER_OPTIONS]);
    const { log } = dataset;
    const { validation, signal } = options;
    const config = tigerConfig(options);
    const ids = options.ids.align(log.items);
    if (validation && (validation.items !== log.items || validation.users !== log.users))
      throw new InvalidInputError({
        expected: 'a validation log that shares the id maps of the training log',
        received: 'another log',
        mend: 'Use the parts of one split.',
      });
    if (log.userCounts().every((count) => count < 2))
      throw new InvalidInputError({
        expected: 'users with at least two interactions',
        received: 'none',
        mend: 'Use data with histories.',
      });
    throwIfCancelled(signal, 'fitting TIGER');
    await selectBackend();
    const seed = options.seed ?? 0;
    const model = makeModel(ids, config, seed);
    const cold = log.itemCounts().map((count) => (count === 0 ? 1 : 0));
    const tiger = new Tiger(ids, model, config, Uint8Array.from(cold), [], fingerprint(log));
    const users = validation
      ? Array.from({ length: log.users.size }, (_, user) => user).filter(
          (user) => validation.history(user).length > 0,
        )
      : [];
    const optimiser = new AdamW({ weightDecay: config.weightDecay });
    const identity = createHash('sha256')
      .update(JSON.stringify([fingerprint(log), validation ? fingerprint(validation) : null, seed]))
      .update(JSON.stringify({ ...config, epochs: 0, beams: 0, epsilon: 0 }))
      .update(new Uint8Array(ids.tuples.buffer, ids.tuples.byteOffset, ids.tuples.byteLength))
      .digest('hex');
    try {
      const { history } = await train({
        parameters: model.parameters,
        optimiser,
        schedule:
          config.mode === 'faithful'
            ? inverseSquareRootSchedule(config.learningRate, config.holdSteps, 'constant')
            : constantSchedule(config.learningRate),
        loss: (batch, pass) => model.loss(batch, pass),
        batches: (_, random) => model.batches(dataset, random),
        epochs: config.epochs,
        seed,
        identity,
        clipNorm: 1,
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
        ...(validation
          ? {
              validate: async () => ({
                'ndcg@10': ndcgOfLists(
                  await tiger.#search(
                    users.map((user) => ({ history: log.history(user), user: log.users.idOf(user) })),
                    10,
                    20,
                    {},
                  ),
                  users.map((user) => validation.history(user)),
                  10,
                ),
              }),
              earlyStopping: { metric: 'ndcg@10', patience: config.patience },
            }
          : {}),
      });
      return new Tiger(ids, model, config, tiger.#cold, history, tiger.#dataFingerprint);
    } finally {
      optimiser.dispose();
    }
  }

  async retrieve(
    queries: readonly Query[],
    k: number,
    options: TigerRetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    checkOptions('retrieve', options, [...LONG_CALL_OPTIONS, 'includeHistory', 'temperature']);
    checkNumber('k', k, { min: 1, integer: true });
    checkNumber('temperature', options.temperature ?? 0, { min: 0 });
    for (const query of queries) unavailableItems(query, this.items.size, options);
    const lists = await this.#search(queries, k, Math.max(this.#config.beams, 2 * k), options);
    return lists.map((list) => this.#limitCold(list, k));
  }

  async #search(
    queries: readonly Query[],
    k: number,
    width: number,
    options: TigerRetrieveOptions,
  ): Promise<ScoredItem[][]> {
    throwIfCancelled(options.signal, this.name);
    await selectBackend();
    const { temperature = 0 } = options;
    const random = new RandomStream(options.seed ?? 0).fork('tiger');
    const lists: ScoredItem[][] = [];
    // A candidate list is answered exactly: the search is as wide as the longest of them.
    const widest = Math.max(width, ...queries.map(({ candidates }) => candidates?.length ?? 0));
    const beams = Math.min(widest, this.items.size);
    const block = Math.max(1, Math.floor(SEARCH_ROWS / beams));
    for (let from = 0; from < queries.length; from += block) {
      throwIfCancelled(options.signal, this.name);
      const chunk = queries.slice(from, from + block);
      lists.push(
        ...searchIds(
          this.#model,
          this.ids,
          chunk.map(historyOf),
          chunk.map((query) => ({ closed: unavailableItems(query, this.items.size, options) })),
          {
            width: temperature > 0 ? Math.min(beams, Math.max(k, 1)) : beams,
            cold: this.#cold,
            ...(temperature > 0 ? { sampling: { temperature, random: random.fork(`block ${from}`) } } : {}),
          },
        ),
      );
      options.onProgress?.({
        phase: `retrieve with ${this.name}`,
        done: lists.length,
        total: queries.length,
      });
    }
    return lists;
  }

  /** The best `k` of a list with at most the allowed share of cold items; the others fill up where it falls short. */
  #limitCold(list: readonly ScoredItem[], k: number): ScoredItem[] {
    let room = Math.floor(this.#config.epsilon * k);
    const kept: ScoredItem[] = [];
    const spare: ScoredItem[] = [];
    for (const entry of list) {
      if (!this.#cold[entry.item]) kept.push(entry);
      else if (room > 0) {
        kept.push(entry);
        room--;
      } else spare.push(entry);
    }
    const best = kept.slice(0, k);
    const least = best.at(-1)?.score ?? Number.POSITIVE_INFINITY;
    for (const { item, score } of spare.slice(0, k - best.length))
      best.push({ item, score: Math.min(least, score) });
    return best;
  }

  /**
   * Searches over all codes, as the paper does: IDs that no item has are dropped and counted.
   *
   * @throws UnsupportedError in the efficient mode, whose codes are normalised over the IDs that exist
   */
  async retrieveFreely(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<FreeSearch> {
    checkNumber('k', k, { min: 1, integer: true });
    const model = this.#model;
    if (!(model instanceof FaithfulModel))
      throw new UnsupportedError({
        expected: 'a faithful TIGER, which gives chances to IDs that no item has',
        received: this.name,
        mend: "Fit with mode 'faithful', or use retrieve.",
      });
    await selectBackend();
    const width = Math.max(this.#config.beams, 2 * k);
    const block = Math.max(1, Math.floor(SEARCH_ROWS / width));
    const lists: ScoredItem[][] = [];
    let generated = 0;
    let invalid = 0;
    for (let from = 0; from < queries.length; from += block) {
      throwIfCancelled(options.signal, this.name);
      const chunk = queries.slice(from, from + block);
      for (const [q, beams] of model.searchFreely(chunk.map(historyOf), width).entries()) {
        const closed = unavailableItems(chunk[q] as Query, this.items.size, options);
        const list: ScoredItem[] = [];
        for (const { tuple, score } of beams) {
          const item = this.ids.find(tuple);
          generated++;
          if (item === undefined) invalid++;
          else if (!closed[item]) list.push({ item, score });
        }
        lists.push(list.slice(0, k));
      }
    }
    return { lists, invalidShare: generated === 0 ? 0 : invalid / generated };
  }

  async save(dir: string): Promise<void> {
    const ids = await this.ids.contents();
    const prefixed = (prefix: string, tensors: Readonly<Record<string, TensorData>>) =>
      Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${name}`, tensor] as const);
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: { ...this.#config, ids: ids.config },
      dataFingerprint: this.#dataFingerprint,
      tensors: Object.fromEntries([
        ...prefixed('model', await this.#model.parameters.values()),
        ...prefixed('ids', ids.tensors),
        ['cold', { shape: [this.#cold.length], values: Int32Array.from(this.#cold) }],
      ]),
      files: ids.files,
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Tiger> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 1);
    const under = (prefix: string): Record<string, TensorData> =>
      Object.fromEntries(
        Object.entries(tensors)
          .filter(([name]) => name.startsWith(`${prefix}/`))
          .map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]),
      );
    const { ids: idConfig, ...config } = manifest.config as TigerConfig & { ids: object };
    await selectBackend();
    const ids = await SemanticIds.restore({ config: idConfig, tensors: under('ids'), files }, dir);
    const cold = tensors.cold?.values;
    if (!(cold instanceof Int32Array))
      throw new ArtifactError(dir, {
        expected: 'the list of items without interactions',
        received: 'none',
        mend: 'Fit and save again.',
      });
    const model = makeModel(ids, config, 0);
    model.parameters.assign(under('model'), dir);
    return new Tiger(ids, model, config, Uint8Array.from(cold), [], manifest.dataFingerprint ?? '');
  }
}

function makeModel(ids: SemanticIds, config: TigerConfig, seed: number): EfficientModel | FaithfulModel {
  return config.mode === 'faithful'
    ? new FaithfulModel(ids, config, seed)
    : new EfficientModel(ids, config, new RandomStream(seed).fork('tiger'));
}

const historyOf = ({ history, user }: Query): IdHistory => ({ items: history ?? [], user });
