import {
  defineOptions,
  EmbeddingTable,
  InteractionLog,
  isObject,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import type { CandidateRule } from './protocol.js';
import { TRUST_LIMITS } from './trust.js';

/** Data that a system is evaluated on. Both logs share their id maps, as the parts of a split do. */
export interface RankingData {
  /**
   * Interactions known of each user when the test happens; for a test after validation, training and validation: a
   * split's `known`. A result warns if a split's training part is passed instead.
   */
  readonly history: InteractionLog;
  /** Interactions that have to be found. */
  readonly test: InteractionLog;
  /** Interactions that systems were fitted on, where that is less than the history: texts made from it are admitted. */
  readonly train?: InteractionLog | undefined;
}

/** Options of a slice. */
export const SLICE = defineOptions(
  'a slice',
  {
    by: option.choice(['item', 'user']).required({ doc: 'whose interactions are counted' }),
    minimum: option.number()({ default: 0, doc: 'least interactions, included' }),
    maximum: option.value<number>(
      'a number',
      (value) => typeof value === 'number' && !Number.isNaN(value),
    )({
      default: Number.POSITIVE_INFINITY,
      defaultText: 'no bound',
      doc: 'most interactions, included',
    }),
    log: option
      .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
      .optional({ doc: 'the log that is counted; the history if left out' }),
  },
  [],
);

/** A part of the targets, chosen by how often its item or user occurs in a log; {@link SLICE} says what each does. */
export type Slice = OptionsOf<typeof SLICE.declarations>;

const SHARE = option.number({ min: 0, max: 1 });

/** Options of {@link evaluateRanking}. */
export const RANKING = defineOptions('evaluateRanking', {
  metrics: option.list(option.text())({
    default: ['hr@10', 'ndcg@10', 'mrr@10'],
    doc: 'metrics by name, each with its cut-off',
  }),
  candidates: option.value<CandidateRule>(
    "'full' or { sampled: a number of items }",
    (value) => value === 'full' || (isObject(value) && 'sampled' in value),
  )({
    default: 'full',
    doc: "the items that the targets are ranked against: the `'full'` catalogue, or `{ sampled: n }` random ones",
  }),
  maskHistory: option.boolean()({ default: true, doc: 'leaves items of the history out of the ranking' }),
  grades: option.choice(['binary', 'rating'])({
    default: 'binary',
    doc: "every target counts 1, or its `'rating'`",
  }),
  split: option.text().optional({ doc: 'the split in words; goes into the protocol' }),
  slices: option.value<Readonly<Record<string, Slice>>>(
    'an object of slices by name',
    isObject,
  )({
    default: {},
    defaultText: 'none',
    doc: "parts to be measured separately, by name: `{ cold: { by: 'item', maximum: 5 } }`",
  }),
  perUser: option.boolean()({ default: false, doc: "keeps every user's values in the result" }),
  itemVectors: option
    .value<EmbeddingTable>('a table of vectors', (value) => value instanceof EmbeddingTable)
    .optional({ doc: 'item vectors for the metric `diversity`' }),
  blockBytes: option.number({ min: 1 })({
    default: 64 * 2 ** 20,
    defaultText: '64 MiB',
    doc: 'most bytes of scores held at once',
  }),
  resamples: option.integer({ min: 0 })({
    default: 1000,
    doc: 'resamples of the confidence intervals; 0 for none',
  }),
  maxViolationShare: SHARE({
    default: TRUST_LIMITS.violations,
    doc: 'share of the lists that may break the contract of `Retriever` before the result is refused',
  }),
  maxFallbackShare: SHARE({
    default: TRUST_LIMITS.fallbacks,
    doc: 'share of the queries that a fallback may answer before the result is refused',
  }),
});

/** Options of {@link evaluateRanking}; {@link RANKING} says what each does. */
export type RankingOptions = OptionsOf<typeof RANKING.declarations> & LongCallOptions;

/** Options of {@link evaluateRanking} with their defaults. */
export type RankingSettings = SettingsOf<typeof RANKING.declarations>;
