import {
  artifactTensor,
  type CatalogueScorer,
  checkValidationUnseen,
  type Dataset,
  distinctHistory,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  type Provenance,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  throwIfCancelled,
} from '@palate/core';
import { type EpochReport, fitNetwork, normal, Parameters, selectBackend } from '@palate/nn';
import { defaultCompute } from '@palate/retrievers';
import * as tf from '@tensorflow/tfjs-core';
import { joinedEdges } from '../edges/joined-edges.js';
import { bipartiteGraph } from '../graph/bipartite-graph.js';
import { relationGraph } from '../graph/relation-graph.js';
import { heldOutRanks } from './held-out-ranks.js';
import { LIGHT_GCN, type LightGcnOptions, SAVED_LIGHT_GCN, type SavedLightGcn } from './light-gcn-options.js';
import { NeighbourSums } from './neighbour-sums.js';
import { PropagatedTable } from './propagated-table.js';
import { finalVectors, type PropagatedVectors } from './propagation.js';
import {
  checkTraining,
  type GraphModel,
  readGraphModel,
  savedUsers,
  saveGraphModel,
} from './stored-graph-model.js';
import { tripleBatches } from './triple-batches.js';

const KIND = 'light-gcn';

interface Parts extends GraphModel<SavedLightGcn> {
  readonly users: IdMap;
  readonly vectors: PropagatedVectors;
  readonly history: readonly EpochReport[];
}

/**
 * LightGCN (He et al. 2020): vectors of users and items are averaged along the edges of the graph,
 * `E_(k+1) = D^-1/2 A D^-1/2 E_k`, and the mean of all layers is compared by inner products; trained to prefer a user's
 * items to random ones (BPR). Edges between items join the graph beside the interactions.
 *
 * A history makes a user's vector by the same propagation, against fixed items: nobody has to be trained again. A trained
 * user keeps a part of its own beside the history that the query gives, and the trained vector where it gives none.
 *
 * After training there are plain arrays alone.
 */
