import type { InteractionLog, LongCallOptions, RandomStream } from '@palate/core';
import { heldOutQueries } from '@palate/eval';
import { type Batch, type BatchTensors, type EpochReport, type ForwardPass, fitNetwork } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import type { HistoryScoring } from './encode-histories.js';
import type { SequentialConfig } from './options.js';
import type { SequenceEncoder } from './sequence-encoder.js';
import { validationNdcg } from './validation-ndcg.js';

/** Parts of a training that are special to a model. */
export interface EncoderTask {
  readonly scoring: HistoryScoring;
  /** The batches of an epoch. */
  readonly batches: (epoch: number, random: RandomStream) => readonly (() => Batch)[];
  readonly loss: (batch: BatchTensors, pass: ForwardPass) => tf.Scalar;
  /** Hash of what the result depends on, the number of epochs included where the learning rate does. */
  readonly identity: string;
}

/** The number of epochs where the learning rate depends on it: elsewhere a run goes on from fewer to more. */
export const epochsThatMatter = ({ decay, epochs }: SequentialConfig): number | undefined =>
  decay === 'none' ? undefined : epochs;

/**
 * Trains a sequence encoder on a task, with validation, early stopping and checkpoints as the options ask. Its weights
 * are freed when that fails or is cancelled.
 *
 * @param describe - makes the task; it may refuse the data
 */
export async function fitEncoder(
  log: InteractionLog,
  config: SequentialConfig,
  options: LongCallOptions,
  encoder: SequenceEncoder,
  describe: () => EncoderTask,
): Promise<readonly EpochReport[]> {
  const task = describedOrFreed(encoder, describe);
  const held = config.validation && heldOutQueries(log, config.validation);
  return fitNetwork({
    parameters: encoder.parameters,
    settings: config,
    options,
    identity: task.identity,
    loss: task.loss,
    batches: task.batches,
    validation: held && {
      measure: async () => ({ 'ndcg@10': validationNdcg(held, task.scoring, options.signal) }),
      stopBy: 'ndcg@10',
    },
  });
}

function describedOrFreed(encoder: SequenceEncoder, describe: () => EncoderTask): EncoderTask {
  try {
    return describe();
  } catch (error) {
    encoder.parameters.dispose();
    throw error;
  }
}
