import {
  defineOptions,
  type EarlierSettings,
  edgePriorOptions,
  InteractionLog,
  type LongCallOptions,
  type OptionsOf,
  option,
  type SettingsOf,
} from '@palate/core';
import { SHAPE, trainingOptions } from '@palate/nn';
import { SemanticIds } from '../ids/semantic-ids.js';
import { EDGE_STRENGTH } from './edge-targets.js';

/** The model behind TIGER. */
export type TigerMode = 'efficient' | 'faithful';

const MODES: readonly TigerMode[] = ['efficient', 'faithful'];

/** A default of the efficient mode, and the paper's. */
const byMode = <T extends number>(efficient: T, faithful: T) => ({
  default: (earlier: EarlierSettings): number => (earlier.mode === 'faithful' ? faithful : efficient),
  defaultText: `${efficient}, or ${faithful} where faithful`,
});

/** Options of `Tiger.fit`. */
export const TIGER = defineOptions('Tiger.fit', {
  mode: option.choice(MODES)({
    default: 'efficient',
    doc: "`'faithful'` is the paper's encoder-decoder, one token per code, one target per sequence; `'efficient'` a causal transformer over items that learns from every position of a sequence at once",
  }),
  ids: option
    .value<SemanticIds>('semantic IDs', (value) => value instanceof SemanticIds)
    .required({
      doc: 'IDs of all items that may be retrieved, including those without interactions',
      identity: ({ items, tuples, depth, size }) => [items, tuples, depth, size],
    }),
  dimension: SHAPE.width({ ...byMode(64, 128), doc: 'width of the model' }),
  blocks: option.integer({ min: 1, max: 64 })({
    ...byMode(2, 4),
    doc: 'blocks; in the faithful mode of the encoder and of the decoder each',
  }),
  heads: SHAPE.heads({
    ...byMode(2, 6),
    doc: 'attention heads; each is 64 wide in the faithful mode',
  }),
  inner: SHAPE.inner({
    default: ({ mode, dimension }) => (mode === 'faithful' ? 1024 : 4 * (dimension as number)),
    defaultText: '4 times the width, or 1024 where faithful',
    doc: 'width inside the feed-forward parts',
  }),
  dropout: SHAPE.dropout({ ...byMode(0.2, 0.1), doc: 'share of the values dropped' }),
  maxLength: option.integer({ min: 2, max: 4096 })({
    ...byMode(50, 20),
    doc: 'number of newest items of a history that are read, at most',
  }),
  userTokens: option.integer({ min: 0, max: 10_000_000 })({
    ...byMode(0, 2000),
    doc: "tokens that users are hashed to; 0 for none. The faithful mode puts the user's token before the history, the efficient mode adds its vector to every item",
  }),
  prefixVectors: option.boolean()({
    default: true,
    doc: 'in the efficient mode, an embedding for every prefix of an ID beside those of its codes: frequent items are distinguished as if by item ids, new ones are still read from their codes',
  }),
  holdSteps: option.integer({ min: 1 })({
    default: 10_000,
    doc: 'steps at the full rate before it falls with the inverse square root, in the faithful mode',
  }),
  ...trainingOptions({
    learningRate: byMode(0.002, 0.01),
    warmUpSteps: {
      default: 0,
      doc: 'steps over which the learning rate rises from 0, in the efficient mode',
    },
    decay: {
      default: 'none',
      doc: 'the learning rate after the warm-up in the efficient mode: constant, or half a cosine down to 0 at the last of `epochs`',
    },
    weightDecay: 0.01,
    batchSize: { ...byMode(64, 256), doc: 'sequences a step' },
    // More epochs at a rate that does not depend on them go on from a checkpoint; see `Tiger.fit`.
    epochs: { default: 60, identity: () => undefined },
    patience: 5,
  }),
  validation: option
    .value<InteractionLog>('an interaction log', (value) => value instanceof InteractionLog)
    .optional({
      doc: "held-out interactions that share the training log's id maps: measured after each epoch by NDCG@10",
    }),
  ...edgePriorOptions({
    strength: 'chance that a target item is replaced by one of its neighbours',
    default: EDGE_STRENGTH,
    max: 1,
  }),
  beams: option.integer({ min: 1, max: 1_000_000 })({
    default: 50,
    doc: 'beams of the search, at least twice the length of a list',
    identity: () => undefined,
  }),
  epsilon: option.number({ min: 0, max: 1 })({
    default: 0,
    doc: 'share of a list reserved for the best items without training interactions, rounded down; without it their scores are seldom high enough to be found',
    identity: () => undefined,
  }),
});

/** Options of `Tiger.fit`; {@link TIGER} says what each does. */
export type TigerOptions = OptionsOf<typeof TIGER.declarations> & LongCallOptions;

/** Options with their defaults, those included that are not saved. */
export type TigerSettings = SettingsOf<typeof TIGER.declarations>;

/** Options that shape a model, train it and serve from it. */
export type TigerConfig = Omit<TigerSettings, 'ids' | 'validation' | 'checkpoint'>;
