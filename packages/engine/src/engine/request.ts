import type { AddedItem, FeedbackKind } from '@palate/core';

/** Values that a column of an item may have: one, one of several, or a range with both ends included. */
export type FilterValue =
  | string
  | number
  | readonly (string | number)[]
  | { readonly min?: number | undefined; readonly max?: number | undefined };

/** Condition that items must meet: values by catalogue column, all of which hold; or, in process, a function of the id. */
export type Filter = Readonly<Record<string, FilterValue>> | ((id: string) => boolean);

/** An item of a history: its id, or its id with what is known of the event. */
export type HistoryEntry =
  | string
  | {
      readonly item: string;
      readonly rating?: number | undefined;
      /** Seconds since 1970. */
      readonly time?: number | undefined;
    };

/** Who asks, in external ids: a user, or a history of anybody; and a wish in words. */
export interface Asker {
  /** A user of the data or of the feedback; anybody else is a new user. */
  readonly user?: string | undefined;
  /** Items, oldest first, instead of what is known of the user. */
  readonly history?: readonly HistoryEntry[] | undefined;
  /** A request in words; what it excludes is left out. */
  readonly text?: string | undefined;
  /** Items that the user dislikes, beside those of the feedback: left out, and similar items are moved down. */
  readonly dislikes?: readonly string[] | undefined;
}

/** A request for recommendations. Without asker it gets the general favourites. */
export interface RecommendRequest extends Asker {
  /** Length of the list, 1 to 1000. Default 10. */
  readonly k?: number | undefined;
  /** Items to choose from; all if left out. */
  readonly candidates?: readonly string[] | undefined;
  /** Items never to return; ids that nobody knows are counted and passed over. */
  readonly exclude?: readonly string[] | undefined;
  readonly filter?: Filter | undefined;
  /** True to give each item a reason. Default false. */
  readonly explain?: boolean | undefined;
  /** Key of one method of the registry, instead of the pipeline. */
  readonly system?: string | undefined;
  /** Share, from 0 to 1, that unlikeness among the items has against the order. Default: the pipeline's, or 0. */
  readonly diversity?: number | undefined;
}

/** A request for items like one. */
export interface SimilarRequest {
  readonly item: string;
  /** Default 10. */
  readonly k?: number | undefined;
  /**
   * By what is chosen together, by texts, or by walks in the graph of users and items. Default: by use where the item was ever
   * chosen with others.
   */
  readonly by?: 'use' | 'text' | 'graph' | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly filter?: Filter | undefined;
}

/** A request to order items. */
export interface RankRequest extends Asker {
  readonly candidates: readonly string[];
  /** Default: all of them. */
  readonly k?: number | undefined;
  readonly explain?: boolean | undefined;
  readonly system?: string | undefined;
}

/** A search by words. */
export interface SearchRequest {
  /** Titles, also begun or misspelt, or words of the texts. */
  readonly words: string;
  /** Default 10. */
  readonly k?: number | undefined;
  readonly filter?: Filter | undefined;
}

/** A request for the reason of one item. */
export interface ExplainRequest extends Asker {
  readonly item: string;
}

/** Something a user did with an item. */
export interface FeedbackEvent {
  readonly user: string;
  readonly item: string;
  /** Seconds since 1970. Default now. */
  readonly time?: number | undefined;
  /** On the scale of the data. */
  readonly rating?: number | undefined;
  /** Default `'rating'` where there is a rating, `'view'` otherwise. */
  readonly kind?: FeedbackKind | undefined;
  /** Name of the request whose answer showed the item. */
  readonly request?: string | undefined;
  /** Idempotency key; an event of a known one is passed over. Default: a new one. */
  readonly id?: string | undefined;
}

/** An item that comes after the fit, or new texts of one that is known. */
export type NewItem = AddedItem;
