import {
  defineOptions,
  InteractionLog,
  isObject,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type SettingsOf,
} from '@palate/core';
import type { RatingScale } from '../rating/rating-rows.js';
import type { P5Texts } from './data/text-units.js';
import type { ItemCodes } from './ids/id-names.js';
import type { P5Family, P5Template } from './templates/template.js';
import { P5_TEMPLATES } from './templates/templates.js';
import { TEXT_MODEL } from './text-model-options.js';

/** The families of P5. */
export const P5_FAMILIES: readonly P5Family[] = ['rating', 'sequential', 'explanation', 'review', 'direct'];

const ITEM_IDS = ['random', 'independent', 'semantic', 'clusters', 'titles', 'sequential'] as const;
const USER_IDS = ['random', 'independent'] as const;

/** How items are called in texts. */
export type P5ItemIds = (typeof ITEM_IDS)[number];

/** Codes of items that say what they know of interactions. */
export type P5SemanticIds = ItemCodes & { readonly provenance: Provenance };

const { tokens: _vocabulary, data: _data, languageModel: _start, ...MODEL } = TEXT_MODEL.declarations;

/** Options of `P5.fit`. */
export const P5_OPTIONS = defineOptions('P5.fit', {
  families: option.list(option.choice(P5_FAMILIES), 1).optional({
    doc: 'families that are trained together; all that the data has something for if left out',
  }),
  itemIds: option.choice(ITEM_IDS)({
    default: 'random',
    doc: "how items are called: `'random'` numbers; `'independent'` tokens, one each; `'semantic'` IDs that are given; `'clusters'` of who has them in training; words of `'titles'`; `'sequential'` numbers along the whole log, P5's own, which leak the test and are labelled so",
  }),
  userIds: option.choice(USER_IDS)({ default: 'random', doc: 'how users are called' }),
  semanticIds: option
    .value<P5SemanticIds>(
      'semantic IDs',
      (value) =>
        isObject(value) && typeof Object(value).tuple === 'function' && isObject(Object(value).provenance),
    )
    .optional({
      doc: "codes of every item, such as `SemanticIds` of `@palate/semantic-id`, for `itemIds: 'semantic'`",
      identity: (ids) => Array.from(ids.items, (id, item) => [id, ids.tuple(item)]),
    }),
  wholeLog: option
    .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
    .optional({
      doc: "the log before it was split, for `itemIds: 'sequential'`: whose order leaks",
      identity: (log) => log.item,
    }),
  clusterLevels: option.integer({ min: 1, max: 16 })({
    default: 2,
    doc: "levels of clusters for `itemIds: 'clusters'`",
  }),
  clusterSize: option.integer({ min: 2, max: 4096 })({
    default: 32,
    doc: 'clusters of a level; fewer for a small catalogue',
  }),
  titleFields: option.list(option.text())({
    default: ['title'],
    doc: 'catalogue fields of an item in words; those that the catalogue lacks are left out',
  }),
  titleWords: option.integer({ min: 1, max: 256 })({
    default: 12,
    doc: 'most words of a title that are shown',
  }),
  texts: option.value<P5Texts>('reviews and explanations of training interactions', isObject).optional({
    doc: 'texts for the families `explanation` and `review`; one of a pair that is not in the training data is refused',
  }),
  textProvenance: option
    .value<Provenance>('a provenance', (value) => isObject(value) && 'kind' in Object(value))
    .optional({
      doc: 'what the texts know of interactions; the training data alone if left out, as reviews do',
      identity: () => undefined,
    }),
  scale: option
    .value<RatingScale>(
      'a scale with a minimum below its maximum',
      (value) => Object(value).max > Object(value).min,
    )
    .optional({ doc: 'scale of the ratings; from the least to the greatest of the data if left out' }),
  templates: option.value<readonly P5Template[]>(
    'templates',
    Array.isArray,
  )({
    default: P5_TEMPLATES,
    defaultText: '`P5_TEMPLATES`',
    doc: 'questions; those held out are never trained on',
  }),
  transfer: option.boolean()({
    default: false,
    doc: 'whether the questions that name items by title alone are trained on too',
  }),
  draws: option.value<Readonly<Record<string, number>>>(
    'numbers by task',
    isObject,
  )({
    default: {},
    defaultText: "the paper's",
    doc: 'sampling ratio: draws of each unit in an epoch by task. Left out: 1 a `rating` of an interaction, `explanation` and `review`; 5 a user of `next`, `choose-next`, `direct-choose`, and of `is-next` and `direct-yes-no`, whose draws are a yes and a no. Half a draw takes half of the units',
  }),
  historyLength: option.integer({ min: 1, max: 4096 })({
    default: 20,
    doc: 'number of newest items of a history that are read, at most',
  }),
  candidates: option.integer({ min: 2, max: 100_000 })({
    default: 100,
    doc: 'items of a list to choose from, the right one included, while training',
  }),
  inputTokens: option.integer({ min: 8, max: 16_384 })({
    default: 512,
    doc: 'most tokens of a question; histories and candidates that do not fit are shortened, and counted',
  }),
  outputTokens: option.integer({ min: 2, max: 4096 })({ default: 64, doc: 'most tokens of an answer' }),
  maxWords: option.integer({ min: 16, max: 1_000_000 })({
    default: 30_000,
    doc: 'words of a vocabulary that is made of the texts',
  }),
  startFrom: option.text(1).optional({
    doc: 'a HuggingFace T5 folder to start from instead of fresh weights: its tokenizer cuts the words, the pieces of names are new tokens that start from how they are spelled. The folder decides the shape. Needs the optional package `@huggingface/transformers`',
    identity: () => undefined,
  }),
  ...MODEL,
  beams: option.integer({ min: 1, max: 1024 })({
    default: 20,
    doc: 'beams of the search for items; what a longer list still lacks is filled up by the general favourites, and counted',
    identity: () => undefined,
  }),
});

/** Options of `P5.fit`; {@link P5_OPTIONS} says what each does. */
export type P5Options = OptionsOf<typeof P5_OPTIONS.declarations> & LongCallOptions;

/** The options with their defaults. */
export type P5Settings = SettingsOf<typeof P5_OPTIONS.declarations>;

/** Options of the model among those of P5. */
export const MODEL_OPTIONS = Object.keys(MODEL) as (keyof typeof MODEL)[];
