import { createHash } from 'node:crypto';
import {
  artifactTensor,
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  checkSharedIds,
  type Dataset,
  defineOptions,
  type EmbeddingTable,
  Favourites,
  fingerprint,
  IdMap,
  type InteractionLog,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  option,
  type Query,
  RandomStream,
  type RetrieveOptions,
  readArtifact,
  rebuildSaved,
  type Saveable,
  type ScoredItem,
  throwIfCancelled,
  unavailableItems,
  writeArtifact,
} from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import {
  AdamW,
  type CheckpointOptions,
  cosineSchedule,
  type EpochReport,
  selectBackend,
  train,
} from '@palate/nn';
import { pairBatches, type TowerConfig, Towers } from './towers.js';

const SAVED = defineOptions('TwoTower', {
  dimension: option.integer({ min: 1 }).required({ doc: 'width of the ends of the towers' }),
  hidden: option.integer({ min: 1 }).required({ doc: 'width inside the towers' }),
  dropout: option.number({ min: 0, max: 0.9 }).required({ doc: 'share of the values dropped' }),
  width: option.integer({ min: 0 }).required({ doc: "width of the texts' vectors; 0 without" }),
});

/** Options of {@link TwoTower.fit}. */
export interface TwoTowerOptions extends LongCallOptions {
  /** Vectors of the items' texts; vectors of item ids are learned instead where there are none. */
  readonly vectors?: EmbeddingTable;
  /** Width of both towers' ends. Default 64. */
  readonly dimension?: number;
  /** Width between. Default 128. */
  readonly hidden?: number;
  /** Default 0.2. */
  readonly dropout?: number;
  /** Random items against each interaction. Default 4. */
  readonly negatives?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Interactions a step. Default 512. */
  readonly batchSize?: number;
  /** Most passes. Default 30. */
  readonly epochs?: number;
  /** Default 5. */
  readonly patience?: number;
  /** Held-out interactions to stop by, sharing the id maps. */
  readonly validation?: InteractionLog;
  readonly checkpoint?: CheckpointOptions;
}

const KIND = 'two-tower';

/**
 * LLM-Rec's recommender: an MLP over an item's text vector and one over a vector of the user, scores by inner product,
 * binary cross-entropy against random items. What the texts are worth shows when nothing but their width differs.
 *
 * A user who was not in training is the mean of the tower's ends of the history's items.
 */
export class TwoTower implements CatalogueScorer, Saveable {
  readonly name = 'MLP two-tower';
  readonly items: IdMap;
  readonly favourites: Favourites;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #users: IdMap;
  readonly #userVectors: Float32Array;
  readonly #itemVectors: Float32Array;
  readonly #config: TowerConfig;
  readonly #dataFingerprint: string;

  private constructor(
    users: IdMap,
    items: IdMap,
    config: TowerConfig,
    userVectors: Float32Array,
    itemVectors: Float32Array,
    history: readonly EpochReport[],
    favourites: Favourites,
    dataFingerprint: string,
  ) {
    this.favourites = favourites;
    this.#users = users;
    this.items = items;
    this.#config = config;
    this.#userVectors = userVectors;
    this.#itemVectors = itemVectors;
    this.history = history;
    this.#dataFingerprint = dataFingerprint;
  }

