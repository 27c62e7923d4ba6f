import {
  artifactTensor,
  type CatalogueScorer,
  checkSavedNames,
  checkSavedShapes,
  checkValidationUnseen,
  type Dataset,
  type Disposable,
  disposedOnFailure,
  distinctHistory,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  joinProvenance,
  type LongCallOptions,
  listsFromScores,
  type Provenance,
  prefixedTensors,
  type Query,
  RandomStream,
  type RetrieveOptions,
  rebuildSaved,
  type Saveable,
  type ScoredItem,
  tensorsUnder,
  throwIfCancelled,
} from '@palate/core';
import { type EpochReport, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { entityCount, relationGraph } from '../graph/relation-graph.js';
import { fitTriples } from './fit-triples.js';
import { FoldIn } from './fold-in.js';
import {
  checkWidth,
  GRAPH_RECOMMENDER,
  GRAPH_SERVING,
  type GraphRecommenderOptions,
  type GraphServingOptions,
  SAVED_GRAPH,
  type SavedGraphSettings,
} from './graph-options.js';
import { historyMark, historyMarks } from './history-marks.js';
import { SCORING_FUNCTIONS } from './scores/index.js';
import type { ScoringFunction } from './scoring-function.js';
import {
  checkTraining,
  type GraphModel,
  readGraphModel,
  savedUsers,
  saveGraphModel,
} from './stored-graph-model.js';
import { TripleNetwork, tableShapes } from './triple-network.js';
import {
  type AskedHistory,
  BATCH_SIZES,
  meanUser,
  paddedByLength,
  rowsOfUsers,
  scoresOfUsers,
} from './user-batches.js';

const KIND = 'graph-recommender';
/** Prefix of the names of weights, beside which the artifact keeps the favourites. */
const MODEL = 'model/';
/** Name of the tensor with the marks of training histories. */
const MARKS = 'history-marks';

interface Parts extends GraphModel<SavedGraphSettings> {
  readonly users: IdMap;
  readonly network: TripleNetwork;
  readonly history: readonly EpochReport[];
  /** Marks of the users' training histories. */
  readonly marks: Int32Array;
}

/**
 * A recommender that learns the edges of a graph: users and items, relations between items, values that items share. Each
 * has a vector and a bias; a scoring function says how likely an edge is, and to recommend is to find the likeliest
 * edges from a user to items (arXiv 2109.09358).
 *
 * All scoring functions share one trainer: AdamW, of entities by the rows that a step touches, on a logistic loss of true
 * edges and edges with a false tail. The
 * hyperbolic ones keep their vectors as tangent vectors at the origin and are optimised there, in Euclidean geometry.
 *
 * A user of the training data is served with the trained vector; where the query's history differs from that of training,
 * a few gradient steps bring the vector to it (`updateSteps`). Anybody else is folded in: steps on rows of one's own,
 * from the mean of the users, against fixed items.
 */
export class GraphRecommender implements CatalogueScorer, Saveable, Disposable {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly provenance?: Provenance;
  readonly fittedOn: readonly string[];
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
    this.fittedOn = parts.fittedOn;
    this.history = parts.history;
    if (provenance) this.provenance = provenance;
    this.#foldIn = new FoldIn(parts.network, {
      items: items.size,
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
    // Data is not kept beside the model: settings alone are.
    const { validation, relations = [], attributes = [], ...lasting } = settings;
    checkWidth(settings);
    checkTraining(dataset, validation);
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
      settings: { ...lasting, seed },
      history,
      favourites: Favourites.of(log),
      provenance,
      dataFingerprint: fingerprint(log),
      fittedOn: fittedOnLogs(log, validation),
      marks: historyMarks(log),
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
    const trained: { readonly row: number; readonly user: number }[] = [];
    const updated: AskedHistory[] = [];
    const unknown: AskedHistory[] = [];
    for (const [row, query] of queries.entries()) {
      const user = query.user === undefined ? undefined : users.find(query.user);
      const history = distinctHistory(query, n);
      if (user !== undefined && this.#isTrainedHistory(user, history)) trained.push({ row, user });
      else if (history.length === 0) scores.set(favourites.scores, row * n);
      else if (user !== undefined) updated.push({ row, user, history });
      else unknown.push({ row, history });
    }
    this.#scoreTrained(trained, scores, options.signal);
    this.#scoreHistories(updated, scores, options.signal);
    this.#scoreHistories(unknown, scores, options.signal);
    return scores;
  }

  /** Whether a user is served with the trained vector. */
  #isTrainedHistory(user: number, history: readonly number[]): boolean {
    const { marks, settings } = this.#parts;
    if (history.length === 0 || settings.updateSteps === 0) return true;
    const [count, sum] = historyMark(history);
    return marks[2 * user] === count && marks[2 * user + 1] === sum;
  }

  #scoreTrained(
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

  /** Scores by histories: of users whom training has met, all of them, or of others. */
  #scoreHistories(
    given: readonly AskedHistory[],
    scores: Float32Array,
    signal: AbortSignal | undefined,
  ): void {
    const n = this.items.size;
    const { network, users, settings } = this.#parts;
    for (const { asked, histories } of paddedByLength(given)) {
      throwIfCancelled(signal, this.name);
      const known = asked.flatMap(({ user }) => (user === undefined ? [] : [user]));
      const isKnown = known.length > 0;
      const start = isKnown
        ? rowsOfUsers(network, n, known, histories.rows)
        : meanUser(network, n, users.size);
      const head = this.#foldIn.rowsOf(
        histories,
        start,
        isKnown ? settings.updateSteps : settings.foldInSteps,
      );
      const product = tf.tidy(() => network.scoreItems(head));
      for (const tensor of [...Object.values(start), ...Object.values(head)]) tensor.dispose();
      // Read outside of tidy, which would walk through the numbers in search of tensors.
      const block = product.dataSync<'float32'>();
      product.dispose();
      for (const [k, { row }] of asked.entries()) scores.set(block.subarray(k * n, (k + 1) * n), row * n);
    }
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { network, users, marks } = this.#parts;
    await saveGraphModel(
      dir,
      KIND,
      SAVED_GRAPH,
      this.#parts,
      {
        ...prefixedTensors(await network.parameters.values(), MODEL),
        [MARKS]: { shape: [users.size, 2], values: marks },
      },
      users,
    );
  }

  /**
   * Reads a saved model.
   *
   * @param serving - settings of serving in place of those of the fit
   * @throws ArtifactError if the folder is missing, foreign or damaged, or its settings do not fit its weights
   */
  static async load(dir: string, serving: GraphServingOptions = {}): Promise<GraphRecommender> {
    const { model, artifact } = await readGraphModel(dir, KIND, SAVED_GRAPH);
    const { items } = model;
    const checked = GRAPH_SERVING.settings(serving);
    const asked = Object.keys(GRAPH_SERVING.declarations)
      .filter((name) => serving[name as keyof typeof serving] !== undefined)
      .map((name) => [name, checked[name as keyof typeof checked]]);
    const settings: SavedGraphSettings = { ...model.settings, ...Object.fromEntries(asked) };
    const users = savedUsers(dir, artifact);
    const weights = tensorsUnder(artifact.tensors, MODEL);
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
    return disposedOnFailure(network.parameters, () => {
      checkSavedNames(dir, weights, network.parameters.names);
      network.parameters.assign(weights, dir);
      return new GraphRecommender({
        ...model,
        settings,
        users,
        network,
        history: [],
        marks: artifactTensor(dir, artifact.tensors, MARKS, { type: 'int32', shape: [users.size, 2], min: 0 })
          .values,
      });
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
