import type { AttributeValue, OutcomeCounts } from '@palate/core';

/** Which method found an item, and at which rank of its list, from 1. */
export interface FoundBy {
  readonly method: string;
  readonly rank: number;
}

/** An item of an answer. */
export interface AnswerItem {
  readonly id: string;
  readonly title: string;
  /** The score that the order is based on; scores of different answers cannot be compared. */
  readonly score: number;
  /** From 1. */
  readonly rank: number;
  /** One sentence, where reasons were asked for. */
  readonly reason?: string | undefined;
  /** Source that the reason rests on: `knowledge`, `history`, `neighbours`, `retriever` or `language model`. */
  readonly reasonSource?: string | undefined;
  readonly from: readonly FoundBy[];
  /** Catalogue columns other than the title, those without a value left out. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A candidate before ranking. */
export interface Candidate {
  readonly id: string;
  readonly title: string;
  readonly score: number;
  readonly from: readonly FoundBy[];
}

/** Where each part of an answer comes from, in sentences for people. */
export interface AnswerSources {
  readonly profile: string;
  readonly candidates: string;
  readonly order: string;
  readonly explanations: string;
}

/** Time of one stage; of a batch, the time of the batch. */
export interface Stage {
  readonly name: string;
  readonly milliseconds: number;
}

/** Meaning that was found in a typed wish. */
export interface Understood {
  /** The wish without what it says no to. */
  readonly likes: string;
  /** Words that must not describe an item. */
  readonly dislikes: readonly string[];
  /** Sentences on the bounds that were read from it, applied or not; empty where there are none. */
  readonly limits: string;
}

/** The answer to a request: plain JSON. */
export interface Answer {
  readonly items: readonly AnswerItem[];
  readonly understood?: Understood | undefined;
  /** Keywords of the profile that the reasons use. */
  readonly keywords: readonly string[];
  readonly sources: AnswerSources;
  readonly stages: readonly Stage[];
  /** The best candidates before ranking, at most 50. */
  readonly candidates: readonly Candidate[];
  /** Counts of what fell back or was passed over, by cause: one record a source. */
  readonly outcomes: readonly OutcomeCounts[];
  /** Identifies data and models; changes with new items and refits. */
  readonly version: string;
}

/** The reason of one item. */
export interface Explanation {
  readonly item: string;
  readonly title: string;
  readonly text: string;
  /** Source that it rests on, as in `AnswerItem.reasonSource`. */
  readonly source: string;
  /** Sentence for people on where it comes from. */
  readonly sources: string;
  readonly outcomes: readonly OutcomeCounts[];
}

/** Knowledge of an item. */
export interface ItemView {
  readonly id: string;
  readonly title: string;
  readonly text: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly knowledge?: string | undefined;
  readonly tags: readonly string[];
  /** How often it was chosen, feedback included. */
  readonly interactions: number;
  /** Codes, where a method with semantic IDs or the map is ready. */
  readonly semanticId?: readonly number[] | undefined;
  /** True for items that came after the fit. */
  readonly isNew: boolean;
}

/** A page of the catalogue. */
export interface ItemPage {
  /** How many there are in all. */
  readonly total: number;
  readonly items: readonly { readonly id: string; readonly title: string }[];
}

/** Knowledge of a user. */
export interface UserView {
  readonly id: string;
  /** Oldest first. */
  readonly history: readonly {
    readonly item: string;
    readonly title: string;
    readonly time?: number | undefined;
    readonly rating?: number | undefined;
    /** True for what came as feedback. */
    readonly isFeedback: boolean;
  }[];
  /** Items that the user said no to. */
  readonly dislikes: readonly string[];
  readonly keywords: readonly string[];
}
