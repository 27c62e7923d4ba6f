import {
  type CatalogueScorer,
  checkSavedNames,
  checkSavedShapes,
  checkSharedIds,
  checkValidationUnseen,
  type Dataset,
  type Disposable,
  distinctHistory,
  Favourites,
  fingerprint,
  type IdMap,
  InvalidInputError,
  itemFiles,
  joinProvenance,
  type LongCallOptions,
  listsFromScores,
  type Provenance,
  type Query,
  RandomStream,
  type RetrieveOptions,
  readArtifact,
  rebuildSaved,
  type Saveable,
  type ScoredItem,
  savedItems,
  savedProvenance,
  throwIfCancelled,
  writeArtifact,
} from '@palate/core';
import { type EpochReport, type ForwardPass, fitNetwork, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { entityCount, type RelationGraph, relationGraph } from '../graph/relation-graph.js';
import { FoldIn, type PaddedHistories } from './fold-in.js';
import {
  checkWidth,
  GRAPH_RECOMMENDER,
  type GraphRecommenderOptions,
  type GraphSettings,
  SAVED_GRAPH,
  type SavedGraphSettings,
} from './graph-options.js';
import { heldOutRanks } from './held-out-ranks.js';
import { SCORING_FUNCTIONS } from './scores/index.js';
import type { ScoringFunction, TableRows } from './scoring-function.js';
import { type TripleBatch, tripleBatches } from './triple-batches.js';
import { TripleNetwork, tableShapes } from './triple-network.js';

const KIND = 'graph-recommender';
const USERS = 'users.json';
/** Prefix of the names of weights, beside which the artifact keeps the favourites. */
const MODEL = 'model/';
/** Smallest rate that {@link GRAPH_RECOMMENDER}'s `rateDecay` leads to. */
const LEAST_RATE = 1e-5;
/** Sizes to which batches of users are padded, so that few graphs serve all. */
const BATCH_SIZES = [1, 32, 256] as const;

interface Parts {
  readonly items: IdMap;
  readonly users: IdMap;
  readonly network: TripleNetwork;
  readonly settings: SavedGraphSettings;
  readonly history: readonly EpochReport[];
  readonly favourites: Favourites;
  readonly provenance: Provenance | undefined;
  readonly dataFingerprint: string;
}

/**
 * A recommender that learns the edges of a graph: users and items, relations between items, values that items share. Each
 * has a vector and a bias; a scoring function says how likely an edge is, and to recommend is to find the likeliest
 * edges from a user to items (arXiv 2109.09358).
 *
 * All scoring functions share one trainer: AdamW on a logistic loss of true edges and edges with a false tail. The
 * hyperbolic ones keep their vectors as tangent vectors at the origin and are optimised there, in Euclidean geometry.
 *
 * A user of the training data is served with the trained vector, whatever the history in the query; anybody else is
 * folded in: gradient steps on the user's own rows, against fixed items.
 */
export class GraphRecommender implements CatalogueScorer, Saveable, Disposable {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly provenance?: Provenance;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #parts: Parts;
  readonly #foldIn: FoldIn;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { settings, provenance, items } = parts;
    this.name = SCORING_FUNCTIONS[settings.model].label;
    this.items = items;
    this.favourites = parts.favourites;
    this.history = parts.history;
    if (provenance) this.provenance = provenance;
    this.#foldIn = new FoldIn(parts.network, {
      items: items.size,
      steps: settings.foldInSteps,
      learningRate: settings.foldInRate,
      seed: settings.seed,
    });
  }

  /**
   * Trains on the graph of the data set's log and the edges given.
   *
   * @throws InvalidInputError for unknown options, an odd width for scoring functions of pairs, edges of other items,
   * or a log without interactions
   * @throws LeakError for a validation that the edges know, or edges that do not say what they know
   */
  static async fit(dataset: Dataset, options: GraphRecommenderOptions): Promise<GraphRecommender> {
    const settings = GRAPH_RECOMMENDER.settings(options);
    const { log } = dataset;
    const { validation, relations = [], attributes = [] } = settings;
    checkWidth(settings);
    if (validation) checkSharedIds('the validation log', validation, log);
    if (log.length === 0)
      throw new InvalidInputError({
        expected: 'interactions to learn from',
        received: 'none',
        hint: 'Use data with interactions.',
      });
    const given = [...relations, ...attributes].map(({ edges }) => edges.provenance);
    const provenance = given.length > 0 ? joinProvenance(given) : undefined;
    checkValidationUnseen('the edges', provenance, log, validation);
    throwIfCancelled(options.signal, 'fitting a graph recommender');
    const seed = options.seed ?? 0;
    const graph = relationGraph(log, { relations, attributes, inverses: settings.inverses });
    await selectBackend();
    const network = new TripleNetwork(
      SCORING_FUNCTIONS[settings.model],
      {
        items: log.items.size,
        entities: entityCount(graph),
        relations: graph.relations.length,
        width: settings.dimension,
        deviation: settings.deviation,
      },
      new RandomStream(seed).fork('graph'),
    );
    const history = await fitTriples(dataset, graph, network, settings, options);
    const { items, users } = log;
    return new GraphRecommender({
      items,
      users,
      network,
      settings: SAVED_GRAPH.settings({ ...lasting(settings), seed }),
      history,
      favourites: Favourites.of(log),
      provenance,
      dataFingerprint: fingerprint(log),
    });
  }

  /** The formula of its scores, and where it comes from. */
  get about(): string {
    return SCORING_FUNCTIONS[this.#parts.settings.model].about;
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const n = this.items.size;
    const { users, favourites } = this.#parts;
    const scores = new Float32Array(queries.length * n);
    const known: { readonly row: number; readonly user: number }[] = [];
    const unknown: { readonly row: number; readonly history: readonly number[] }[] = [];
    for (const [row, query] of queries.entries()) {
      const user = query.user === undefined ? undefined : users.find(query.user);
      const history = distinctHistory(query, n);
      if (user !== undefined) known.push({ row, user });
      else if (history.length > 0) unknown.push({ row, history });
      else scores.set(favourites.scores, row * n);
    }
    this.#scoreKnown(known, scores, options.signal);
    this.#scoreUnknown(unknown, scores, options.signal);
    return scores;
  }

  #scoreKnown(
    asked: readonly { readonly row: number; readonly user: number }[],
    scores: Float32Array,
    signal: AbortSignal | undefined,
  ): void {
    const n = this.items.size;
    for (let from = 0; from < asked.length; from += BATCH_SIZES[2]) {
      throwIfCancelled(signal, this.name);
      const chunk = asked.slice(from, from + BATCH_SIZES[2]);
      const block = scoresOfUsers(
        this.#parts.network,
        n,
        Int32Array.from(chunk, ({ user }) => user),
      );
      for (const [k, { row }] of chunk.entries()) scores.set(block.subarray(k * n, (k + 1) * n), row * n);
    }
  }

  #scoreUnknown(
    asked: readonly { readonly row: number; readonly history: readonly number[] }[],
    scores: Float32Array,
    signal: AbortSignal | undefined,
  ): void {
    if (asked.length === 0) return;
    const n = this.items.size;
    const { network, users } = this.#parts;
    const start = meanUser(network, n, users.size);
    try {
      for (const { rows, histories } of paddedByLength(asked)) {
        throwIfCancelled(signal, this.name);
        const head = this.#foldIn.rowsOf(histories, start);
        const product = tf.tidy(() => network.scoreItems(head));
        for (const tensor of Object.values(head)) tensor.dispose();
        // Read outside of tidy, which would walk through the numbers in search of tensors.
        const block = product.dataSync<'float32'>();
        product.dispose();
        for (const [k, row] of rows.entries()) scores.set(block.subarray(k * n, (k + 1) * n), row * n);
      }
    } finally {
      for (const tensor of Object.values(start)) tensor.dispose();
    }
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { network, settings, items, users, favourites, provenance, dataFingerprint } = this.#parts;
    const weights = Object.entries(await network.parameters.values());
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: { ...SAVED_GRAPH.saved(settings), provenance: provenance ?? null },
      dataFingerprint,
      tensors: {
        ...Object.fromEntries(weights.map(([name, tensor]) => [MODEL + name, tensor])),
        ...favourites.tensors(),
      },
      files: { ...itemFiles(items), [USERS]: JSON.stringify([...users]) },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged, or its settings do not fit its weights */
  static async load(dir: string): Promise<GraphRecommender> {
    const artifact = await readArtifact(dir, KIND, 1);
    const { provenance, ...saved } = (artifact.manifest.config ?? {}) as Readonly<Record<string, unknown>>;
    const settings = SAVED_GRAPH.restored(dir, saved);
    const items = savedItems(dir, artifact);
    const users = savedItems(dir, artifact, USERS, 'user');
    const favourites = Favourites.saved(dir, artifact.tensors, items.size);
    const weights = Object.fromEntries(
      Object.entries(artifact.tensors)
        .filter(([name]) => name.startsWith(MODEL))
        .map(([name, tensor]) => [name.slice(MODEL.length), tensor]),
    );
    const scoring: ScoringFunction = SCORING_FUNCTIONS[settings.model];
    const [firstTable] = Object.keys(scoring.relationTables);
    const shape = {
      items: items.size,
      entities: Math.max(items.size + users.size, weights['entity.vector']?.shape[0] ?? 0),
      relations: firstTable === undefined ? 1 : (weights[`relation.${firstTable}`]?.shape[0] ?? 1),
      width: settings.dimension,
      deviation: settings.deviation,
    };
    await rebuildSaved(dir, 'a width that the model can take', () => checkWidth(settings));
    checkSavedShapes(dir, weights, tableShapes(scoring, shape));
    await selectBackend();
    const network = await rebuildSaved(
      dir,
      'a network of the settings in the manifest',
      () => new TripleNetwork(scoring, shape, new RandomStream(0)),
    );
    checkSavedNames(dir, weights, network.parameters.names);
    network.parameters.assign(weights, dir);
    return new GraphRecommender({
      items,
      users,
      network,
      settings,
      history: [],
      favourites,
      provenance: savedProvenance(dir, provenance),
      dataFingerprint: artifact.manifest.dataFingerprint ?? '',
    });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#parts.network.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The settings that serving needs. */
function lasting(settings: GraphSettings): Omit<SavedGraphSettings, 'seed'> {
  const names = Object.keys(SAVED_GRAPH.declarations).filter((name) => name !== 'seed');
  return Object.fromEntries(
    names.map((name) => [name, settings[name as keyof GraphSettings]]),
  ) as unknown as Omit<SavedGraphSettings, 'seed'>;
}

/** Trains the network on the edges of the graph. */
function fitTriples(
  { log }: Dataset,
  graph: RelationGraph,
  network: TripleNetwork,
  settings: GraphSettings,
  options: GraphRecommenderOptions,
): Promise<readonly EpochReport[]> {
  const { batchSize, negativesPerTriple, negatives, dropout, loss, learningRate, rateDecay, validation } =
    settings;
  return fitNetwork({
    parameters: network.parameters,
    settings,
    options,
    identity: GRAPH_RECOMMENDER.identity(settings, log, options.seed ?? 0),
    batches: (_, random) =>
      tripleBatches(graph, { batchSize, negatives: negativesPerTriple, range: negatives }, random),
    schedule: (stepsPerEpoch) => {
      const perEpoch = Math.max(1, stepsPerEpoch());
      return (step) =>
        Math.min(
          learningRate,
          Math.max(LEAST_RATE, learningRate * rateDecay ** Math.floor((step - 1) / perEpoch)),
        );
    },
    loss: (batch, pass) => {
      const { heads, relations, tails } = batch as Record<TripleBatch, tf.Tensor>;
      const scores = network.score(
        heads as tf.Tensor1D,
        relations as tf.Tensor1D,
        tails as tf.Tensor2D,
        pass as ForwardPass,
        dropout,
      );
      const [rows] = scores.shape;
      const truth = tf.slice(scores, [0, 0], [rows, 1]);
      const other = tf.slice(scores, [0, 1], [rows, negativesPerTriple]);
      const losses =
        loss === 'pairwise'
          ? tf.sum(tf.softplus(tf.sub(other, truth)), 1)
          : tf.add(tf.sum(tf.softplus(tf.neg(truth)), 1), tf.sum(tf.softplus(other), 1));
      return tf.mean(losses) as tf.Scalar;
    },
    validation: validation && {
      measure: async () =>
        heldOutRanks(log, validation, (users) => scoresOfUsers(network, log.items.size, users)),
      stopBy: settings.stopBy,
    },
  });
}

/** Scores of all items for trained users, row-major; the batch is padded so that few graphs serve all. */
function scoresOfUsers(network: TripleNetwork, items: number, users: Int32Array): Float32Array {
  const size = BATCH_SIZES.find((each) => each >= users.length) ?? users.length;
  const entities = new Int32Array(size).fill(items);
  for (let k = 0; k < users.length; k++) entities[k] = items + users[k]!;
  const product = tf.tidy(() => network.scoreItems(network.rowsOfEntities(tf.tensor1d(entities, 'int32'))));
  const block = product.dataSync<'float32'>();
  product.dispose();
  return block.slice(0, users.length * items);
}

/** The mean of the trained users in each entity table, `[1, 1, columns]`. */
function meanUser(network: TripleNetwork, items: number, users: number): TableRows {
  return tf.tidy(() => {
    const rows = network.rowsOfEntities(tf.range(items, items + users, 1, 'int32'));
    return Object.fromEntries(Object.entries(rows).map(([name, each]) => [name, tf.mean(each, 0, true)]));
  });
}

/** Histories in batches of powers of two for length and of few sizes, with the rows that they answer. */
function paddedByLength(
  asked: readonly { readonly row: number; readonly history: readonly number[] }[],
): { readonly rows: readonly number[]; readonly histories: PaddedHistories }[] {
  const groups = new Map<number, { readonly row: number; readonly history: readonly number[] }[]>();
  for (const each of asked) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(8, each.history.length)));
    groups.set(length, [...(groups.get(length) ?? []), each]);
  }
  const batches: { rows: number[]; histories: PaddedHistories }[] = [];
  for (const [length, group] of groups)
    for (let from = 0; from < group.length; from += BATCH_SIZES[2]) {
      const chunk = group.slice(from, from + BATCH_SIZES[2]);
      const size = BATCH_SIZES.find((each) => each >= chunk.length) ?? chunk.length;
      const items = new Int32Array(size * length);
      const lengths = new Int32Array(size).fill(1);
      for (const [k, { history }] of chunk.entries()) {
        items.set(history, k * length);
        lengths[k] = history.length;
      }
      batches.push({ rows: chunk.map(({ row }) => row), histories: { items, rows: size, length, lengths } });
    }
  return batches;
}
