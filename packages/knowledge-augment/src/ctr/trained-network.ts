import { type RandomStream, readArtifact, writeArtifact } from '@palate/core';
import { type BatchTensors, type ForwardPass, type Parameters, selectBackend } from '@palate/nn';
import { CtrEmbedding, type CtrInput, type CtrShape } from './ctr-input.js';
import { type CtrEntities, checkSameShape, entityContents, readEntities, withAdaptorOf } from './entities.js';
import { KnowledgeInput } from './knowledge-input.js';

/** Embedded features with KAR's augmented vectors, where there is knowledge: what any model on entities reads. */
export class EntityInput {
  readonly shape: CtrShape;
  readonly #embedding: CtrEmbedding;
  readonly #augmented: KnowledgeInput;
  readonly #dropout: number;

  constructor(
    parameters: Parameters,
    { dimension, historyLength, dropout }: { dimension: number; historyLength: number; dropout: number },
    entities: CtrEntities,
    random: RandomStream,
  ) {
    const { features, knowledge } = entities;
    this.#dropout = dropout;
    this.#embedding = new CtrEmbedding(
      parameters,
      features,
      dimension,
      historyLength,
      random.fork('features'),
    );
    this.#augmented = new KnowledgeInput(parameters, entities, knowledge, random.fork('adaptor'));
    this.shape = { ...this.#embedding.shape, extra: this.#augmented.width };
  }

  /** @param batch - of `ctrBatch` */
  apply(batch: BatchTensors, pass: ForwardPass): CtrInput {
    return this.#embedding.apply(batch, pass, this.#dropout, this.#augmented.apply(batch, pass));
  }
}

/** A network over entities: its weights do not depend on how many there are. */
interface Network {
  readonly parameters: Parameters;
}

/** Builds a network whose weights are then replaced. */
type BuildNetwork<C, N extends Network> = new (config: C, entities: CtrEntities, seed: number) => N;

/** A network with what it was built from. */
export interface TrainedNetwork<C, N extends Network> {
  readonly network: N;
  readonly config: C;
  readonly entities: CtrEntities;
  readonly dataFingerprint: string;
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
  const network = new Build(trained.config, entities, 0);
  network.parameters.assign(await trained.network.parameters.values(), 'the model that is extended');
  return { ...trained, network, entities };
}

/** Writes a network with its entities as an artifact of the kind given. */
export async function saveNetwork(
  dir: string,
  kind: string,
  { network, config, entities, dataFingerprint }: TrainedNetwork<unknown, Network>,
): Promise<void> {
  const { tensors, files } = entityContents(entities);
  await writeArtifact(dir, {
    kind,
    version: 1,
    config,
    dataFingerprint,
    tensors: { ...tensors, ...(await network.parameters.values()) },
    files,
  });
}

/**
 * Reads what {@link saveNetwork} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export async function loadNetwork<C, N extends Network>(
  dir: string,
  kind: string,
  Build: BuildNetwork<C, N>,
): Promise<TrainedNetwork<C, N>> {
  const artifact = await readArtifact(dir, kind, 1);
  const { config, dataFingerprint = '' } = artifact.manifest;
  const entities = readEntities(dir, artifact);
  await selectBackend();
  const network = new Build(config as C, entities, 0);
  network.parameters.assign(artifact.tensors, dir);
  return { network, config: config as C, entities, dataFingerprint };
}
