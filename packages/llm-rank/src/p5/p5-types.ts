import type { LongCallOptions, ScoredItem } from '@palate/core';

/** Templates by which a P5 is asked, by number. */
export interface P5Asking {
  /** Of the task `next`, for lists. */
  readonly next?: string | undefined;
  /** Of `direct-yes-no`, whose yes is the score, or of `direct-choose`, for ranking. */
  readonly direct?: string | undefined;
  /** Of `rating`, with the number as its answer. */
  readonly rating?: string | undefined;
  readonly explanation?: string | undefined;
}

/** A user and an item that an explanation is asked for, by external ids. */
export interface P5ExplanationRequest {
  readonly user: string;
  readonly item: string;
  /** A rating to explain. */
  readonly rating?: number | undefined;
  /** A feature word to write about. */
  readonly feature?: string | undefined;
}

/** A review to be read, by external ids. */
export interface P5ReviewRequest {
  readonly user: string;
  readonly text: string;
}

/** Lists of a search without bounds. */
export interface P5FreeSearch {
  readonly lists: ScoredItem[][];
  /** Share of what was written that is the name of no item. */
  readonly invalidShare: number;
}

/** Options of answers in words. */
export interface P5WritingOptions extends LongCallOptions {
  /** Most tokens of an answer; as many as an output may have if left out. */
  readonly maxTokens?: number | undefined;
}
