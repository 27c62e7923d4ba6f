import {
  ArtifactError,
  artifactTensor,
  checkNumber,
  checkRetrieval,
  checkSavedNames,
  checkSavedShapes,
  checkSharedIds,
  checkValidationUnseen,
  type Dataset,
  type Disposable,
  disposedOnFailure,
  edgePriorOf,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  InvalidInputError,
  joinProvenance,
  OutcomeCounter,
  type Provenance,
  prefixedTensors,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Retriever,
  readArtifact,
  rebuildSaved,
  restoredWithEdges,
  type Saveable,
  type ScoredItem,
  savedFittedOn,
  tensorsUnder,
  throwIfCancelled,
  UnsupportedError,
  withEdgeProvenance,
  writeArtifact,
} from '@palate/core';
import { heldOutQueries, ndcgOfLists } from '@palate/eval';
import { type EpochReport, fitNetwork, inverseSquareRootSchedule, selectBackend } from '@palate/nn';
import { SemanticIds } from '../ids/semantic-ids.js';
import { EDGE_STRENGTH, EdgeTargets } from './edge-targets.js';
import { EfficientModel } from './efficient-model.js';
import { extendedWeights, rowsIn } from './extended-weights.js';
import { FaithfulModel } from './faithful-model.js';
import { type FreeSearch, searchFreely } from './free-search.js';
import { TIGER, type TigerConfig, type TigerOptions, type TigerSettings } from './tiger-options.js';
import { type TigerRetrieveOptions, TigerSearch } from './tiger-search.js';
import { UnseenItems, unseenShare } from './unseen-items.js';

const KIND = 'tiger';
/** 3 says what the IDs know of interactions. */
const VERSION = 3;

interface Parts {
  readonly ids: SemanticIds;
  readonly model: EfficientModel | FaithfulModel;
  readonly config: TigerSettings;
  readonly unseen: UnseenItems;
  readonly favourites: Favourites;
  readonly history: readonly EpochReport[];
  readonly dataFingerprint: string;
  readonly fittedOn: readonly string[];
  readonly edgeProvenance: Provenance | undefined;
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
export class Tiger implements Retriever, Saveable, Disposable {
  readonly name: string;
  readonly items: IdMap;
  readonly ids: SemanticIds;
  /** Knowledge of interactions in the semantic IDs and the edges. */
  readonly provenance: Provenance;
  /** Answer to queries without a history. */
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #parts: Parts;
  readonly #search: TigerSearch;

