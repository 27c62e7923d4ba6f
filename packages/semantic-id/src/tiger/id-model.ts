/*
 * Terms: a *code* is one number of an ID; a *node* is a prefix of IDs in their tree; a *row* is one prefix that the
 * model follows for one history; a *log-chance* is the logarithm of a code's probability after its prefix.
 */

import type { Dataset, RandomStream } from '@palate/core';
import type { Batch, BatchTensors, ForwardPass, Parameters } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { EdgeTargets } from './edge-targets.js';

/** A history to be continued. */
export interface IdHistory {
  /** Dense items, oldest first. */
  readonly items: ArrayLike<number>;
  /** External id of the user, where it is known. */
  readonly user?: string | undefined;
}

/** Leaves that a search found, best first, for each of its rows. */
export interface FoundLeaves {
  readonly nodes: Int32Array;
  readonly scores: Float64Array;
}

/** A search that goes down the tree of IDs for several histories at once. */
export interface IdSteps {
  /**
   * Log-probabilities of the next codes.
   *
   * The first call starts at the root with one row per history. Each later one follows a row of the call before by a
   * code that leads to a node.
   *
   * @param parents - rows of the call before, those of a history together and in the order of the histories; nothing
   *   at the first call
   * @param nodes - node that each new row stands at
   * @returns those of each node's children in the tree's order, one node after another
   */
  next(parents?: Int32Array, nodes?: Int32Array): Float32Array;
  dispose(): void;
}

/** A search for items with interactions that needs no steps. */
export interface SearchAtOnce {
  /** Histories that are answered together; 0 where none is with so many beams. */
  rows(width: number): number;
  /** @param findable - for each history which kinds of items are to be found below each node */
  search(
    histories: readonly IdHistory[],
    findable: readonly Uint8Array[],
    width: number,
  ): readonly FoundLeaves[];
}

/** A model that gives the next ID of a sequence, code by code. */
export interface IdModel {
  readonly parameters: Parameters;
  /** True where codes that no seen item has are normalised together with the others, and taught to be unlikely. */
  readonly sharesWithUnseen: boolean;
  /** Rows that a search follows at once, beams counted: as many as fit into bounded memory. */
  readonly searchRows: number;
  /**
   * Batches of an epoch.
   *
   * @param edges - replaces some of the targets, where given
   */
  batches(dataset: Dataset, random: RandomStream, edges?: EdgeTargets): readonly (() => Batch)[];
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar;
  /**
   * Starts a search.
   *
   * @param width - most rows of a history that are followed at once
   */
  start(histories: readonly IdHistory[], width: number): IdSteps;
  /** Says that the weights stay as they are from now on: then searches may be answered at once. */
  settle(): void;
  /** Searches without steps; none from a model that is still trained, or knows only steps. */
  readonly atOnce?: SearchAtOnce | undefined;
  /** Frees the weights and the sessions that hold them. */
  dispose(): void;
}
