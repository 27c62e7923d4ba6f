import {
  type Disposable,
  fingerprint,
  type InteractionLog,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  type Provenance,
  type Saveable,
  throwIfCancelled,
} from '@palate/core';
import { cosineSchedule, type EpochReport, selectBackend } from '@palate/nn';
import type { CtrSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import { fingerprintOfSamples, predictedInteractions } from '../features/knowledge-leak.js';
import { type CtrEntities, checkEntities, checkEntityParts } from './entities.js';
import { type CtrKnowledge, checkKnowledgeProvenance } from './knowledge-input.js';
import {
  type BuildNetwork,
  buildNetwork,
  checkAlive,
  disposeNetwork,
  extendNetwork,
  loadNetwork,
  type Network,
  saveNetwork,
  type TrainedNetwork,
} from './trained-network.js';

/** Properties in which kinds of models over users and items differ. */
export interface EntityModelKind<C, N extends Network> {
  /** Kind of its artifacts, such as `"ctr-model"`. */
  readonly artifact: string;
  /** Name in messages. */
  readonly noun: string;
  readonly Network: BuildNetwork<C, N>;
  /** Settings as they are saved. */
  saved(config: C): unknown;
  /** Checks settings as {@link saved} left them. */
  restored(dir: string, config: unknown): C;
  /** Widths that the settings ask for: none is larger than the largest extent of a weight. */
  widthsOf(config: C): readonly number[];
}

/** Interactions that a model learns or predicts. */
export type MetInteractions = Pick<CtrSamples, 'log' | 'user' | 'position' | 'past' | 'above'>;

/** Data of a fit, as far as every kind of model looks at it. */
export interface EntityFitData {
  readonly log: InteractionLog;
  /** How many samples or lists there are. */
  readonly count: number;
  /** Name of those, for messages. */
  readonly of: string;
  /** Interactions that are learned. */
  readonly met: MetInteractions;
  /** Interactions of the validation, where there is one. */
  readonly validation?: MetInteractions | undefined;
}

/** Settings that every kind of model has. */
interface EntitySettings {
  readonly features: FeatureSet;
  readonly knowledge: CtrKnowledge | undefined;
}

/**
 * Checks the data of a fit and builds the network that is then trained.
 *
 * @throws InvalidInputError for no samples, or features and vectors that do not fit the log
 * @throws LeakError for knowledge that knows what it helps to predict
 */
export async function beginFit<C extends EntitySettings, N extends Network>(
  { noun, Network }: EntityModelKind<C, N>,
  config: C,
  { log, count, of, met, validation }: EntityFitData,
  { seed = 0, signal }: LongCallOptions,
): Promise<TrainedNetwork<C, N>> {
  if (count === 0)
    throw new InvalidInputError({
      expected: `${of} to train on`,
      received: 'none',
      hint: 'Pass the training part: a filter or a split may have removed them all.',
    });
  const { features, knowledge } = config;
  const training = fingerprintOfSamples(met);
  const entities: CtrEntities = { users: log.users, items: log.items, features, knowledge };
  checkEntityParts(entities);
  checkKnowledgeProvenance(entities, predictedInteractions(met, training), false);
  if (validation) checkKnowledgeProvenance(entities, predictedInteractions(validation, training), true);
  throwIfCancelled(signal, `fitting a ${noun}`);
  await selectBackend();
  const network = buildNetwork(Network, config, entities, seed);
  return { network, config, entities, dataFingerprint: fingerprint(log), training, above: met.above };
}

/** How the models over entities train: half a cosine after a quarter of an epoch of warm-up, with clipped gradients. */
export const entityTraining = ({ learningRate, epochs }: { learningRate: number; epochs: number }) => ({
  schedule: (steps: () => number) =>
    cosineSchedule(learningRate, steps() * epochs, { warmUp: Math.ceil(steps() / 4) }),
  clipNorm: 5,
});

/** A trained model over users and items with features and, for KAR, knowledge. */
export abstract class EntityModel<C extends EntitySettings, N extends Network>
  implements Saveable, Disposable
{
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Encoded features of the users and items that it knows. */
  readonly features: FeatureSet;
  protected readonly trained: TrainedNetwork<C, N>;
  readonly #kind: EntityModelKind<C, N>;

  protected constructor(
    kind: EntityModelKind<C, N>,
    trained: TrainedNetwork<C, N>,
    history: readonly EpochReport[],
  ) {
    this.history = history;
    this.features = trained.entities.features;
    this.trained = trained;
    this.#kind = kind;
  }

  /** Trainable numbers, those of the adaptor included. */
  get parameterCount(): number {
    return this.trained.network.parameters.count;
  }

  /**
   * Makes ready to predict for a log.
   *
   * @throws InvalidInputError if the model was disposed of, or the log has other users or items
   */
  protected async prepare(log: InteractionLog): Promise<void> {
    checkAlive(this.trained.network, this.#kind.noun);
    checkEntities(log, this.trained.entities);
    await this.store();
  }

  /** Makes ready to answer requests: the vectors of all users and items are computed once, those of their knowledge too. */
  async store(): Promise<void> {
    checkAlive(this.trained.network, this.#kind.noun);
    await selectBackend();
    await this.trained.network.input.store();
  }

  /**
   * Shares, from 0 to 1, of the knowledge of each user or item that its gate lets in; 0 where there is no text, and nothing
   * where the model has no knowledge of that side.
   */
  async gates(side: 'user' | 'item'): Promise<Float32Array | undefined> {
    checkAlive(this.trained.network, this.#kind.noun);
    await selectBackend();
    return this.trained.network.input.gates(side);
  }

  /** Knowledge of interactions in the features and the knowledge vectors. */
  get provenance(): Provenance {
    const { features, knowledge } = this.trained.entities;
    return joinProvenance([
      ...[...features.user, ...features.item].map(({ provenance }) => provenance),
      ...[knowledge?.user, knowledge?.item].flatMap((table) => (table ? [table.provenance] : [])),
    ]);
  }

  /** `fingerprint` of the interactions that it was trained on. */
  get fittedOn(): readonly string[] {
    return [this.trained.training];
  }

  /** @throws LeakError if the model's knowledge knows what is predicted, or does not say what it knows */
  protected checkLeaks(met: MetInteractions): void {
    const { entities, training } = this.trained;
    checkKnowledgeProvenance(entities, predictedInteractions(met, training), true);
  }

  /** The same weights over other users and items. */
  protected extended(entities: CtrEntities): Promise<TrainedNetwork<C, N>> {
    return extendNetwork(this.trained, entities, this.#kind.Network);
  }

  async save(dir: string): Promise<void> {
    checkAlive(this.trained.network, this.#kind.noun);
    await saveNetwork(dir, this.#kind.artifact, this.trained, (config) => this.#kind.saved(config));
  }

  /** Gives the weights and tables back; whatever is asked of the model afterwards throws. */
  dispose(): void {
    disposeNetwork(this.trained.network);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Reads what {@link EntityModel.save} wrote.
 *
 * @throws ArtifactError if the folder is missing, foreign or damaged
 */
export function loadTrained<C, N extends Network>(
  dir: string,
  kind: EntityModelKind<C, N>,
): Promise<TrainedNetwork<C, N>> {
  return loadNetwork(
    dir,
    kind.artifact,
    kind.Network,
    (config) => kind.restored(dir, config),
    (config) => kind.widthsOf(config),
  );
}
