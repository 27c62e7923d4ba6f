import type { EmbeddingTable, InteractionLog, LongCallOptions } from '@palate/core';
import type { CandidateRule } from './protocol.js';

/** Data that a system is evaluated on. Both logs share their id maps, as the parts of a split do. */
export interface RankingData {
  /**
   * Interactions known of each user when the test happens; for a test after validation, training and validation: a
   * split's `known`. A result warns where a split's training part stands here instead.
   */
  readonly history: InteractionLog;
  /** Interactions that have to be found. */
  readonly test: InteractionLog;
  /** Interactions that systems were fitted on, where that is less than the history: texts made from it are admitted. */
  readonly train?: InteractionLog | undefined;
}

/** A part of the targets, chosen by how often its item or user occurs in a log. */
export interface Slice {
  readonly by: 'item' | 'user';
  /** Least interactions, included. Default 0. */
  readonly minimum?: number | undefined;
  /** Most interactions, included. Default: no bound. */
  readonly maximum?: number | undefined;
  /** The log that is counted. Default: the history. */
  readonly log?: InteractionLog | undefined;
}

/** Options of {@link evaluateRanking}. */
export interface RankingOptions extends LongCallOptions {
  /** Default `['hr@10', 'ndcg@10', 'mrr@10']`. */
  readonly metrics?: readonly string[] | undefined;
  /** Default `'full'`. */
  readonly candidates?: CandidateRule | undefined;
  /** Default true. */
  readonly maskHistory?: boolean | undefined;
  /** Default `'binary'`. */
  readonly grades?: 'binary' | 'rating' | undefined;
  /** The split in words; goes into the protocol. */
  readonly split?: string | undefined;
  /** Parts to be measured apart, by name: `{ cold: { by: 'item', maximum: 5 } }`. */
  readonly slices?: Readonly<Record<string, Slice>> | undefined;
  /** True to keep every user's values in the result. Default false. */
  readonly perUser?: boolean | undefined;
  /** Item vectors for the metric `diversity`. */
  readonly itemVectors?: EmbeddingTable | undefined;
  /** Most bytes of scores held at once. Default 64 MB. */
  readonly blockBytes?: number | undefined;
  /** Resamples of the confidence intervals; 0 for none. Default 1,000. */
  readonly resamples?: number | undefined;
  /** Share of the lists that may break the contract of `Retriever` before the result is refused. Default 0.01. */
  readonly maxViolationShare?: number | undefined;
  /** Share of the queries that a fallback may answer before the result is refused. Default 0.1. */
  readonly maxFallbackShare?: number | undefined;
}
