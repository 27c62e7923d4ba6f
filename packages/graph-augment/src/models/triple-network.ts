import type { RandomStream } from '@palate/core';
import {
  type BatchTensors,
  type ForwardPass,
  type Lookup,
  lookedUp,
  normal,
  Parameters,
  zeros,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { rowsOf, type ScoringFunction, type TableDeclaration, type TableRows } from './scoring-function.js';

/** Sizes of a network. */
export interface NetworkShape {
  readonly items: number;
  /** Items, users and values. */
  readonly entities: number;
  /** Relations, inverse ones included; the first is that of users to the items they interacted with. */
  readonly relations: number;
  readonly width: number;
  /** Standard deviation of the entities' vectors at the start. */
  readonly deviation: number;
}

/** Tables of entities that every scoring function has. */
const COMMON = (deviation: number): Readonly<Record<string, TableDeclaration>> => ({
  vector: { columns: (width) => width, initializer: normal(deviation) },
  bias: { columns: () => 1, initializer: zeros },
});

/** Tables of a scoring function by the name of their parameter, with their shapes. */
export function tableShapes(
  scoring: ScoringFunction,
  { entities, relations, width }: Omit<NetworkShape, 'items' | 'deviation'>,
): Readonly<Record<string, readonly [number, number]>> {
  const entityTables = Object.entries({ ...COMMON(0), ...scoring.entityTables });
  return Object.fromEntries([
    ...entityTables.map(([name, { columns }]) => [`entity.${name}`, [entities, columns(width)]] as const),
    ...Object.entries(scoring.relationTables).map(
      ([name, { columns }]) => [`relation.${name}`, [relations, columns(width)]] as const,
    ),
  ]);
}

/** The tables of entities and relations, and the scores of triples by a scoring function. */
export class TripleNetwork {
  readonly parameters = new Parameters();
  readonly #scoring: ScoringFunction;
  readonly #shape: NetworkShape;
  readonly #entityTables: readonly string[];
  readonly #relationTables: readonly string[];

  constructor(scoring: ScoringFunction, shape: NetworkShape, random: RandomStream) {
    this.#scoring = scoring;
    this.#shape = shape;
    const shapes = tableShapes(scoring, shape);
    const entityTables = { ...COMMON(shape.deviation), ...scoring.entityTables };
    for (const [kind, tables] of [
      ['entity', entityTables],
      ['relation', scoring.relationTables],
    ] as const)
      for (const [name, { initializer }] of Object.entries(tables))
        this.parameters.add(`${kind}.${name}`, shapes[`${kind}.${name}`] ?? [], initializer, random);
    this.#entityTables = Object.keys(entityTables);
    this.#relationTables = Object.keys(scoring.relationTables);
  }

  /** Names of the tables that have a row for each entity. */
  get entityTables(): readonly string[] {
    return this.#entityTables;
  }

  #table(name: string): tf.Tensor2D {
    return this.parameters.get(name) as tf.Tensor as tf.Tensor2D;
  }

  /** Rows of the entity tables: `[rows, 1, columns]` each. */
  rowsOfEntities(entities: tf.Tensor1D): TableRows {
    return Object.fromEntries(
      this.#entityTables.map((name) => [
        name,
        tf.expandDims(tf.gather(this.#table(`entity.${name}`), entities), 1),
      ]),
    );
  }

  #relationRows(relations: tf.Tensor1D): TableRows {
    return Object.fromEntries(
      this.#relationTables.map((name) => [
        name,
        tf.expandDims(tf.gather(this.#table(`relation.${name}`), relations), 1),
      ]),
    );
  }

  #left(head: TableRows, relation: TableRows, isInteraction: tf.Tensor): tf.Tensor {
    return this.#scoring.left({
      head: rowsOf(head, 'vector'),
      ofHead: head,
      relation,
      relations: Object.fromEntries(
        this.#relationTables.map((name) => [name, this.#table(`relation.${name}`)]),
      ),
      isInteraction,
    });
  }

  /** Rows of the entity tables that training looks up for a batch: all of the heads, vectors and biases of the tails. */
  get lookups(): readonly Lookup[] {
    return [
      ...this.#entityTables.map((name) => ({ parameter: `entity.${name}`, rows: 'heads' })),
      ...['vector', 'bias'].map((name) => ({ parameter: `entity.${name}`, rows: 'tails' })),
    ];
  }

  /**
   * Scores of triples.
   *
   * @param heads - int32 `[rows]`
   * @param relations - int32 `[rows]`
   * @param tails - int32 `[rows, candidates]`
   * @returns `[rows, candidates]`
   */
  score(heads: tf.Tensor1D, relations: tf.Tensor1D, tails: tf.Tensor2D, pass: ForwardPass): tf.Tensor2D {
    const by: BatchTensors = { heads, tails };
    const rows = this.lookups.map((lookup) => [
      lookedUp(lookup),
      tf.gather(this.#table(lookup.parameter) as tf.Tensor, by[lookup.rows] as tf.Tensor),
    ]);
    return this.scoreRows({ relations, ...Object.fromEntries(rows) }, pass);
  }

  /**
   * Scores of the triples of a batch.
   *
   * @param batch - `relations`, int32 `[rows]`, and what {@link lookups} names
   * @param dropout - share of the vectors' values dropped
   * @returns `[rows, candidates]`
   */
  scoreRows(batch: BatchTensors, pass: ForwardPass, dropout = 0): tf.Tensor2D {
    const found = (rows: 'heads' | 'tails', name: string): tf.Tensor =>
      batch[lookedUp({ parameter: `entity.${name}`, rows })] as tf.Tensor;
    const head = Object.fromEntries(
      this.#entityTables.map((name) => [name, tf.expandDims(found('heads', name), 1)]),
    );
    const relations = batch.relations as tf.Tensor1D;
    const relation = this.#relationRows(relations);
    const isInteraction = tf.reshape(
      tf.cast(tf.equal(relations, tf.scalar(0, 'int32')), 'float32'),
      [-1, 1, 1],
    );
    const dropped = { ...head, vector: pass.dropout(rowsOf(head, 'vector'), dropout) };
    const tail = pass.dropout(found('tails', 'vector'), dropout);
    const compared = this.#scoring.comparison.rows(
      this.#left(dropped, relation, isInteraction),
      this.#scoring.right(tail, relation),
    );
    const tailBias = tf.squeeze(found('tails', 'bias'), [2]);
    return tf.add(tf.add(compared, tf.squeeze(rowsOf(head, 'bias'), [2])), tailBias) as tf.Tensor2D;
  }

  /**
   * Scores of items for users given by their rows in the entity tables, by one product of matrices.
   *
   * @param head - `[rows, 1, columns]` each
   * @param items - int32 `[candidates]`; all items if left out
   * @returns `[rows, candidates]`
   */
  scoreItems(head: TableRows, items?: tf.Tensor1D): tf.Tensor2D {
    const interacted = this.#relationRows(tf.tensor1d([0], 'int32'));
    const left = this.#left(head, interacted, tf.ones([1, 1, 1]));
    const ofItems = (name: string): tf.Tensor2D => {
      const table = this.#table(name);
      return items
        ? (tf.gather(table, items) as tf.Tensor2D)
        : tf.slice(table, [0, 0], [this.#shape.items, table.shape[1]]);
    };
    const right = this.#scoring.right(tf.expandDims(ofItems('entity.vector'), 0), interacted);
    const compared = this.#scoring.comparison.all(
      tf.squeeze(left, [1]) as tf.Tensor2D,
      tf.squeeze(right, [0]) as tf.Tensor2D,
    );
    const bias = tf.transpose(ofItems('entity.bias'));
    return tf.add(tf.add(compared, tf.squeeze(rowsOf(head, 'bias'), [2])), bias) as tf.Tensor2D;
  }

  /**
   * Scores of a few items of its own for each user.
   *
   * @param head - `[rows, 1, columns]` each
   * @param items - int32 `[rows, candidates]`
   * @returns `[rows, candidates]`
   */
  scoreOwnItems(head: TableRows, items: tf.Tensor2D): tf.Tensor2D {
    const interacted = this.#relationRows(tf.tensor1d([0], 'int32'));
    const left = this.#left(head, interacted, tf.ones([1, 1, 1]));
    const tails = tf.gather(this.#table('entity.vector') as tf.Tensor, items);
    const compared = this.#scoring.comparison.rows(left, this.#scoring.right(tails, interacted));
    const bias = tf.squeeze(tf.gather(this.#table('entity.bias') as tf.Tensor, items), [2]);
    return tf.add(tf.add(compared, tf.squeeze(rowsOf(head, 'bias'), [2])), bias) as tf.Tensor2D;
  }
}
