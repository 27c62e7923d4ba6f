import {
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  type RandomStream,
  type SettingsOf,
} from '@palate/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { Batch, BatchTensors } from './batch.js';
import { CHECKPOINT } from './checkpoint.js';
import type { ForwardPass } from './forward-pass.js';
import type { Optimiser } from './optimisers.js';
import type { OuterLayer } from './outer-layer.js';
import type { Parameters } from './parameters.js';
import type { Schedule } from './schedules.js';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Options of `train`. */
export const TRAIN = defineOptions('train', {
  parameters: option.value<Parameters>('parameters', isObject).required({ doc: 'weights to train' }),
  optimiser: option
    .value<Optimiser>('an optimiser', (value) => typeof Object(value).apply === 'function')
    .required({ doc: 'turns gradients into updates' }),
  schedule: option.function<Schedule>().required({ doc: 'learning rate for each step' }),
  loss: option.function<(batch: BatchTensors, pass: ForwardPass) => tf.Scalar>().required({
    doc: 'loss of a batch; it may use the batch, the parameters and the pass, but nothing else that changes from step to step. The values of an outer layer are passed beside the batch, and its parameters may only be read there',
  }),
  batches: option.function<(epoch: number, random: RandomStream) => readonly (() => Batch)[]>().required({
    doc: 'batches of an epoch (counted from 1), as functions called when their turn comes. Each must depend only on the epoch, its own index and the random stream (fork it by index): a resumed run skips the earlier ones',
  }),
  epochs: option.integer({ min: 1 }).required({ doc: 'most epochs' }),
  outer: option
    .value<OuterLayer>('an outer layer', (value) => typeof Object(value).forward === 'function')
    .optional({
      doc: 'weights trained outside the step’s graph; the optimiser trains the others',
    }),
  clipNorm: option
    .number({ min: 0 })
    .optional({ doc: 'bound on the joint norm of the gradients; not with an outer layer' }),
  validate: option
    .function<(epoch: number) => Promise<Readonly<Record<string, number>>>>()
    .optional({ doc: 'measures the model after every epoch' }),
  earlyStopping: option
    .value<{ readonly metric: string; readonly patience: number }>('{ metric, patience }', isObject)
    .optional({
      doc: 'stops when a validation metric has not risen for `patience` epochs; the best weights are kept',
    }),
  checkpoint: CHECKPOINT,
  identity: option.text()({
    default: '',
    doc: 'names the run: data, model and options, for example a hash; a run resumes only from checkpoints of the same name',
  }),
});

/** Options of `train`; {@link TRAIN} says what each does. */
export type TrainOptions = OptionsOf<typeof TRAIN.declarations> & LongCallOptions;

/** Options of `train` with their defaults. */
export type TrainSettings = SettingsOf<typeof TRAIN.declarations>;
