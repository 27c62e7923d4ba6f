import { type Disposable, InvalidInputError, type LongCallOptions, type RandomStream } from '@palate/core';
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
 * @throws InvalidInputError if no request has a negative
 * @throws CancelledError, ArtifactError or InvalidInputError as `fitNetwork` does
 */
export async function fitSecondStage(
  network: Disposable & Pick<NetworkTraining, 'parameters'>,
  task: SecondStageTask,
  call: Pick<NetworkTraining, 'settings' | 'options' | 'identity'>,
): Promise<readonly EpochReport[]> {
  const { sizes } = task.requests;
  if (sizes.train === 0) {
    network.dispose();
    throw new InvalidInputError({
      expected: 'a request with items that its user does not like to hold them against',
      received: 'none',
      hint: 'Give more items or requests, or hold fewer users out (validationShare).',
    });
  }
  return fitNetwork({
    ...call,
    parameters: network.parameters,
    loss: (batch, pass) => task.loss(batch, pass),
    batches: (_, random) => task.batches(random),
    validation:
      sizes.validation === 0
        ? undefined
        : { measure: async () => ({ mrr: await task.validate(call.options) }), stopBy: 'mrr' },
  });
}
