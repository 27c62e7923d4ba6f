import {
  ArtifactError,
  checkSavedNames,
  disposedOnFailure,
  InvalidInputError,
  readArtifact,
  rebuildSaved,
  type TensorData,
  writeArtifact,
} from '@palate/core';
import { Parameters, selectBackend } from '@palate/nn';
import {
  type CtrEntities,
  checkEntityParts,
  checkSameShape,
  entityContents,
  isEntityTensor,
  readEntities,
  withAdaptorOf,
} from './entities.js';
import type { EntityInput } from './entity-input.js';

/** A network over entities: its weights do not depend on how many there are. */
export interface Network {
  readonly parameters: Parameters;
  readonly input: EntityInput;
}

/** Builds a network whose weights are then replaced. */
export type BuildNetwork<C, N extends Network> = new (
  parameters: Parameters,
  config: C,
  entities: CtrEntities,
  seed: number,
) => N;

/** A network with what it was built from. */
export interface TrainedNetwork<C, N extends Network> {
  readonly network: N;
  readonly config: C;
  readonly entities: CtrEntities;
  /** `fingerprint` of the log that the samples come from. */
  readonly dataFingerprint: string;
  /** `fingerprint` of the interactions that it was trained on. */
  readonly training: string;
  /** Rating above which an item of a history counts as liked, where ratings said it. */
  readonly above?: number | undefined;
}

/** Builds a network; one that cannot be built leaves no tensors behind. */
export function buildNetwork<C, N extends Network>(
  Build: BuildNetwork<C, N>,
  config: C,
  entities: CtrEntities,
  seed: number,
): N {
  checkEntityParts(entities);
  const parameters = new Parameters();
  try {
    return new Build(parameters, config, entities, seed);
  } catch (error) {
    parameters.dispose();
    throw error;
  }
}

/** Frees the tensors of a network, the tables of features and knowledge that its parameters hold included. */
export function disposeNetwork(network: Network): void {
  network.input.forget();
  network.parameters.dispose();
}

/** @throws InvalidInputError if the network was disposed of */
export function checkAlive(network: Network, what: string): void {
  if (network.parameters.names.length > 0) return;
  throw new InvalidInputError({
    expected: `a ${what} with its weights`,
    received: 'one that was disposed of',
    hint: 'Load it again, and dispose of it after its last use.',
  });
}

/**
 * The same weights over other users and items.
 *
 * @throws InvalidInputError if features or knowledge are of another shape
 */
export async function extendNetwork<C, N extends Network>(
  trained: TrainedNetwork<C, N>,
  given: CtrEntities,
  Build: BuildNetwork<C, N>,
): Promise<TrainedNetwork<C, N>> {
  const entities = withAdaptorOf(trained.entities, given);
  checkSameShape(trained.entities, entities);
  await selectBackend();
  const network = buildNetwork(Build, trained.config, entities, 0);
  return disposedOnFailure(network.parameters, async () => {
    network.parameters.assign(await trained.network.parameters.values(), 'the model that is extended');
    return { ...trained, network, entities };
  });
}

/** Writes a network with its entities as an artifact of the kind given. */
export async function saveNetwork<C, N extends Network>(
  dir: string,
  kind: string,
  { network, config, entities, dataFingerprint, training, above }: TrainedNetwork<C, N>,
  saved: (config: C) => unknown,
): Promise<void> {
  const { tensors, files } = entityContents(entities);
  await writeArtifact(dir, {
    kind,
    version: VERSION,
    config: { model: saved(config), training, above: above ?? null },
    dataFingerprint,
    tensors: { ...tensors, ...(await network.parameters.values()) },
    files,
  });
}

/**
 * Version of the artifacts: 2 has settings, training and provenance beside what 1 had, 3 the features' provenance, 4
 * knowledge as fields and features of the context.
 */
const VERSION = 4;

/**
 * Reads what {@link saveNetwork} wrote.
 *
 * @param restored - checks the configuration of the network
 * @param widthsOf - widths that the configuration asks for: none is larger than the largest extent of a weight
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadNetwork<C, N extends Network>(
  dir: string,
  kind: string,
  Build: BuildNetwork<C, N>,
  restored: (config: unknown) => C,
  widthsOf: (config: C) => readonly number[],
): Promise<TrainedNetwork<C, N>> {
  const artifact = await readArtifact(dir, kind, VERSION);
  const { config: written, dataFingerprint = '' } = artifact.manifest;
  const { model, training, above } = (written ?? {}) as Readonly<
    Partial<Record<'model' | 'training' | 'above', unknown>>
  >;
  const config = restored(model);
  if (typeof training !== 'string')
    throw new ArtifactError(dir, {
      expected: 'the fingerprint of the training data in the manifest',
      received: typeof training,
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
    });
  if (above !== null && !Number.isFinite(above))
    throw new ArtifactError(dir, {
      expected: 'the rating above which an item counts as liked in the manifest, or null',
      received: JSON.stringify(above) ?? 'none',
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
    });
  return rebuildSaved(dir, 'ids, features, knowledge and weights of the model', async () => {
    const entities = readEntities(dir, artifact);
    const weights = Object.fromEntries(
      Object.entries(artifact.tensors).filter(([name]) => !isEntityTensor(name)),
    );
    checkFinite(weights);
    checkWidths(weights, [...widthsOf(config), ...(entities.knowledge?.adaptor?.widths ?? [])]);
    await selectBackend();
    const network = buildNetwork(Build, config, entities, 0);
    return disposedOnFailure(network.parameters, () => {
      checkSavedNames(dir, weights, network.parameters.names);
      network.parameters.assign(weights, dir);
      return {
        network,
        config,
        entities,
        dataFingerprint,
        training,
        above: (above as number | null) ?? undefined,
      };
    });
  });
}

/** Refuses weights that are no numbers. */
function checkFinite(weights: Readonly<Record<string, TensorData>>): void {
  for (const [name, { values }] of Object.entries(weights))
    if (values instanceof Float32Array && !values.every(Number.isFinite))
      throw new InvalidInputError({
        expected: `finite numbers in the weight ${name}`,
        received: 'others',
        hint: 'The folder was changed: restore it, or fit again.',
      });
}

/** Refuses widths that no weight has, before anything of that size is made. */
function checkWidths(weights: Readonly<Record<string, TensorData>>, widths: readonly number[]): void {
  const largest = Object.values(weights).reduce((most, { shape }) => Math.max(most, ...shape), 0);
  const wrong = widths.find((width) => width > largest);
  if (wrong !== undefined)
    throw new InvalidInputError({
      expected: `widths up to ${largest}, the largest extent of a weight`,
      received: String(wrong),
      hint: 'The manifest was changed: restore the folder, or fit again.',
    });
}
