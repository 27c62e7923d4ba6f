import {
  ArtifactError,
  artifactTensor,
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  distinctHistory,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Provenance,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  throwIfCancelled,
  topK,
  yieldToEventLoop,
} from '@palate/core';
import { type SparseRows, transpose, userItemMatrix } from '@palate/retrievers';
import { joinedEdges } from '../edges/joined-edges.js';
import { RELATIONS } from './graph-options.js';
import { type GraphModel, readGraphModel, saveGraphModel } from './stored-graph-model.js';

const LASTING = {
  alpha: option.number({ min: 0 })({ default: 1, doc: 'exponent of the transition probabilities' }),
  beta: option.number({ min: 0 })({ default: 0.6, doc: 'exponent of the popularity in the divisor' }),
  neighbours: option.integer({ min: 1 })({ default: 200, doc: 'items kept for each item' }),
  edgeShare: option.number({ min: 0, max: 1 })({
    default: 0.01,
    doc: 'chance that a walk follows an edge between items instead of going through a user, if there are edges; on MovieTweetings .1 costs a quarter of the validation’s NDCG@10, .01 nothing',
  }),
} as const;

/** Options of {@link Rp3Beta.fit}. */
export const RP3_BETA = defineOptions('Rp3Beta.fit', { ...LASTING, relations: RELATIONS });

/** Options of {@link Rp3Beta.fit}; {@link RP3_BETA} says what each does. */
export type Rp3BetaOptions = OptionsOf<typeof RP3_BETA.declarations> & LongCallOptions;

const SAVED = defineOptions('Rp3Beta', LASTING);
type Settings = SettingsOf<typeof SAVED.declarations>;

const KIND = 'rp3-beta';

/** Weights from items of a history to candidates, in compressed rows. */
interface Weights extends SparseRows {
  readonly values: Float32Array;
}

interface Parts extends GraphModel<Settings> {
  readonly weights: Weights;
}

/**
 * RP3beta (Paudel et al. 2017): a walk of three steps, user, item, user, item, whose last steps from item `i` to item `j`
 * have the weight `sum over users u of (1 / d_i)^alpha (1 / d_u)^alpha / d_j^beta`. A candidate's score is the sum of
 * the weights from the history's items.
 *
 * With edges between items a walker at `i` takes one of them with the chance `edgeShare` in place of a user:
 * `p_ij` becomes `(1 - g) p_ij + g m_i e_ij / sum_j e_ij`, with `m_i` the sum of the `p_ij`, so that the mass stays. Items
 * that nobody has met count as met once where popularity divides.
 *
 * Costs the sum of the squared history lengths; memory is `items * neighbours`.
 */