  private constructor(parts: Parts) {
    const { ids, model, config, unseen, favourites, edgeProvenance } = parts;
    this.#parts = parts;
    this.favourites = favourites;
    this.name = config.mode === 'faithful' ? 'TIGER' : 'TIGER (efficient)';
    this.items = ids.items;
    this.ids = ids;
    this.provenance = edgeProvenance ? joinProvenance([ids.provenance, edgeProvenance]) : ids.provenance;
    this.history = parts.history;
    this.fittedOn = parts.fittedOn;
    this.#search = new TigerSearch({
      name: this.name,
      model,
      ids,
      unseen,
      favourites,
      epsilon: config.epsilon,
    });
  }

  /**
   * Trains on the histories of a data set.
   *
   * @throws InvalidInputError for unknown options, or if no user has two interactions
   * @throws UnknownIdError naming the first item of the data that has no semantic ID
   * @throws LeakError for semantic IDs that know the validation, or do not say what they know
   */
  static async fit(dataset: Dataset, options: TigerOptions): Promise<Tiger> {
    const config = TIGER.settings(options);
    const { log } = dataset;
    const { validation } = config;
    const { signal } = options;
    const ids = config.ids.align(log.items);
    if (validation) checkSharedIds('the validation log', validation, log);
    checkValidationUnseen('the semantic IDs', ids.provenance, log, validation);
    const prior = edgePriorOf(config, log.items, EDGE_STRENGTH);
    const edgeProvenance = prior?.edges.provenance;
    checkValidationUnseen('the edges', edgeProvenance, log, validation);
    const targets = prior && new EdgeTargets(prior);
    if (log.userCounts().every((count) => count < 2))
      throw new InvalidInputError({
        expected: 'users with at least two interactions',
        received: 'none',
        hint: 'Fit on data in which users have histories: a filter or a split may have removed them all.',
      });
    throwIfCancelled(signal, 'fitting TIGER');
    await selectBackend();
    const seed = options.seed ?? 0;
    const counts = log.itemCounts();
    // Items that edges lead to are taught, even without interactions.
    const reached = targets?.reached(counts);
    const cold = Uint8Array.from(counts, (count, item) => (count === 0 && !reached?.[item] ? 1 : 0));
    const unseen = new UnseenItems(ids.trie, cold, unseenShare(log));
    const model = makeModel(ids, config, seed, unseen);
    const parts = {
      ids,
      model,
      config,
      unseen,
      favourites: Favourites.of(log),
      history: [],
      dataFingerprint: fingerprint(log),
      fittedOn: fittedOnLogs(log, validation),
      edgeProvenance,
    };
    const tiger = new Tiger(parts);
    const held = validation && heldOutQueries(log, validation);
    const history = await fitNetwork({
      parameters: model.parameters,
      settings: config,
      options,
      identity: TIGER.identity(
        { ...config, ids },
        parts.dataFingerprint,
        seed,
        config.decay === 'none' ? 0 : config.epochs,
      ),
      schedule:
        config.mode === 'faithful'
          ? () => inverseSquareRootSchedule(config.learningRate, config.holdSteps, 'constant')
          : undefined,
      clipNorm: 1,
      loss: (batch, pass) => model.loss(batch, pass),
      batches: (_, random) => model.batches(dataset, random, targets),
      validation: held && {
        measure: async () => ({
          'ndcg@10': ndcgOfLists(await tiger.#search.lists(held.queries, 10, 20, {}), held.targets, 10),
        }),
        stopBy: 'ndcg@10',
      },
    });
    model.settle();
    return new Tiger({ ...parts, history });
  }

  async retrieve(
    queries: readonly Query[],
    k: number,
    options: TigerRetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    const known = ['temperature', 'epsilon', 'exact', 'onProofs'];
    checkRetrieval({ name: this.name, itemCount: this.items.size, known }, queries, k, options);
    checkNumber('temperature', options.temperature ?? 0, { min: 0 });
    checkNumber('epsilon', options.epsilon ?? 0, { min: 0, max: 1 });
    if (options.temperature && (options.exact || options.onProofs))
      throw new InvalidInputError({
        expected: 'exact and onProofs without a temperature',
        received: `temperature ${options.temperature}`,
        hint: 'A sampled list has no most likely items to prove: leave the temperature out.',
      });
    const counter = new OutcomeCounter(this.name, queries.length);
    for (const { history } of queries)
      if (!history?.length) counter.fallBack('no history: general favourites');
    options.onOutcomes?.(counter.counts());
    return this.#search.lists(queries, k, Math.max(this.#parts.config.beams, 2 * k), options);
  }

  /**
   * Searches over all codes, as the paper does: IDs that no item has are dropped and counted. A history that is left
   * with fewer than `k` items is searched again with twice as many beams, up to eight times as many.
   *
   * @throws UnsupportedError in the efficient mode, whose codes are normalised over the IDs that exist
   */
  async retrieveFreely(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<FreeSearch> {
    checkRetrieval({ name: this.name, itemCount: this.items.size }, queries, k, options);
    const { model, config } = this.#parts;
    if (!(model instanceof FaithfulModel))
      throw new UnsupportedError({
        expected: 'a faithful TIGER, which gives probability to IDs that no item has',
        received: this.name,
        hint: "Fit with mode 'faithful', or use retrieve.",
      });
    await selectBackend();
    return searchFreely(model, this.ids, queries, k, Math.max(config.beams, 2 * k), options, this.name);
  }

  /**
   * The same model over more items: IDs that {@link SemanticIds.extend} made, the known ones unchanged. New items are read
   * and found by their codes alone, as far as `epsilon` lets them in, without training again.
   *
   * @throws InvalidInputError if an item of this model lacks an ID or has another one, or the codebook is of another size
   */
  async extend(ids: SemanticIds): Promise<Tiger> {
    const { config, unseen: known, model: trained } = this.#parts;
    const rows = rowsIn(ids, this.ids);
    await selectBackend();
    const cold = new Uint8Array(ids.items.size).fill(1);
    const scores = new Float32Array(ids.items.size);
    for (const [own, row] of rows.entries()) {
      cold[row] = known.items[own]!;
      scores[row] = this.favourites.scores[own]!;
    }
    const unseen = new UnseenItems(ids.trie, cold, Math.exp(known.logShare));
    const model = makeModel(ids, config, 0, unseen);
    return disposedOnFailure(model.parameters, async () => {
      model.parameters.assign(
        await extendedWeights(trained.parameters, model.parameters, this.ids, ids, rows),
        'the model that is extended',
      );
      model.settle();
      return new Tiger({ ...this.#parts, ids, model, unseen, favourites: new Favourites(scores) });
    });
  }

  async save(dir: string): Promise<void> {
    const { model, config, unseen, dataFingerprint, edgeProvenance } = this.#parts;
    const ids = await this.ids.contents();
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: {
        ...withEdgeProvenance(TIGER.saved(config), edgeProvenance, config.edgeStrength ?? EDGE_STRENGTH),
        ids: ids.config,
        unseenShare: Math.exp(unseen.logShare),
      },
      dataFingerprint,
      fittedOn: this.fittedOn,
      tensors: {
        ...prefixedTensors(await model.parameters.values(), 'model/'),
        ...prefixedTensors(ids.tensors, 'ids/'),
        ...this.favourites.tensors(),
        cold: { shape: [this.items.size], values: Int32Array.from(unseen.items) },
      },
      files: ids.files,
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Tiger> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, VERSION);
    const { ids: idConfig, unseenShare: share, ...own } = Object(manifest.config) as Record<string, unknown>;
    const { settings: config, provenance } = restoredWithEdges(dir, own, TIGER);
    if (!(typeof share === 'number' && share > 0 && share <= 1))
      throw new ArtifactError(dir, {
        expected: 'unseenShare above 0 and at most 1 in the manifest',
        received: String(share),
        hint: 'It was changed, or written by an earlier version: fit and save again.',
      });
    await selectBackend();
    const ids = await SemanticIds.restore(
      { config: idConfig, tensors: tensorsUnder(tensors, 'ids/'), files },
      dir,
    );
    const { values: cold } = artifactTensor(dir, tensors, 'cold', {
      type: 'int32',
      shape: [ids.items.size],
      min: 0,
      max: 1,
    });
    const unseen = new UnseenItems(ids.trie, Uint8Array.from(cold), share);
    const weights = tensorsUnder(tensors, 'model/');
    checkSavedShapes(
      dir,
      weights,
      config.mode === 'faithful'
        ? FaithfulModel.leadingShapes(ids, config)
        : EfficientModel.leadingShapes(ids, config),
    );
    const model = await rebuildSaved(dir, 'a TIGER of these settings', () =>
      makeModel(ids, config, 0, unseen),
    );
    return disposedOnFailure(model.parameters, () => {
      checkSavedNames(dir, weights, model.parameters.names);
      model.parameters.assign(weights, dir);
      model.settle();
      return new Tiger({
        ids,
        model,
        config,
        unseen,
        favourites: Favourites.saved(dir, tensors, ids.items.size),
        history: [],
        dataFingerprint: manifest.dataFingerprint ?? '',
        fittedOn: savedFittedOn(manifest),
        edgeProvenance: provenance,
      });
    });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#parts.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function makeModel(
  ids: SemanticIds,
  config: TigerConfig,
  seed: number,
  unseen: UnseenItems,
): EfficientModel | FaithfulModel {
  return config.mode === 'faithful'
    ? new FaithfulModel(ids, config, seed)
    : new EfficientModel(ids, config, new RandomStream(seed).fork('tiger'), unseen);
}