  /** @throws InvalidInputError for unknown options, no interactions or vectors without an item */
  static async fit(dataset: Dataset, options: TwoTowerOptions = {}): Promise<TwoTower> {
    checkOptions('TwoTower.fit', options, [
      ...LONG_CALL_OPTIONS,
      'vectors',
      'dimension',
      'hidden',
      'dropout',
      'negatives',
      'learningRate',
      'weightDecay',
      'batchSize',
      'epochs',
      'patience',
      'validation',
      'checkpoint',
    ]);
    const { log } = dataset;
    if (log.length === 0)
      throw new InvalidInputError({
        expected: 'interactions',
        received: 'none',
        hint: 'Use data with histories.',
      });
    const whole = (
      name: 'dimension' | 'hidden' | 'negatives' | 'batchSize' | 'epochs' | 'patience',
      fallback: number,
    ): number => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
    const vectors = options.vectors?.align(log.items);
    const { validation } = options;
    if (validation) checkSharedIds('the validation log', validation, log);
    const config: TowerConfig = {
      dimension: whole('dimension', 64),
      hidden: whole('hidden', 128),
      dropout: checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 }),
      width: vectors?.width ?? 0,
    };
    const negatives = whole('negatives', 4);
    const batchSize = whole('batchSize', 512);
    const epochs = whole('epochs', 30);
    const weightDecay = checkNumber('weightDecay', options.weightDecay ?? 0.01, { min: 0 });
    const learningRate = checkNumber('learningRate', options.learningRate ?? 1e-3, { min: 0 });
    throwIfCancelled(options.signal, 'fitting the two-tower model');
    await selectBackend();
    const seed = options.seed ?? 0;
    const towers = new Towers(
      log.users.size,
      log.items.size,
      config,
      vectors,
      new RandomStream(seed).fork('towers'),
    );
    const steps = Math.ceil(log.length / batchSize);
    const optimiser = new AdamW({ weightDecay });
    const build = async (history: readonly EpochReport[]): Promise<TwoTower> =>
      new TwoTower(
        log.users,
        log.items,
        config,
        await towers.ends('user'),
        await towers.ends('item'),
        history,
        Favourites.of(log),
        fingerprint(log),
      );
    try {
      const { history } = await train({
        parameters: towers.parameters,
        optimiser,
        schedule: cosineSchedule(learningRate, steps * epochs, {
          warmUp: Math.ceil(steps / 4),
        }),
        epochs,
        clipNorm: 5,
        seed,
        identity: createHash('sha256')
          .update(
            JSON.stringify([
              fingerprint(log),
              validation ? fingerprint(validation) : null,
              config,
              { negatives, batchSize, epochs, learningRate, weightDecay },
              seed,
            ]),
          )
          .update(new Uint8Array(vectors?.data.slice().buffer ?? new ArrayBuffer(0)))
          .digest('hex'),
        batches: (_, random) => pairBatches(log, batchSize, negatives, random),
        loss: (batch, pass) => towers.loss(batch, pass),
        ...(validation
          ? {
              validate: async () => ({ 'ndcg@10': await validationNdcg(await build([]), log, validation) }),
              earlyStopping: { metric: 'ndcg@10', patience: whole('patience', 5) },
            }
          : {}),
        ...(options.signal ? { signal: options.signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
      });
      return await build(history);
    } finally {
      optimiser.dispose();
      towers.parameters.dispose();
    }
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    const { dimension } = this.#config;
    const n = this.items.size;
    const scores = new Float32Array(queries.length * n);
    const person = new Float32Array(dimension);
    for (const [q, query] of queries.entries()) {
      unavailableItems(query, n);
      const known = query.user === undefined ? undefined : this.#users.find(query.user);
      person.fill(0);
      if (known !== undefined)
        person.set(this.#userVectors.subarray(known * dimension, (known + 1) * dimension));
      else
        for (const item of Array.from(query.history ?? []))
          for (let k = 0; k < dimension; k++)
            person[k]! += this.#itemVectors[item * dimension + k]! / (query.history?.length ?? 1);
      for (let item = 0; item < n; item++) {
        let sum = 0;
        for (let k = 0; k < dimension; k++) sum += person[k]! * this.#itemVectors[item * dimension + k]!;
        scores[q * n + item] = sum;
      }
      this.favourites.standIn(scores.subarray(q * n, (q + 1) * n));
    }
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(
      this.name,
      this.items,
      queries,
      k,
      options,
      (chunk, rest) => this.scoreAll(chunk, rest),
      this.favourites,
    );
  }

  async save(dir: string): Promise<void> {
    const { dimension } = this.#config;
    await writeArtifact(dir, {
      kind: KIND,
      version: 2,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      tensors: {
        users: { shape: [this.#users.size, dimension], values: this.#userVectors },
        items: { shape: [this.items.size, dimension], values: this.#itemVectors },
        ...this.favourites.tensors(),
      },
      files: {
        'items.json': JSON.stringify([...this.items]),
        'users.json': JSON.stringify([...this.#users]),
      },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<TwoTower> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 2);
    const ids = (name: string): string[] =>
      JSON.parse(Buffer.from(files[name] ?? []).toString('utf8')) as string[];
    return rebuildSaved(dir, 'ids and vectors of users and items', () => {
      const users = new IdMap(ids('users.json'), 'user');
      const items = new IdMap(ids('items.json'));
      const config = SAVED.restored(dir, manifest.config);
      const vectors = (name: string, rows: number): Float32Array =>
        artifactTensor(dir, tensors, name, { type: 'float32', shape: [rows, config.dimension] }).values;
      return new TwoTower(
        users,
        items,
        config,
        vectors('users', users.size),
        vectors('items', items.size),
        [],
        Favourites.saved(dir, tensors, items.size),
        manifest.dataFingerprint ?? '',
      );
    });
  }
}

/** NDCG@10 of held-out items, several a user. */
async function validationNdcg(model: TwoTower, log: InteractionLog, held: InteractionLog): Promise<number> {
  const users = Array.from({ length: log.users.size }, (_, user) => user).filter(
    (user) => held.history(user).length > 0,
  );
  const lists = await model.retrieve(
    users.map((user) => ({ user: log.users.idOf(user), history: log.history(user) })),
    10,
  );
  return ndcgOfLists(
    lists,
    users.map((user) => held.history(user)),
    10,
  );
}
