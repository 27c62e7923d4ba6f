import type { LongCallOptions, RandomStream } from '@palate/core';
import { type Batch, type EpochReport, fitNetwork, type NetworkTraining } from '@palate/nn';
import type { HeldRequests } from './held-requests.js';

/** Batches, loss and validation of a second stage's training. */
interface SecondStageTask {
  readonly requests: HeldRequests;
  readonly loss: NetworkTraining['loss'];
  batches(random: RandomStream): readonly (() => Batch)[];
  /** Mean reciprocal rank of held-out items among their negatives. */
  validate(options: LongCallOptions): Promise<number>;
}

/**
 * Trains the network of a second stage, stopped by the mean reciprocal rank of held-out items where there are any.
 *
 * Weights are freed when the call fails or is cancelled.
 *
 * @returns loss and validation of each epoch
 * @throws CancelledError, ArtifactError or InvalidInputError as `fitNetwork` does
 */
export async function fitSecondStage(
  { parameters }: Pick<NetworkTraining, 'parameters'>,
  task: SecondStageTask,
  call: Pick<NetworkTraining, 'settings' | 'options' | 'identity'>,
): Promise<readonly EpochReport[]> {
  return fitNetwork({
    ...call,
    parameters,
    loss: (batch, pass) => task.loss(batch, pass),
    batches: (_, random) => task.batches(random),
    validation:
      task.requests.sizes.validation === 0
        ? undefined
        : { measure: async () => ({ mrr: await task.validate(call.options) }), stopBy: 'mrr' },
  });
}
