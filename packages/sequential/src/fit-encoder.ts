import {
  type Dataset,
  disposedOnFailure,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type InteractionLog,
  InvalidInputError,
  type LongCallOptions,
  RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { heldOutQueries } from '@palate/eval';
import { type Batch, type BatchTensors, type ForwardPass, fitNetwork, selectBackend } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';
import { type SequenceKind, scoringOf } from './encode-histories.js';
import { checkValidation, type SequentialConfig } from './options.js';
import { type MakeItemVectors, SequenceEncoder, type SequenceEncoderConfig } from './sequence-encoder.js';
import type { TrainedEncoder } from './stored-encoder.js';
import { validationNdcg } from './validation-ndcg.js';

/** Parts of a training that are special to a model. */
export interface EncoderTask {
  /** The batches of an epoch. */
  batches(random: RandomStream): readonly (() => Batch)[];
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar;
}

/** Parts of a fit that models may choose; item vectors by id, and weights drawn at random, if left out. */
export interface FitParts {
  readonly items?: MakeItemVectors | undefined;
  /** Told the new encoder before it is trained. */
  readonly begin?: ((encoder: SequenceEncoder) => Promise<void>) | undefined;
  /** Fingerprints of what the weights were trained on before. */
  readonly fittedBefore?: readonly string[] | undefined;
}

/** A declaration of settings, as far as it names what a checkpoint depends on. */
interface Identified<C> {
  identity(settings: C, ...rest: readonly unknown[]): string;
}

/** The number of epochs where the learning rate depends on it: otherwise a run of fewer epochs can be resumed with more. */
const epochsThatMatter = ({ decay, epochs }: SequentialConfig): number | undefined =>
  decay === 'none' ? undefined : epochs;

/**
 * Trains a sequence encoder on a task, with validation, early stopping and checkpoints as the options ask. Its weights
 * are freed when that fails or is cancelled.
 *
 * @param declared - declaration of the settings
 * @param makeTask - makes the task
 * @throws InvalidInputError if no user has two interactions
 */
export async function fitEncoder<C extends SequentialConfig & SequenceEncoderConfig>(
  kind: SequenceKind,
  dataset: Dataset,
  declared: Identified<C>,
  config: C,
  options: LongCallOptions,
  makeTask: (encoder: SequenceEncoder) => EncoderTask,
  { items: makeItems, begin, fittedBefore = [] }: FitParts = {},
): Promise<TrainedEncoder<C>> {
  const { log } = dataset;
  const { items } = log;
  checkValidation(config, log);
  const favourites = Favourites.of(log);
  throwIfCancelled(options.signal, `fitting ${kind.name}`);
  checkHistories(log);
  await selectBackend();
  const seed = options.seed ?? 0;
  const encoder = new SequenceEncoder(
    config,
    makeItems ?? items.size + (kind.hasEndToken ? 1 : 0),
    new RandomStream(seed).fork(kind.artifact),
  );
  const task = await disposedOnFailure(encoder.parameters, async () => {
    await begin?.(encoder);
    return makeTask(encoder);
  });
  const scoring = scoringOf(kind, { items, encoder, config, favourites });
  const held = config.validation && heldOutQueries(log, config.validation);
  const history = await fitNetwork({
    parameters: encoder.parameters,
    settings: config,
    options,
    identity: declared.identity(config, log, seed, epochsThatMatter(config)),
    loss: (batch, pass) => task.loss(batch, pass),
    batches: (_, random) => task.batches(random),
    validation: held && {
      measure: async () => ({ 'ndcg@10': validationNdcg(held, scoring, options.signal) }),
      stopBy: 'ndcg@10',
    },
  });
  return {
    items,
    encoder,
    config,
    favourites,
    history,
    dataFingerprint: fingerprint(log),
    fittedOn: [...new Set([...fittedOnLogs(log, config.validation), ...fittedBefore])],
  };
}

function checkHistories(log: InteractionLog): void {
  if (log.userCounts().every((count) => count < 2))
    throw new InvalidInputError({
      expected: 'users with at least two interactions',
      received: 'none',
      hint: 'Fit on data in which users have histories: a filter or a split may have removed them all.',
    });
}
