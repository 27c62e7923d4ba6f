import type {
  Dataset,
  FeedbackStore,
  LanguageModel,
  LongCallOptions,
  Provenance,
  TextEncoder,
} from '@palate/core';
import type { MethodSettings } from '../methods/method.js';

/** Knowledge of items and users beside the catalogue, by external id. */
export interface ItemKnowledge {
  readonly items?:
    | ReadonlyMap<
        string,
        { readonly text?: string | undefined; readonly tags?: readonly string[] | undefined }
      >
    | undefined;
  /** Knowledge of interactions in the texts and tags. Default: nothing. */
  readonly provenance?: Provenance | undefined;
  /** Phrase for people on what the texts and tags are and where they come from. */
  readonly source?: string | undefined;
  /** Keywords of users' tastes. */
  readonly profiles?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Data that their writer saw. */
  readonly profileProvenance?: Provenance | undefined;
  /** Sentence for people on where the profiles come from. */
  readonly profileSource?: string | undefined;
}

/** A language model with a count of how often it was really asked. */
export interface LiveModel {
  readonly model: LanguageModel;
  /** Requests that reached the server so far. */
  readonly asked?: (() => number) | undefined;
  /** Parameters that the server refused, with its words. */
  readonly leftOut?: (() => readonly { readonly parameter: string; readonly because: string }[]) | undefined;
}

/** A retriever of a pipeline. */
export interface RetrieverConfig {
  /** Key of the registry. */
  readonly method: string;
  readonly settings?: MethodSettings | undefined;
  /** Voice in the fusion. Default 1. */
  readonly weight?: number | undefined;
  /**
   * Which requests it is asked: those with a `'history'`, with a `'text'`, or `'any'` of both. Default: methods of
   * texts are asked where there is a text, or where no other method of the pipeline reads the request; others where
   * there is a history.
   */
  readonly asked?: 'history' | 'text' | 'any' | undefined;
}

/** A ranker of a pipeline: a method of the registry, or the live language model. */
export type RankerConfig =
  | { readonly method: string; readonly settings?: MethodSettings | undefined; readonly live?: undefined }
  | { readonly live: true; readonly method?: undefined; readonly settings?: undefined };

/** Unlikeness among the items of an answer. */
export interface DiversityConfig {
  /** Weight of the order, from 0 to 1; the rest is the weight of unlikeness (maximal marginal relevance). */
  readonly lambda: number;
  /** How alike two items are: by their texts, or by the values of a catalogue column. Default `'text'`. */
  readonly by?: string | undefined;
}

/** How candidates are found, ordered and spread. */
export interface PipelineConfig {
  /** At least one. */
  readonly retrievers: readonly RetrieverConfig[];
  readonly fusion?: 'reciprocal-rank' | undefined;
  /** Candidates that go to the rankers, at least; never fewer than `k`. Default 50. */
  readonly candidates?: number | undefined;
  readonly rankers?: readonly RankerConfig[] | undefined;
  readonly diversity?: DiversityConfig | undefined;
}

/** How much is trained: `quick` shows that all works, `full` is worth waiting for. */
export type Effort = 'quick' | 'full';

/** Options of `Engine.open`. */
export interface EngineOptions extends LongCallOptions {
  readonly dataset: Dataset;
  /** Folder of models, vectors and added items. Default: one of the data in the user's cache folder. */
  readonly folder?: string | undefined;
  /** Default: chosen from what the data holds. */
  readonly pipeline?: PipelineConfig | undefined;
  readonly knowledge?: ItemKnowledge | undefined;
  /** Catalogue columns that describe an item. Default: all texts, and attributes that are words. */
  readonly texts?: readonly string[] | undefined;
  /** Catalogue column that names an item. Default `title` or `name`, or the first text. */
  readonly title?: string | undefined;
  /** Ranks and explains live. Default: none. */
  readonly model?: LanguageModel | LiveModel | undefined;
  /** Default: use-lite, loaded when it is first needed. */
  readonly encoder?: TextEncoder | undefined;
  /** Default: in memory. */
  readonly feedback?: FeedbackStore | undefined;
  /** Default `'full'`. */
  readonly effort?: Effort | undefined;
  /** Told in a sentence of what is worth knowing: an artifact that is not used, a fit that begins. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}
