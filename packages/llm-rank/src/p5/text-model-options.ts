import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { VOCABULARY } from '@palate/llm';
import { T5_SHAPE, trainingOptions } from '@palate/nn';

/** Options of `TextModel.fit`. */
export const TEXT_MODEL = defineOptions('TextModel.fit', {
  tokens: VOCABULARY.required({
    doc: 'vocabulary that the rows were made with',
    identity: ({ id }) => id,
  }),
  languageModel: T5_SHAPE.model.optional({
    doc: 'the T5 to start from, which is trained further and becomes part of the result; one with fresh weights if left out',
    identity: () => undefined,
  }),
  wholeWords: option.integer({ min: 0, max: 65_536 })({
    default: 512,
    doc: 'rows of the table that tells the encoder which word a token belongs to; words beyond it share the last row. 0 leaves the table out',
  }),
  width: T5_SHAPE.width({
    default: 128,
    doc: 'width of a T5 with fresh weights; P5-small has 512',
  }),
  heads: T5_SHAPE.heads({ default: 4, doc: 'its attention heads; P5-small has 8' }),
  inner: T5_SHAPE.inner({
    default: 512,
    doc: 'width between the two maps of its feed-forward parts; P5-small has 2048',
  }),
  layers: T5_SHAPE.layers({
    default: 2,
    doc: 'its layers, in each of encoder and decoder; P5-small has 6',
  }),
  dropout: T5_SHAPE.dropout({
    default: 0.1,
    doc: 'share of its values dropped while training',
  }),
  optimiser: T5_SHAPE.optimiser({
    // P5 names a folder where this has the model itself.
    default: ({ languageModel, startFrom }) =>
      (languageModel ?? startFrom) === undefined ? 'adafactor' : 'adamw',
    defaultText: "'adafactor' for fresh weights, 'adamw' for a start",
    doc: "`'adafactor'` takes steps proportional to each parameter's size, as in T5's training: in fresh weights the values of the token table are far larger than those of the linear maps, and the equal steps of `'adamw'` hardly move it. P5 trains pretrained weights with `'adamw'`",
  }),
  ...trainingOptions({
    learningRate: {
      default: ({ optimiser }) => (optimiser === 'adafactor' ? 0.03 : 1e-3),
      defaultText: "0.03 of 'adafactor', 0.001 of 'adamw'",
      doc: 'largest step size',
    },
    weightDecay: 0.01,
    batchSize: { default: 32, doc: 'rows a step' },
    epochs: 10,
    clipNorm: 1,
  }),
  warmUpShare: option.number({ min: 0, max: 1 })({
    default: 0.05,
    doc: 'share of the steps over which the learning rate rises from 0, before it falls linearly to 0 at the last step',
  }),
  data: option.text().optional({
    doc: 'name of the rows for checkpoints, if a function makes them and they should not be hashed',
  }),
});

/** Options of `TextModel.fit`; {@link TEXT_MODEL} says what each does. */
export type TextModelOptions = OptionsOf<typeof TEXT_MODEL.declarations> & LongCallOptions;

/** The options with their defaults. */
export type TextModelConfig = SettingsOf<typeof TEXT_MODEL.declarations>;