export class LightGcn implements CatalogueScorer, Saveable {
  readonly name = 'LightGCN';
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly provenance?: Provenance;
  readonly fittedOn: readonly string[];
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.items = parts.items;
    this.favourites = parts.favourites;
    this.fittedOn = parts.fittedOn;
    this.history = parts.history;
    if (parts.provenance) this.provenance = parts.provenance;
  }

  /**
   * Trains on the log of the data set and the edges given.
   *
   * @throws InvalidInputError for unknown options, edges of other items, or a log without interactions
   * @throws LeakError for a validation that the edges know, or edges that do not say what they know
   */
  static async fit(dataset: Dataset, options: LightGcnOptions = {}): Promise<LightGcn> {
    const settings = LIGHT_GCN.settings(options);
    const { dimension, layers, deviation, regularisation, validation, batchSize, negativesPerTriple } =
      settings;
    const { log } = dataset;
    checkTraining(dataset, validation);
    const edges = settings.relations?.length ? joinedEdges(settings.relations) : undefined;
    checkValidationUnseen('the edges', edges?.provenance, log, validation);
    throwIfCancelled(options.signal, 'fitting LightGCN');
    const graph = bipartiteGraph(log, edges);
    const interactions = relationGraph(log, { inverses: false });
    await selectBackend();
    const parameters = new Parameters();
    const random = new RandomStream(options.seed ?? 0).fork('light-gcn');
    parameters.add('entity.vector', [graph.nodes, dimension], normal(deviation), random);
    const table = new PropagatedTable(
      parameters,
      'entity.vector',
      new NeighbourSums(graph, dimension),
      layers,
    );
    const vectors = (): PropagatedVectors =>
      finalVectors(table.layers(), graph.offsets, log.items.size, settings);
    const { products } = await defaultCompute();
    const history = await fitNetwork({
      parameters,
      outer: table,
      settings,
      options,
      identity: LIGHT_GCN.identity(settings, log, options.seed ?? 0),
      batches: (_, stream) =>
        tripleBatches(interactions, { batchSize, negatives: negativesPerTriple, range: 'same-kind' }, stream),
      loss: (batch) => {
        const given = (name: string): tf.Tensor => batch[name] as tf.Tensor;
        const scores = tf.sum(tf.mul(tf.expandDims(given('final of heads'), 1), given('final of tails')), -1);
        const [rows = 0] = scores.shape;
        const truth = tf.slice(scores, [0, 0], [rows, 1]);
        const other = tf.slice(scores, [0, 1], [rows, negativesPerTriple]);
        const preferred = tf.mean(tf.sum(tf.softplus(tf.sub(other, truth)), 1));
        const squares = tf.add(
          tf.sum(tf.square(given('start of heads'))),
          tf.sum(tf.square(given('start of tails'))),
        );
        return tf.add(preferred, tf.mul(squares, regularisation / (2 * rows))) as tf.Scalar;
      },
      validation: validation && {
        measure: async () => {
          const { items, users } = vectors();
          return heldOutRanks(log, validation, (asked) => {
            const rows = new Float32Array(asked.length * dimension);
            for (const [k, user] of asked.entries())
              rows.set(users.subarray(user * dimension, (user + 1) * dimension), k * dimension);
            return products(rows, items, dimension);
          });
        },
        stopBy: settings.stopBy,
      },
    });
    try {
      // The best weights, where a validation chose them.
      table.pull();
      return new LightGcn({
        items: log.items,
        users: log.users,
        vectors: vectors(),
        settings: SAVED_LIGHT_GCN.settings({ dimension, layers }),
        history,
        favourites: Favourites.of(log),
        provenance: edges?.provenance,
        dataFingerprint: fingerprint(log),
        fittedOn: fittedOnLogs(log, validation),
      });
    } finally {
      parameters.dispose();
    }
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    const { users, vectors, settings, favourites } = this.#parts;
    const { dimension: width } = settings;
    const n = this.items.size;
    const rows = new Float32Array(queries.length * width);
    const unanswered: number[] = [];
    for (const [row, query] of queries.entries()) {
      const user = query.user === undefined ? undefined : users.find(query.user);
      const history = distinctHistory(query, n);
      const own = rows.subarray(row * width, (row + 1) * width);
      if (history.length === 0 && user === undefined) unanswered.push(row);
      else if (history.length === 0 && user !== undefined)
        own.set(vectors.users.subarray(user * width, (user + 1) * width));
      else {
        const sum = new Float64Array(width);
        for (const item of history)
          for (let k = 0; k < width; k++) sum[k]! += vectors.passed[item * width + k]!;
        const scale = 1 / Math.sqrt(history.length);
        for (let k = 0; k < width; k++)
          own[k] = sum[k]! * scale + (user === undefined ? 0 : vectors.own[user * width + k]!);
      }
    }
    if (queries.length === 0) return new Float32Array(0);
    const scores = (await defaultCompute()).products(rows, vectors.items, width);
    for (const row of unanswered) scores.set(favourites.scores, row * n);
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { settings, items, users, vectors } = this.#parts;
    const { dimension } = settings;
    await saveGraphModel(
      dir,
      KIND,
      SAVED_LIGHT_GCN,
      this.#parts,
      {
        items: { shape: [items.size, dimension], values: vectors.items },
        passed: { shape: [items.size, dimension], values: vectors.passed },
        users: { shape: [users.size, dimension], values: vectors.users },
        own: { shape: [users.size, dimension], values: vectors.own },
      },
      users,
    );
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged, or its settings do not fit its vectors */
  static async load(dir: string): Promise<LightGcn> {
    const { model, artifact } = await readGraphModel(dir, KIND, SAVED_LIGHT_GCN);
    const { items, settings } = model;
    const users = savedUsers(dir, artifact);
    const table = (name: keyof PropagatedVectors, rows: number): Float32Array =>
      artifactTensor(dir, artifact.tensors, name, { type: 'float32', shape: [rows, settings.dimension] })
        .values;
    return new LightGcn({
      ...model,
      users,
      vectors: {
        items: table('items', items.size),
        passed: table('passed', items.size),
        users: table('users', users.size),
        own: table('own', users.size),
      },
      history: [],
    });
  }
}
