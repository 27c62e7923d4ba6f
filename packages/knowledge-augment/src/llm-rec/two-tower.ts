import { createHash } from 'node:crypto';
import {
  ArtifactError,
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  checkSharedIds,
  type Dataset,
  type EmbeddingTable,
  fingerprint,
  IdMap,
  type InteractionLog,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  type Query,
  RandomStream,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  throwIfCancelled,
  unavailableItems,
  writeArtifact,
} from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import {
  AdamW,
  type Batch,
  type BatchTensors,
  binaryCrossEntropy,
  type CheckpointOptions,
  cosineSchedule,
  Dense,
  Embedding,
  type EpochReport,
  ForwardPass,
  Parameters,
  selectBackend,
  train,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

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

interface Config {
  readonly dimension: number;
  readonly hidden: number;
  readonly dropout: number;
  readonly width: number;
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
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #users: IdMap;
  readonly #userVectors: Float32Array;
  readonly #itemVectors: Float32Array;
  readonly #config: Config;
  readonly #dataFingerprint: string;

  private constructor(
    users: IdMap,
    items: IdMap,
    config: Config,
    userVectors: Float32Array,
    itemVectors: Float32Array,
    history: readonly EpochReport[],
    dataFingerprint: string,
  ) {
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
        mend: 'Use data with histories.',
      });
    const whole = (
      name: 'dimension' | 'hidden' | 'negatives' | 'batchSize' | 'epochs' | 'patience',
      fallback: number,
    ): number => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
    const vectors = options.vectors?.align(log.items);
    const { validation } = options;
    if (validation) checkSharedIds('the validation log', validation, log);
    const config: Config = {
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
    }
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    const { dimension } = this.#config;
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      tensors: {
        users: { shape: [this.#users.size, dimension], values: this.#userVectors },
        items: { shape: [this.items.size, dimension], values: this.#itemVectors },
      },
      files: {
        'items.json': JSON.stringify([...this.items]),
        'users.json': JSON.stringify([...this.#users]),
      },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<TwoTower> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 1);
    const ids = (name: string): string[] =>
      JSON.parse(Buffer.from(files[name] ?? []).toString('utf8')) as string[];
    try {
      return new TwoTower(
        new IdMap(ids('users.json'), 'user'),
        new IdMap(ids('items.json')),
        manifest.config as Config,
        tensors.users?.values as Float32Array,
        tensors.items?.values as Float32Array,
        [],
        manifest.dataFingerprint ?? '',
      );
    } catch (cause) {
      throw new ArtifactError(dir, {
        expected: 'ids and vectors of users and items',
        received: (cause as Error).message,
        mend: 'Fit and save again.',
        cause,
      });
    }
  }
}

/** Both towers while they are trained. */
class Towers {
  readonly parameters = new Parameters();
  readonly #users: Embedding;
  readonly #items: Embedding | undefined;
  readonly #texts: tf.Tensor2D | undefined;
  readonly #userLayers: readonly [Dense, Dense];
  readonly #itemLayers: readonly [Dense, Dense];
  readonly #itemCount: number;
  readonly #dropout: number;

  constructor(
    users: number,
    items: number,
    config: Config,
    vectors: EmbeddingTable | undefined,
    random: RandomStream,
  ) {
    const { dimension, hidden, dropout } = config;
    const { parameters } = this;
    this.#itemCount = items;
    this.#dropout = dropout;
    this.#users = new Embedding(parameters, 'users', users, dimension, random, 0.1);
    this.#items = vectors ? undefined : new Embedding(parameters, 'items', items, dimension, random, 0.1);
    this.#texts = vectors ? tf.keep(standardised(vectors)) : undefined;
    const tower = (name: string, inputs: number): readonly [Dense, Dense] => [
      new Dense(parameters, `${name}-1`, inputs, hidden, random),
      new Dense(parameters, `${name}-2`, hidden, dimension, random),
    ];
    this.#userLayers = tower('user', dimension);
    this.#itemLayers = tower('item', vectors?.width ?? dimension);
  }

  #tower(layers: readonly [Dense, Dense], x: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const inner = tf.relu(layers[0].apply(pass.dropout(x, this.#dropout)));
    return layers[1].apply(pass.dropout(inner, this.#dropout));
  }

  #user(ids: tf.Tensor, pass: ForwardPass): tf.Tensor {
    return this.#tower(this.#userLayers, this.#users.apply(ids), pass);
  }

  #item(ids: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const vectors = this.#texts
      ? tf.gather(this.#texts as tf.Tensor, ids)
      : (this.#items as Embedding).apply(ids);
    return this.#tower(this.#itemLayers, vectors, pass);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { user, items, label, weight } = batch as Record<'user' | 'items' | 'label' | 'weight', tf.Tensor>;
    const [rows = 0, choices = 0] = items.shape;
    const people = tf.expandDims(this.#user(user, pass), 1);
    const things = tf.reshape(this.#item(tf.reshape(items, [-1]), pass), [rows, choices, -1]);
    const scores = tf.sum(tf.mul(people, things), 2);
    return binaryCrossEntropy(scores, label, tf.mul(tf.onesLike(scores), tf.expandDims(weight, 1)));
  }

  /** Ends of a tower for everyone, row-major. */
  async ends(side: 'user' | 'item'): Promise<Float32Array> {
    const count = side === 'user' ? this.#users.table.shape[0] : this.#itemCount;
    const ends = tf.tidy(() => {
      const ids = tf.range(0, count as number, 1, 'int32');
      const pass = ForwardPass.inference();
      return side === 'user' ? this.#user(ids, pass) : this.#item(ids, pass);
    });
    const values = Float32Array.from(await ends.data<'float32'>());
    ends.dispose();
    return values;
  }
}

/** Text vectors at mean 0 and mean square 1, so that towers of all widths start alike. */
function standardised({ data, width, ids }: EmbeddingTable): tf.Tensor2D {
  const mean = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width]! += data[at]! / ids.size;
  let square = 0;
  for (let at = 0; at < data.length; at++) square += (data[at]! - mean[at % width]!) ** 2;
  const scale = square > 0 ? Math.sqrt(data.length / square) : 1;
  return tf.tensor2d(
    data.map((value, at) => (value - mean[at % width]!) * scale),
    [ids.size, width],
  );
}

/** Each interaction once, first among random items that the user has not. */
function pairBatches(
  log: InteractionLog,
  batchSize: number,
  negatives: number,
  random: RandomStream,
): (() => Batch)[] {
  const order = random.fork('order').shuffle(Int32Array.from(log.user.keys()));
  const choices = 1 + negatives;
  const n = log.items.size;
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, index) => () => {
    const own = random.fork(`negatives ${index}`);
    const rows = order.subarray(index * batchSize, (index + 1) * batchSize);
    const user = new Int32Array(batchSize);
    const items = new Int32Array(batchSize * choices);
    const label = new Float32Array(batchSize * choices);
    const weight = new Float32Array(batchSize);
    for (const [k, row] of rows.entries()) {
      user[k] = log.user[row]!;
      weight[k] = 1;
      items[k * choices] = log.item[row]!;
      label[k * choices] = 1;
      const known = new Set(log.history(log.user[row]!));
      for (let c = 1; c < choices; c++) {
        let item = own.integer(n);
        for (let tries = 0; known.has(item) && tries < 20; tries++) item = own.integer(n);
        items[k * choices + c] = item;
      }
    }
    return {
      user: { shape: [batchSize], values: user },
      items: { shape: [batchSize, choices], values: items },
      label: { shape: [batchSize, choices], values: label },
      weight: { shape: [batchSize], values: weight },
    };
  });
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
