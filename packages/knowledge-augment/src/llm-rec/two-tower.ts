import {
  artifactTensor,
  type CatalogueScorer,
  checkProvenance,
  checkQueryItems,
  checkSharedIds,
  type Dataset,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  InvalidInputError,
  itemFiles,
  type LongCallOptions,
  listsFromScores,
  type Provenance,
  type Query,
  RandomStream,
  type RetrieveOptions,
  readArtifact,
  readProvenance,
  rebuildSaved,
  type Saveable,
  type ScoredItem,
  savedFittedOn,
  savedItems,
  throwIfCancelled,
  writeArtifact,
} from '@palate/core';
import { heldOutQueries, ndcgOfLists } from '@palate/eval';
import { cosineSchedule, type EpochReport, fitNetwork, selectBackend } from '@palate/nn';
import { pairBatches, Towers } from './towers.js';
import { TWO_TOWER, type TwoTowerOptions, type TwoTowerSettings } from './two-tower-options.js';

const KIND = 'two-tower';
const USERS = 'users.json';

/** Parts of a fitted model. */
interface TwoTowerParts {
  readonly users: IdMap;
  readonly items: IdMap;
  readonly settings: TwoTowerSettings;
  readonly dimension: number;
  readonly provenance: Provenance | undefined;
  /** `[users, dimension]`. */
  readonly userVectors: Float32Array;
  /** `[items, dimension]`. */
  readonly itemVectors: Float32Array;
  readonly favourites: Favourites;
  readonly dataFingerprint: string;
  /** Fingerprints of its training, and of what it was stopped by. */
  readonly fittedOn: readonly string[];
}

/**
 * LLM-Rec's recommender: an MLP over an item's text vector and one over a vector of the user, scores by inner product,
 * binary cross-entropy against random items. What the texts are worth shows when nothing but their width differs.
 *
 * A user who was not in training is the mean of the tower's ends of the history's items; a query without user and
 * history gets the favourites of the training data.
 */
export class TwoTower implements CatalogueScorer, Saveable {
  readonly name = 'MLP two-tower';
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in the vectors; left out where there are none. */
  readonly provenance: Provenance | undefined;
  readonly #parts: TwoTowerParts;

  private constructor(parts: TwoTowerParts, history: readonly EpochReport[]) {
    this.items = parts.items;
    this.favourites = parts.favourites;
    this.provenance = parts.provenance;
    this.fittedOn = parts.fittedOn;
    this.history = history;
    this.#parts = parts;
  }

  /**
   * @throws InvalidInputError for unknown options, no interactions or vectors without an item
   * @throws LeakError for vectors that know the validation, or do not say what they know
   */
  static async fit(dataset: Dataset, options: TwoTowerOptions = {}): Promise<TwoTower> {
    const settings = TWO_TOWER.settings(options);
    const { log } = dataset;
    if (log.length === 0)
      throw new InvalidInputError({
        expected: 'interactions',
        received: 'none',
        hint: 'Fit on data in which users have histories: a filter or a split may have removed them all.',
      });
    const vectors = settings.vectors?.align(log.items);
    const { validation, negatives, batchSize, epochs, learningRate, dimension } = settings;
    if (validation) {
      checkSharedIds('the validation log', validation, log);
      if (vectors)
        checkProvenance('the vectors', vectors.provenance, {
          rows: validation,
          history: log,
          training: [fingerprint(log)],
        });
    }
    throwIfCancelled(options.signal, 'fitting the two-tower model');
    await selectBackend();
    const seed = options.seed ?? 0;
    const towers = new Towers(
      log.users.size,
      log.items.size,
      settings,
      vectors,
      new RandomStream(seed).fork('towers'),
    );
    const build = async (history: readonly EpochReport[]): Promise<TwoTower> =>
      new TwoTower(
        {
          users: log.users,
          items: log.items,
          settings,
          dimension,
          provenance: vectors?.provenance,
          userVectors: await towers.ends('user'),
          itemVectors: await towers.ends('item'),
          favourites: Favourites.of(log),
          dataFingerprint: fingerprint(log),
          fittedOn: fittedOnLogs(log, validation),
        },
        history,
      );
    try {
      const held = validation && heldOutQueries(log, validation);
      const history = await fitNetwork({
        parameters: towers.parameters,
        settings,
        options,
        identity: TWO_TOWER.identity(settings, seed, log),
        schedule: (steps) =>
          cosineSchedule(learningRate, steps() * epochs, { warmUp: Math.ceil(steps() / 4) }),
        clipNorm: 5,
        batches: (_, random) => pairBatches(log, batchSize, negatives, random),
        loss: (batch, pass) => towers.loss(batch, pass),
        validation: held && {
          measure: async () => {
            const lists = await (await build([])).retrieve(held.queries, 10);
            return { 'ndcg@10': ndcgOfLists(lists, held.targets, 10) };
          },
          stopBy: 'ndcg@10',
        },
      });
      return await build(history);
    } finally {
      towers.parameters.dispose();
    }
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    const { dimension, users, userVectors, itemVectors } = this.#parts;
    const n = this.items.size;
    const scores = new Float32Array(queries.length * n);
    const person = new Float32Array(dimension);
    for (const [q, query] of queries.entries()) {
      checkQueryItems(query, n);
      const known = query.user === undefined ? undefined : users.find(query.user);
      person.fill(0);
      if (known !== undefined) person.set(userVectors.subarray(known * dimension, (known + 1) * dimension));
      else
        for (const item of Array.from(query.history ?? []))
          for (let k = 0; k < dimension; k++)
            person[k]! += itemVectors[item * dimension + k]! / (query.history?.length ?? 1);
      for (let item = 0; item < n; item++) {
        let sum = 0;
        for (let k = 0; k < dimension; k++) sum += person[k]! * itemVectors[item * dimension + k]!;
        scores[q * n + item] = sum;
      }
      this.favourites.standIn(scores.subarray(q * n, (q + 1) * n));
    }
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { users, items, settings, dimension, provenance, ...rest } = this.#parts;
    await writeArtifact(dir, {
      kind: KIND,
      version: 2,
      config: { settings: TWO_TOWER.saved(settings), provenance: provenance ?? null },
      dataFingerprint: rest.dataFingerprint,
      fittedOn: rest.fittedOn,
      tensors: {
        users: { shape: [users.size, dimension], values: rest.userVectors },
        items: { shape: [items.size, dimension], values: rest.itemVectors },
        ...rest.favourites.tensors(),
      },
      files: { ...itemFiles(items), ...itemFiles(users, USERS) },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<TwoTower> {
    const artifact = await readArtifact(dir, KIND, 2);
    const { manifest, tensors } = artifact;
    return rebuildSaved(dir, 'ids and vectors of users and items', () => {
      const { settings: saved, provenance } = (manifest.config ?? {}) as Readonly<Record<string, unknown>>;
      const settings = TWO_TOWER.restored(dir, saved);
      const { dimension } = settings;
      const users = savedItems(dir, artifact, USERS, 'user');
      const items = savedItems(dir, artifact);
      const table = (name: string, rows: number): Float32Array =>
        artifactTensor(dir, tensors, name, { type: 'float32', shape: [rows, dimension] }).values;
      return new TwoTower(
        {
          users,
          items,
          settings,
          dimension,
          provenance: provenance === null ? undefined : readProvenance(provenance),
          userVectors: table('users', users.size),
          itemVectors: table('items', items.size),
          favourites: Favourites.saved(dir, tensors, items.size),
          dataFingerprint: manifest.dataFingerprint ?? '',
          fittedOn: savedFittedOn(manifest),
        },
        [],
      );
    });
  }
}
