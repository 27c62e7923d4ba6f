import { type LongCallOptions, RandomStream } from '@palate/core';
import type { CheckpointOptions, EpochReport } from './checkpoint.js';
import { AdamW, type Optimiser } from './optimisers.js';
import { optionsSchedule, type RateDecay, type Schedule } from './schedules.js';
import type { TrainOptions } from './train-options.js';
import { train } from './trainer.js';

/** The settings that training reads, of a set that spreads `trainingOptions`. */
export interface TrainingSettings {
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmUpSteps?: number | undefined;
  readonly decay?: RateDecay | undefined;
  readonly weightDecay?: number | undefined;
  readonly patience?: number | undefined;
  readonly clipNorm?: number | undefined;
  readonly checkpoint?: CheckpointOptions | undefined;
}

/** Network and settings of {@link fitNetwork}. */
export interface NetworkTraining extends Pick<TrainOptions, 'parameters' | 'loss' | 'batches' | 'outer'> {
  readonly settings: TrainingSettings;
  /** The options of the call, whose seed, signal and progress are handed on. */
  readonly options: LongCallOptions;
  /** Names the run, for its checkpoints: the hash of the settings, the seed and the data. */
  readonly identity: string;
  /**
   * The learning rate by step. Default: what `warmUpSteps` and `decay` of the settings describe.
   *
   * @param stepsPerEpoch - the batches of an epoch
   */
  readonly schedule?: ((stepsPerEpoch: () => number) => Schedule) | undefined;
  /** Changes the weights by their gradients, and is disposed afterwards. Default: AdamW with the settings' `weightDecay`, of matrices and tables alone. */
  readonly optimiser?: Optimiser | undefined;
  /** Bound on the joint norm of the gradients, where the settings have no `clipNorm`; 0 or nothing for none. */
  readonly clipNorm?: number | undefined;
  /** Measures the model after each epoch, before its checkpoint is written. */
  readonly validation?:
    | {
        readonly measure: (epoch: number) => Promise<Readonly<Record<string, number>>>;
        /** A metric that has to rise: without a rise for `patience` epochs training stops, and the best weights stay. */
        readonly stopBy?: string | undefined;
      }
    | undefined;
}

/**
 * Trains a network as its settings ask, by AdamW unless another optimiser is given: schedule, clipping, validation with early stopping, checkpoints.
 * Every trained model of the packages goes through here.
 *
 * Weights are freed when the call fails or is cancelled.
 *
 * @returns loss and validation of each epoch
 * @throws CancelledError, ArtifactError or InvalidInputError as `train` does
 */
export async function fitNetwork(training: NetworkTraining): Promise<readonly EpochReport[]> {
  const { parameters, settings, options, identity, loss, batches, outer, validation } = training;
  const { epochs, patience, checkpoint, warmUpSteps = 0, decay = 'none', weightDecay = 0 } = settings;
  const stepsPerEpoch = (): number => batches(1, new RandomStream(0)).length;
  const clipNorm = settings.clipNorm ?? training.clipNorm ?? 0;
  const stopBy = validation?.stopBy;
  const optimiser =
    training.optimiser ??
    // Norms and biases are vectors. Pulling them to zero does not bound a network, it only takes its scales away.
    new AdamW({ weightDecay, decays: (name) => parameters.get(name).rank > 1 });
  try {
    const { history } = await train({
      parameters,
      optimiser,
      schedule:
        training.schedule?.(stepsPerEpoch) ??
        optionsSchedule({ ...settings, warmUpSteps, decay }, stepsPerEpoch),
      loss,
      batches,
      epochs,
      outer,
      clipNorm: clipNorm > 0 ? clipNorm : undefined,
      validate: validation?.measure,
      earlyStopping:
        stopBy === undefined || patience === undefined ? undefined : { metric: stopBy, patience },
      checkpoint,
      identity,
      seed: options.seed,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    return history;
  } catch (error) {
    parameters.dispose();
    throw error;
  } finally {
    optimiser.dispose();
  }
}
