import type { InteractionLog } from '@palate/core';
import type { RatingScale } from '../../rating/rating-rows.js';

/** A review of a training interaction; user and item are dense. */
export interface ReviewUnit {
  readonly user: number;
  readonly item: number;
  readonly rating: number;
  readonly text: string;
  readonly summary: string | undefined;
}

/** A sentence that explains a training interaction; user and item are dense. */
export interface ExplanationUnit {
  readonly user: number;
  readonly item: number;
  readonly rating: number | undefined;
  readonly text: string;
  /** A word that the sentence speaks of. */
  readonly feature: string | undefined;
}

/** Data that rows of training are made from. */
export interface Material {
  readonly log: InteractionLog;
  /** Names by dense index: one word each, without white space. */
  readonly users: readonly string[];
  readonly items: readonly string[];
  readonly titles: readonly string[];
  /** Items of each user in training, oldest first. */
  readonly histories: readonly Int32Array[];
  readonly scale: RatingScale;
  /** From one rating to the next. */
  readonly step: number;
  readonly reviews: readonly ReviewUnit[];
  readonly explanations: readonly ExplanationUnit[];
  /** Most items of a history, the newest. */
  readonly historyLength: number;
  /** Candidates of a list, the right one included. */
  readonly candidateCount: number;
}

/** A rating in words, with as many digits as it has. */
export const starsOf = (rating: number): string => String(Math.round(rating * 100) / 100);
