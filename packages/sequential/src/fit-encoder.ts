import { type InteractionLog, type LongCallOptions, RandomStream } from '@palate/core';
import {
  AdamW,
  type Batch,
  type BatchTensors,
  type EpochReport,
  type ForwardPass,
  optionsSchedule,
  train,
} from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { type HistoryScoring, validationNdcg } from './encode-histories.js';
import type { SequentialConfig } from './options.js';

/** What is special to a model that {@link fitEncoder} trains. */
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

/** Trains a sequence encoder on a task, with validation, early stopping and checkpoints as the options ask. */
export async function fitEncoder(
  log: InteractionLog,
  config: SequentialConfig,
  options: LongCallOptions,
  task: EncoderTask,
): Promise<readonly EpochReport[]> {
  const { validation, checkpoint } = config;
  const { signal, onProgress } = options;
  const { parameters } = task.scoring.encoder;
  const optimiser = new AdamW({ weightDecay: config.weightDecay });
  const users = validation
    ? Array.from({ length: log.users.size }, (_, user) => user).filter(
        (user) => validation.history(user).length > 0,
      )
    : [];
  try {
    const { history } = await train({
      parameters,
      optimiser,
      schedule: optionsSchedule(config, () => task.batches(1, new RandomStream(0)).length),
      loss: task.loss,
      batches: task.batches,
      epochs: config.epochs,
      seed: options.seed ?? 0,
      identity: task.identity,
      clipNorm: config.clipNorm > 0 ? config.clipNorm : undefined,
      signal,
      onProgress,
      checkpoint,
      ...(validation
        ? {
            validate: async () => ({
              'ndcg@10': validationNdcg(
                users.map((user) => log.history(user)),
                users.map((user) => [...validation.history(user)]),
                task.scoring,
                signal,
              ),
            }),
            earlyStopping: { metric: 'ndcg@10', patience: config.patience },
          }
        : {}),
    });
    return history;
  } finally {
    optimiser.dispose();
  }
}