export class Rp3Beta implements CatalogueScorer, Saveable {
  readonly name = 'RP3beta';
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly provenance?: Provenance;
  readonly fittedOn: readonly string[];
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.items = parts.items;
    this.favourites = parts.favourites;
    this.fittedOn = parts.fittedOn;
    if (parts.provenance) this.provenance = parts.provenance;
  }

  /**
   * Walks from every item.
   *
   * @throws InvalidInputError for unknown options or edges of other items
   */
  static async fit(dataset: Dataset, options: Rp3BetaOptions = {}): Promise<Rp3Beta> {
    const { relations, ...settings } = RP3_BETA.settings(options);
    throwIfCancelled(options.signal, 'fitting RP3beta');
    const { alpha, beta, neighbours, edgeShare } = settings;
    const { log } = dataset;
    const n = log.items.size;
    const edges = relations?.length ? joinedEdges(relations).align(log.items) : undefined;
    const byUser = userItemMatrix(log);
    const byItem = transpose(byUser, n);
    const degree = ({ offsets }: SparseRows, row: number): number => offsets[row + 1]! - offsets[row]!;
    const fromUser = Float64Array.from({ length: log.users.size }, (_, u) =>
      degree(byUser, u) === 0 ? 0 : degree(byUser, u) ** -alpha,
    );
    const divisor = Float64Array.from({ length: n }, (_, item) => Math.max(1, degree(byItem, item)) ** beta);
    const offsets = new Int32Array(n + 1);
    const columns: number[] = [];
    const values: number[] = [];
    const mass = new Float64Array(n);
    for (let item = 0; item < n; item++) {
      const met = walk(item, byItem, byUser, fromUser, mass);
      const leave = degree(byItem, item) === 0 ? 0 : degree(byItem, item) ** -alpha;
      let total = 0;
      for (const other of met) {
        mass[other]! *= leave;
        total += mass[other]!;
      }
      if (edges && edges.offsets[item + 1]! > edges.offsets[item]!) {
        for (const other of met) mass[other]! *= 1 - edgeShare;
        const [from, to] = [edges.offsets[item]!, edges.offsets[item + 1]!];
        let sum = 0;
        for (let e = from; e < to; e++) sum += edges.weights[e]!;
        // An item that nobody of another item has met has no mass to share: its edges have the mass of a whole step.
        const shared = (edgeShare * (total > 0 ? total : 1)) / sum;
        for (let e = from; e < to; e++) {
          const other = edges.targets[e]!;
          if (mass[other] === 0) met.push(other);
          mass[other]! += shared * edges.weights[e]!;
        }
      }
      const others = Int32Array.from(met).sort();
      const weight = Float32Array.from(others, (other) => mass[other]! / divisor[other]!);
      for (const other of others) mass[other] = 0;
      for (const { item: at, score } of topK(weight, neighbours)) {
        if (score <= 0) continue;
        columns.push(others[at]!);
        values.push(score);
      }
      offsets[item + 1] = columns.length;
      if (item % 256 === 255) {
        options.onProgress?.({ phase: 'fit RP3beta', done: item + 1, total: n });
        await yieldToEventLoop(options.signal, 'fitting RP3beta');
      }
    }
    options.onProgress?.({ phase: 'fit RP3beta', done: n, total: n });
    return new Rp3Beta({
      items: log.items,
      weights: { offsets, columns: Int32Array.from(columns), values: Float32Array.from(values) },
      settings,
      favourites: Favourites.of(log),
      provenance: edges?.provenance,
      dataFingerprint: fingerprint(log),
      fittedOn: fittedOnLogs(log),
    });
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const n = this.items.size;
    const { offsets, columns, values } = this.#parts.weights;
    const scores = new Float32Array(queries.length * n);
    const sum = new Float64Array(n);
    for (const [q, query] of queries.entries()) {
      throwIfCancelled(options.signal, this.name);
      sum.fill(0);
      for (const item of distinctHistory(query, n))
        for (let p = offsets[item]!; p < offsets[item + 1]!; p++) sum[columns[p]!]! += values[p]!;
      const row = scores.subarray(q * n, (q + 1) * n);
      row.set(sum);
      this.favourites.standIn(row);
    }
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { weights } = this.#parts;
    await saveGraphModel(dir, KIND, SAVED, this.#parts, {
      offsets: { shape: [weights.offsets.length], values: weights.offsets },
      columns: { shape: [weights.columns.length], values: weights.columns },
      values: { shape: [weights.values.length], values: weights.values },
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Rp3Beta> {
    const { model, artifact } = await readGraphModel(dir, KIND, SAVED);
    const { items } = model;
    const { tensors } = artifact;
    const offsets = artifactTensor(dir, tensors, 'offsets', {
      type: 'int32',
      shape: [items.size + 1],
      min: 0,
    }).values;
    const wrong = offsets.findIndex((offset, k) => (k === 0 ? offset !== 0 : offset < offsets[k - 1]!));
    if (wrong >= 0)
      throw new ArtifactError(dir, {
        expected: 'offsets that rise from 0',
        received: `${offsets[wrong]} at position ${wrong}`,
        hint: 'The artifact was changed: restore it, or fit again.',
      });
    const total = offsets[items.size]!;
    return new Rp3Beta({
      ...model,
      weights: {
        offsets,
        columns: artifactTensor(dir, tensors, 'columns', {
          type: 'int32',
          shape: [total],
          min: 0,
          max: items.size - 1,
        }).values,
        values: artifactTensor(dir, tensors, 'values', { type: 'float32', shape: [total], min: 0 }).values,
      },
    });
  }
}

/** Sums the chances over the users of an item into `mass`; returns the items met, in no order. */
function walk(
  item: number,
  byItem: SparseRows,
  byUser: SparseRows,
  fromUser: Float64Array,
  mass: Float64Array,
): number[] {
  const met: number[] = [];
  for (let p = byItem.offsets[item]!; p < byItem.offsets[item + 1]!; p++) {
    const user = byItem.columns[p]!;
    for (let q = byUser.offsets[user]!; q < byUser.offsets[user + 1]!; q++) {
      const other = byUser.columns[q]!;
      if (other === item) continue;
      if (mass[other] === 0) met.push(other);
      mass[other]! += fromUser[user]!;
    }
  }
  return met;
}
