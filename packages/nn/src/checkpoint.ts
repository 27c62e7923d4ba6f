import {
  checkReplaceable,
  option,
  PalateError,
  prefixedTensors,
  readArtifact,
  sweepLeftoverWrites,
  type TensorData,
  tensorsUnder,
  writeArtifact,
} from '@palate/core';

/** Where a training run stands. */
export interface TrainingState {
  /** Epochs finished. */
  readonly epoch: number;
  /** Steps done in the epoch under way. */
  readonly stepInEpoch: number;
  /** Steps done in all. */
  readonly step: number;
  /** Sum of the losses of the epoch under way. */
  readonly lossSum: number;
  /** Best value of the validation metric so far, and the epoch it was reached in. */
  readonly best: { readonly value: number; readonly epoch: number } | null;
  /** Reports of the finished epochs. */
  readonly history: readonly EpochReport[];
}

/** Report of an epoch. */
export interface EpochReport {
  readonly epoch: number;
  /** Mean training loss. */
  readonly loss: number;
  readonly seconds: number;
  /** Validation metrics, where there is a validation. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Everything that a run needs to go on exactly where it was. */
export interface Checkpoint {
  readonly state: TrainingState;
  readonly weights: Readonly<Record<string, TensorData>>;
  readonly optimiser: Readonly<Record<string, TensorData>>;
  readonly bestWeights: Readonly<Record<string, TensorData>> | undefined;
}

/** Checkpoints as an option of a training. */
export const CHECKPOINT = option
  .value<CheckpointOptions>(
    'a folder `dir` and intervals',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      'dir' in value &&
      typeof value.dir === 'string' &&
      value.dir !== '',
  )
  .optional({ doc: 'keeps checkpoints in a folder and resumes from them', identity: () => undefined });

const KIND = 'training-checkpoint';

/**
 * Writes a checkpoint; a kill at any moment leaves the old one or the new one.
 *
 * @param identity - what the run was started with; another run will not go on from it
 */
export async function writeCheckpoint(dir: string, identity: string, checkpoint: Checkpoint): Promise<void> {
  await writeArtifact(dir, {
    kind: KIND,
    version: 1,
    config: { identity, state: checkpoint.state },
    tensors: {
      ...prefixedTensors(checkpoint.weights, 'weights/'),
      ...prefixedTensors(checkpoint.optimiser, 'optimiser/'),
      ...prefixedTensors(checkpoint.bestWeights ?? {}, 'best/'),
    },
  });
}

/**
 * Makes a folder ready for the checkpoints of a run that starts: removes what killed runs left half written.
 *
 * @throws ArtifactError if something else is there, which the first checkpoint could not replace
 */
export async function prepareCheckpoints(dir: string): Promise<void> {
  await sweepLeftoverWrites(dir);
  await checkReplaceable(dir, KIND);
}

/** Reads a checkpoint; nothing if there is none, or if it belongs to a run that was started otherwise. */
export async function readCheckpoint(dir: string, identity: string): Promise<Checkpoint | undefined> {
  const artifact = await readArtifact(dir, KIND, 1).catch((error: unknown) => {
    if (PalateError.is(error) && error.received === 'nothing there') return undefined;
    throw error;
  });
  if (!artifact) return undefined;
  const config = artifact.manifest.config as { identity: string; state: TrainingState };
  if (config.identity !== identity) return undefined;
  const best = tensorsUnder(artifact.tensors, 'best/');
  return {
    state: config.state,
    weights: tensorsUnder(artifact.tensors, 'weights/'),
    optimiser: tensorsUnder(artifact.tensors, 'optimiser/'),
    bestWeights: Object.keys(best).length > 0 ? best : undefined,
  };
}

/** Options for keeping checkpoints. */
export interface CheckpointOptions {
  readonly dir: string;
  /** Write after this many seconds, at the next step. Default 60; one is written at the end of every epoch too. */
  readonly everySeconds?: number | undefined;
  /** Write after this many steps. */
  readonly everySteps?: number | undefined;
}
