import { defineOptions, type LongCallOptions, type OptionsOf, option, type SettingsOf } from '@palate/core';
import { VOCABULARY } from '@palate/llm';
import { SHAPE, T5_SHAPE, trainingOptions } from '@palate/nn';
import type { UemExample } from './uem-example.js';

/** Options of `Uem.fit`. */
export const UEM = defineOptions('Uem.fit', {
  historyLength: option.integer({ min: 0, max: 4096 })({
    default: 50,
    doc: 'number of newest items of a history that are read, at most; each gives one soft prompt token. 0 leaves histories out',
  }),
  layers: option.integer({ min: 1, max: 24 })({
    default: 3,
    doc: 'layers of the transformer over the items',
  }),
  width: SHAPE.width({
    default: 256,
    doc: 'width of the transformer over the items; the paper has 768',
  }),
  heads: SHAPE.heads({ default: 4, doc: 'attention heads of that transformer; the paper has 12' }),
  inner: SHAPE.inner({
    default: 512,
    doc: 'inner width of its feed-forward parts; the paper has 2048',
  }),
  dropout: SHAPE.dropout({ default: 0.1, doc: 'share of the values dropped in it' }),
  standardise: option.boolean()({
    default: true,
    doc: "whether the vectors of each of the three texts are centred and scaled to a mean square of 1 per value before the module reads them: encoders give far smaller values, and nearly equal vectors for ratings in words. false for the paper's linear map of the unchanged vectors",
  }),
  taskTokens: option.integer({ min: 0, max: 1024 })({
    default: 20,
    doc: 'learned prompt tokens at the start, the same for every input',
  }),
  frozen: option.boolean()({
    default: false,
    doc: 'true to train only the module and the task tokens, and keep the language model unchanged',
  }),
  languageModel: T5_SHAPE.model.optional({
    doc: 'the model to start from, which is trained further and becomes part of the result; one with fresh weights if left out',
  }),
  tokens: VOCABULARY.optional({
    doc: 'vocabulary of the language model; the words of the examples if left out',
    identity: ({ id }) => id,
  }),
  modelWidth: T5_SHAPE.width({
    default: 128,
    doc: 'width of a language model with fresh weights',
  }),
  modelHeads: T5_SHAPE.heads({ default: 4, doc: 'its attention heads' }),
  modelLayers: T5_SHAPE.layers({
    default: 2,
    doc: 'its layers, in each of encoder and decoder',
  }),
  inputTokens: option.integer({ min: 1, max: 16_384 })({
    default: 256,
    doc: 'most tokens read of a text; the number of cut texts is reported',
  }),
  answerTokens: option.integer({ min: 1, max: 4096 })({
    default: 48,
    doc: 'most tokens of an answer, including its end',
  }),
  optimiser: T5_SHAPE.optimiser({
    default: 'adafactor',
    doc: "`'adafactor'`: with rates scaled by each parameter's size, as in T5's training and as the paper's rates (5e-3 here, 1e-2 for text) assume; or `'adamw'`",
  }),
  ...trainingOptions({
    learningRate: {
      default: ({ optimiser, languageModel }) =>
        optimiser === 'adamw' ? 1e-3 : languageModel === undefined ? 0.03 : 5e-3,
      defaultText: "5e-3 for a start, 0.03 for fresh weights; 1e-3 of 'adamw'",
      doc: 'learning rate',
    },
    warmUpSteps: 0,
    decay: 'none',
    batchSize: { default: 128, doc: 'examples a step' },
    epochs: 20,
    patience: 3,
    clipNorm: 0,
  }),
  validation: option.value<readonly UemExample[]>('examples of other users', Array.isArray).optional({
    doc: 'examples whose likelihood is measured after each epoch, to keep the best weights',
    identity: () => undefined,
  }),
});

/** Options of `Uem.fit`; {@link UEM} says what each does. */
export type UemOptions = OptionsOf<typeof UEM.declarations> & LongCallOptions;

/** The options with their defaults. */
export type UemConfig = SettingsOf<typeof UEM.declarations>;
