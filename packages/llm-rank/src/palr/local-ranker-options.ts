import {
  defineOptions,
  EmbeddingTable,
  InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type RetrieveOptions,
  type Retriever,
  type SettingsOf,
} from '@palate/core';
import { type T5Config, trainingOptions } from '@palate/nn';
import { SAMPLING } from './instruction-data.js';
import type { TaughtRanking } from './taught-ranking.js';

const orTheFolders = (value: number): string => `${value}, or the folder's`;

/** Options of `LocalRanker.fit`. */
export const LOCAL_RANKER = defineOptions('LocalRanker.fit', {
  ...SAMPLING,
  profiles: option
    .value<ReadonlyMap<string, string>>('a map from user ids to texts', (value) => value instanceof Map)
    .optional({ doc: 'profiles in words, by external user id, from training histories only' }),
  profileProvenance: option
    .value<Provenance>('a provenance', (value) => typeof Object(value).kind === 'string')
    .optional({
      doc: 'provenance of the profiles; without it, a fit with `validation` and evaluation refuse them',
      // Says where the profiles come from, and changes none of them.
      identity: () => undefined,
    }),
  vectors: option
    .value<EmbeddingTable>('a table of vectors', (value) => value instanceof EmbeddingTable)
    .optional({
      doc: 'vectors of the items’ texts, of the width of the model, as initial item vectors',
    }),
  startFrom: option
    .value<string>('the path of a folder', (value) => typeof value === 'string' && value !== '')
    .optional({
      doc: 'a HuggingFace T5 folder to start from instead of fresh weights (v1.0, v1.1, Flan, mT5 or UL2): `config.json`, `model.safetensors` or its parts with their index, and `tokenizer.json` or `spiece.model`, with `tokenizer_config.json` if there is one. Words go through its tokenizer, and every item is a new token, initialised with the mean of the tokens of its title. The folder determines the shape of the model: another `dimension`, `blocks` or `heads` is refused, and so are `vectors`. Needs the optional package `@huggingface/transformers`',
      // The content of the folder counts, not where it lies.
      identity: () => undefined,
    }),
  dimension: option.integer({ min: 1, max: 65_536 })({
    default: 64,
    defaultText: orTheFolders(64),
    doc: 'width of the model',
  }),
  blocks: option.integer({ min: 1, max: 1000 })({
    default: 2,
    defaultText: orTheFolders(2),
    doc: 'blocks in each of encoder and decoder',
  }),
  heads: option.integer({ min: 1, max: 1024 })({
    default: 4,
    defaultText: orTheFolders(4),
    doc: 'attention heads',
  }),
  dropout: option.number({ min: 0, max: 0.99 })({
    default: 0.2,
    defaultText: orTheFolders(0.2),
    doc: 'share of the values dropped',
  }),
  ...trainingOptions({
    learningRate: { default: 1e-3, defaultText: '1e-3; 3e-4 for a start from a folder' },
    weightDecay: 0.01,
    batchSize: { default: 32, doc: 'samples a step' },
    epochs: {
      default: 30,
      doc: 'most epochs over the instruction data, whose candidates are shuffled each time',
    },
    patience: 5,
  }),
  validation: option
    .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
    .optional({
      doc: "held-out interactions of the training users, for early stopping and for the weight of the retriever's order",
    }),
  retriever: option
    .value<Retriever>('a retriever', (value) => typeof Object(value).retrieve === 'function')
    .optional({
      doc: 'retriever fitted on the same training data; gives the candidates of the validation, and its best items as the hardest negatives of every second training sample',
      // Its candidates count; see `LocalRanker.fit`.
      identity: () => undefined,
    }),
  rankings: option.value<readonly TaughtRanking[]>('a list of rankings', Array.isArray).optional({
    doc: "recorded choices of a large language model among candidates, used beside the instruction data; without `validation` a tenth of them is held out for early stopping and for the weight of the retriever's order",
  }),
  rankingsProvenance: option
    .value<Provenance>('a provenance', (value) => typeof Object(value).kind === 'string')
    .optional({
      doc: 'provenance of the rankings; without it, a fit with `validation` and evaluation refuse them',
      // Says where the rankings come from, and changes none of them.
      identity: () => undefined,
    }),
});

/** Options of `LocalRanker.fit`; {@link LOCAL_RANKER} says what each does. */
export type LocalRankerOptions = OptionsOf<typeof LOCAL_RANKER.declarations> & LongCallOptions;

/** Options of `LocalRanker.rank`. */
export interface LocalRankOptions extends RetrieveOptions {
  /**
   * Weight of the retriever's order beside the model's log-chances. Default: what did best on the validation; 0 where
   * there was none. 0 ranks by the model alone, whose candidates are shuffled.
   */
  readonly orderWeight?: number | undefined;
}

/** Options with their defaults. */
type LocalRankerSettings = SettingsOf<typeof LOCAL_RANKER.declarations>;

/** Settings, and the shape of the T5 with its items, where it started from a folder. */
export interface LocalRankerConfig extends LocalRankerSettings {
  readonly t5?: T5Config | undefined;
}
