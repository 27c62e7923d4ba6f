import {
  type Dataset,
  defineOptions,
  type FeedbackStore,
  isObject,
  type LanguageModel,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type TextEncoder,
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

const METHOD = option.text(1);
const SETTINGS = option.value<MethodSettings>('settings by name', isObject);

/** Options of a retriever of a pipeline. */
export const RETRIEVER = defineOptions(
  'a retriever of the pipeline',
  {
    method: METHOD.required({ doc: 'key of the registry' }),
    settings: SETTINGS.optional({ doc: 'settings of the method that replace its defaults' }),
    weight: option.number({ min: 0 }).optional({ doc: 'weight in the fusion; 1 if left out' }),
    asked: option.choice(['history', 'text', 'any']).optional({
      doc: "requests that it answers: those with a `'history'`, with a `'text'`, or `'any'`. Left out: text methods answer requests with a text, or those that no other method of the pipeline reads; the others answer requests with a history",
    }),
  },
  [],
);

/** A retriever of a pipeline; {@link RETRIEVER} says what each part does. */
export type RetrieverConfig = OptionsOf<typeof RETRIEVER.declarations>;

/** Options of a ranker of a pipeline. */
export const RANKER = defineOptions(
  'a ranker of the pipeline',
  {
    method: METHOD.optional({ doc: 'key of the registry' }),
    settings: SETTINGS.optional({ doc: 'settings of the method that replace its defaults' }),
    live: option
      .value<true>('true', (value) => value === true)
      .optional({ doc: 'the live language model, instead of a method' }),
  },
  [],
);

/** A ranker of a pipeline: a method of the registry, or the live language model. */
export type RankerConfig =
  | { readonly method: string; readonly settings?: MethodSettings | undefined; readonly live?: undefined }
  | { readonly live: true; readonly method?: undefined; readonly settings?: undefined };

/** Options of the diversity of the items of an answer. */
export const DIVERSITY = defineOptions(
  'diversity of the pipeline',
  {
    lambda: option.number({ min: 0, max: 1 }).required({
      doc: 'weight of the ranking, from 0 to 1; the rest is the weight of dissimilarity (maximal marginal relevance)',
    }),
    by: option.text(1).optional({
      doc: "similarity of two items: of their texts, or of the values of a catalogue column; `'text'` if left out",
    }),
  },
  [],
);

/** Unlikeness among the items of an answer; {@link DIVERSITY} says what each part does. */
export type DiversityConfig = OptionsOf<typeof DIVERSITY.declarations>;

/** Options of a pipeline: how candidates are found, ordered and spread. */
export const PIPELINE = defineOptions(
  'the pipeline',
  {
    retrievers: option.value<readonly RetrieverConfig[]>('a list of retrievers', Array.isArray).required({
      doc: 'retrievers that find candidates, at least one: `{ method, settings, weight, asked }`',
    }),
    fusion: option.choice(['reciprocal-rank']).optional({
      doc: 'how the lists of several retrievers are fused',
    }),
    candidates: option.integer({ min: 1, max: 1000 }).optional({
      doc: 'least number of candidates for the rankers; never fewer than `k`; 50 if left out',
    }),
    rankers: option.value<readonly RankerConfig[]>('a list of rankers', Array.isArray).optional({
      doc: 'rankers, applied one after another: `{ method, settings }`, or `{ live: true }` for the language model',
    }),
    diversity: option.value<DiversityConfig>('{ lambda, by }', isObject).optional({
      doc: 'diversity of the items of an answer',
    }),
  },
  [],
);

/** How candidates are found, ordered and spread; {@link PIPELINE} says what each part does. */
export type PipelineConfig = OptionsOf<typeof PIPELINE.declarations>;

const EFFORTS = ['quick', 'full'] as const;

/** How much is trained: `quick` shows that all works, `full` is worth waiting for. */
export type Effort = (typeof EFFORTS)[number];

/** Options of `Engine.open`. */
export const ENGINE = defineOptions('Engine.open', {
  dataset: option.value<Dataset>('a data set', isObject).required({ doc: 'the data to recommend from' }),
  folder: option.text(1).optional({
    doc: "folder of models, vectors and added items; a folder for the data in the user's cache folder if left out",
  }),
  pipeline: option.value<PipelineConfig>('a pipeline', isObject).optional({
    doc: 'how candidates are found, ranked and diversified; chosen by the data if left out',
  }),
  knowledge: option.value<ItemKnowledge>('knowledge of items and users', isObject).optional({
    doc: 'texts, tags and users’ tastes beside the catalogue',
  }),
  texts: option.list(option.text(1)).optional({
    doc: 'catalogue columns that describe an item; all text columns and attributes of words if left out',
  }),
  title: option.text(1).optional({
    doc: 'catalogue column that names an item; `title` or `name`, or the first text, if left out',
  }),
  model: option
    .value<LanguageModel | LiveModel>('a language model', isObject)
    .optional({ doc: 'language model that ranks and explains live; none if left out' }),
  encoder: option
    .value<TextEncoder>('a text encoder', (value) => typeof Object(value).encode === 'function')
    .optional({ doc: 'text encoder; use-lite, loaded when first needed, if left out' }),
  feedback: option.value<FeedbackStore>('a feedback store', isObject).optional({
    doc: 'store of the feedback; in memory if left out',
  }),
  effort: option.choice(EFFORTS)({
    default: 'full',
    doc: 'amount of training: `quick` is for trying things out, and encodes only the first 32 tokens of a text; `full` is for good results',
  }),
  onNotice: option.function<(notice: string) => void>().optional({
    doc: 'called with sentences about events worth knowing: an artifact that is not used, a fit that starts',
  }),
});

/** Options of `Engine.open`; {@link ENGINE} says what each does. */
export type EngineOptions = OptionsOf<typeof ENGINE.declarations> & LongCallOptions;
