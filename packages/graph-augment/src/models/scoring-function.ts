import type { Initializer } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { Comparison } from './comparisons.js';

/** Columns and start of a table with a row for each entity or relation. */
export interface TableDeclaration {
  /** Columns, from the width of the vectors. */
  readonly columns: (width: number) => number;
  readonly initializer: Initializer;
}

/** Rows of tables by name, each `[rows, 1, columns]`. */
export type TableRows = Readonly<Record<string, tf.Tensor>>;

/** Left side of a batch: heads and their relations. */
export interface LeftSide {
  /** Vectors of the heads, `[rows, 1, width]`. */
  readonly head: tf.Tensor;
  /** Rows of the heads in the entity tables of the scoring function. */
  readonly ofHead: TableRows;
  /** Rows of the relations in its relation tables. */
  readonly relation: TableRows;
  /** Whole relation tables, `[relations, columns]`. */
  readonly relations: TableRows;
  /** 1 where the relation is that of users to the items they interacted with, `[rows, 1, 1]`. */
  readonly isInteraction: tf.Tensor;
}

/**
 * A way to score triples of head, relation and tail: `compare(left(head, relation), right(tail, relation)) + bias of the
 * head + bias of the tail`. That the right side does not know the head is what lets one product of matrices serve a
 * whole catalogue.
 */
export interface ScoringFunction {
  /** Name in tables. */
  readonly label: string;
  /** The formula and its source. */
  readonly about: string;
  /** True where vectors are halves that belong together, so that the width is even. */
  readonly needsEvenWidth?: boolean | undefined;
  /** Tables with a row for each relation; none for those that treat all relations alike. */
  readonly relationTables: Readonly<Record<string, TableDeclaration>>;
  /** Tables with a row for each entity, beside its vector and its bias. */
  readonly entityTables?: Readonly<Record<string, TableDeclaration>> | undefined;
  left(side: LeftSide): tf.Tensor;
  /**
   * @param tail - `[rows, candidates, width]`
   * @param relation - rows of the relation tables, `[rows, 1, columns]`
   */
  right(tail: tf.Tensor, relation: TableRows): tf.Tensor;
  readonly comparison: Comparison;
}

/** A row of a table that the scoring function declares. */
export function rowsOf(rows: TableRows, name: string): tf.Tensor {
  const found = rows[name];
  if (!found) throw new TypeError(`a table named ${name} is not declared`);
  return found;
}
