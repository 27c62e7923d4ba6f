import {
  joinProvenance,
  type LongCallOptions,
  type Provenance,
  type RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { type Batch, type EpochReport, fitNetwork, type NetworkTraining, selectBackend } from '@palate/nn';
import { pairsHash, type RequestPairs } from '../pairs/request-pairs.js';
import { type FirstStageSettings, HeldRequests } from './held-requests.js';

/** Batches, loss and validation of a second stage's training. */
interface SecondStageTask {
  readonly loss: NetworkTraining['loss'];
  batches(random: RandomStream): readonly (() => Batch)[];
  /** Mean reciprocal rank of held-out items among their negatives. */
  validate(options: LongCallOptions): Promise<number>;
}

/** A second stage that was trained. */
interface SecondStage<N> {
  readonly network: N;
  /** Loss and validation of each epoch. */
  readonly history: readonly EpochReport[];
  /** Knowledge of interactions in its weights. */
  readonly provenance: Provenance;
}

/**
 * Trains the network of a second stage on requests that are held against items of the first, stopped by the mean reciprocal
 * rank of held-out items where there are any.
 *
 * Weights are freed when the call fails or is cancelled.
 *
 * @param declared - declaration of the settings
 * @param make - makes the network and its task
 * @throws CancelledError, ArtifactError or InvalidInputError as `fitNetwork` does, or if no request has a negative
 */
export async function fitSecondStage<
  C extends FirstStageSettings & NetworkTraining['settings'],
  N extends Pick<NetworkTraining, 'parameters'>,
>(
  pairs: RequestPairs,
  declared: { readonly where: string; identity(settings: C, ...rest: readonly unknown[]): string },
  settings: C,
  options: LongCallOptions,
  make: (
    requests: HeldRequests,
    seed: number,
  ) => Promise<{ readonly network: N; readonly task: SecondStageTask }>,
): Promise<SecondStage<N>> {
  throwIfCancelled(options.signal, declared.where);
  await selectBackend();
  const { biEncoder } = settings;
  const { seed = 0 } = options;
  const requests = await HeldRequests.of(pairs, settings, options, seed);
  const { network, task } = await make(requests, seed);
  const history = await fitNetwork({
    parameters: network.parameters,
    settings,
    options,
    identity: declared.identity(settings, biEncoder.parts.id, seed, pairsHash(pairs)),
    loss: (batch, pass) => task.loss(batch, pass),
    batches: (_, random) => task.batches(random),
    validation:
      requests.sizes.validation === 0
        ? undefined
        : { measure: async () => ({ mrr: await task.validate(options) }), stopBy: 'mrr' },
  });
  return { network, history, provenance: joinProvenance([pairs.provenance, biEncoder.provenance]) };
}
