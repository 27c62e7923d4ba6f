import {
  checkNumber,
  type Disposable,
  fingerprint,
  InvalidInputError,
  RandomStream,
  type Saveable,
  throwIfCancelled,
} from '@palate/core';
import { auc, logLoss } from '@palate/eval';
import {
  type BatchTensors,
  binaryCrossEntropy,
  cosineSchedule,
  type EpochReport,
  ForwardPass,
  fitNetwork,
  type Parameters,
  selectBackend,
  shuffledBatches,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type CtrSamples, takeSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import { fingerprintOfSamples, predictedInteractions } from '../features/knowledge-leak.js';
import type { CtrBackbone } from './backbone.js';
import { BACKBONES } from './backbones.js';
import { ctrBatch } from './ctr-input.js';
import { CTR, type CtrConfig, type CtrOptions } from './ctr-options.js';
import { type CtrEntities, checkEntities, checkEntityParts } from './entities.js';
import { checkKnowledgeProvenance } from './knowledge-input.js';
import { scoreRows } from './score-rows.js';
import {
  buildNetwork,
  checkAlive,
  disposeNetwork,
  EntityInput,
  extendNetwork,
  loadNetwork,
  saveNetwork,
  type TrainedNetwork,
} from './trained-network.js';

const KIND = 'ctr-model';

/** How well a model predicts. */
export interface CtrResult {
  readonly auc: number;
  readonly logLoss: number;
}

/** A backbone over embedded features and augmented vectors. */
class CtrNetwork {
  readonly parameters: Parameters;
  readonly #input: EntityInput;
  readonly #backbone: CtrBackbone;

  constructor(parameters: Parameters, config: CtrConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('ctr');
    const { hidden, dropout, layers } = config;
    this.parameters = parameters;
    this.#input = new EntityInput(parameters, config, entities, random);
    this.#backbone = BACKBONES[config.backbone](parameters, this.#input.shape, random.fork('backbone'), {
      hidden,
      dropout,
      layers,
    });
  }

  /** Logits of a batch of {@link ctrBatch}, `[rows]`. */
  logits(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D {
    return this.#backbone.logits(this.#input.apply(batch, pass), pass);
  }
}

/**
 * A model of click-through rate: a backbone over embedded features, with or without KAR's augmented vectors, trained
 * jointly by binary cross-entropy.
 */
export class CtrModel implements Saveable, Disposable {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Encoded features of the users and items that it knows. */
  readonly features: FeatureSet;
  readonly #trained: TrainedNetwork<CtrConfig, CtrNetwork>;

  private constructor(trained: TrainedNetwork<CtrConfig, CtrNetwork>, history: readonly EpochReport[]) {
    this.history = history;
    this.features = trained.entities.features;
    this.#trained = trained;
  }

  /**
   * @throws InvalidInputError for unknown options, no samples, or features and vectors that do not fit the log
   * @throws LeakError for knowledge that knows a sample that it helps to predict; with a validation also for knowledge
   * that does not say what it knows
   */
  static async fit(samples: CtrSamples, options: CtrOptions): Promise<CtrModel> {
    const config = CTR.settings(options);
    if (samples.user.length === 0)
      throw new InvalidInputError({
        expected: 'samples to train on',
        received: 'none',
        hint: 'Check the split.',
      });
    const { features, knowledge, validation, historyLength, epochs, learningRate } = config;
    const { log } = samples;
    const seed = options.seed ?? 0;
    const training = fingerprintOfSamples(samples);
    const entities: CtrEntities = { users: log.users, items: log.items, features, knowledge };
    checkEntityParts(entities);
    checkKnowledgeProvenance(knowledge, predictedInteractions(samples, training), false);
    if (validation) checkKnowledgeProvenance(knowledge, predictedInteractions(validation, training), true);
    throwIfCancelled(options.signal, 'fitting a click-through model');
    await selectBackend();
    const network = buildNetwork(CtrNetwork, config, entities, seed);
    const model = (history: readonly EpochReport[]): CtrModel =>
      new CtrModel({ network, config, entities, dataFingerprint: fingerprint(log), training }, history);
    const batchSize = Math.min(config.batchSize, samples.user.length);
    const history = await fitNetwork({
      parameters: network.parameters,
      settings: config,
      options,
      identity: CTR.identity(config, seed, samples),
      schedule: (steps) => cosineSchedule(learningRate, steps() * epochs, { warmUp: Math.ceil(steps() / 4) }),
      clipNorm: 5,
      batches: (_, random) =>
        shuffledBatches(Int32Array.from(samples.user.keys()), batchSize, random, (rows) =>
          ctrBatch(samples, rows, batchSize, historyLength),
        ),
      loss: (batch, pass) =>
        binaryCrossEntropy(network.logits(batch, pass), batch.label as tf.Tensor, batch.weight as tf.Tensor),
      validation: validation && {
        measure: async () => {
          const { auc, logLoss } = await model([]).evaluate(validation);
          return { auc, logLoss };
        },
        stopBy: 'auc',
      },
    });
    return model(history);
  }

  /** Trainable numbers, those of the adaptor included. */
  get parameterCount(): number {
    return this.#trained.network.parameters.count;
  }

  /**
   * Chance of label 1 for each sample.
   *
   * @throws InvalidInputError if the samples' log has other users or items, or an order of its own
   */
  async predict(samples: CtrSamples): Promise<Float32Array> {
    const { network, config, entities } = this.#trained;
    checkAlive(network, 'click-through model');
    checkEntities(samples.log, entities);
    await selectBackend();
    const { batchSize, historyLength } = config;
    return scoreRows(
      samples.user.length,
      batchSize,
      1,
      (positions, size) => ctrBatch(samples, positions, size, historyLength),
      (batch) => tf.sigmoid(network.logits(batch, ForwardPass.inference())),
    );
  }

  /**
   * AUC and log-loss on samples.
   *
   * @throws LeakError if the model's knowledge knows a sample, or does not say what it knows
   */
  async evaluate(samples: CtrSamples): Promise<CtrResult> {
    const { entities, training } = this.#trained;
    checkKnowledgeProvenance(entities.knowledge, predictedInteractions(samples, training), true);
    const chances = await this.predict(samples);
    return { auc: auc(chances, samples.label), logLoss: logLoss(chances, samples.label) };
  }

  /**
   * The same weights over other users and items, so that new ones are served without training again.
   *
   * @param entities - all that shall be known; features by `encodeFeaturesLike`, knowledge of the widths of the fit
   * @throws InvalidInputError if features or knowledge are of another shape
   */
  async extend(entities: CtrEntities): Promise<CtrModel> {
    return new CtrModel(await extendNetwork(this.#trained, entities, CtrNetwork), this.history);
  }

  async save(dir: string): Promise<void> {
    checkAlive(this.#trained.network, 'click-through model');
    await saveNetwork(dir, KIND, this.#trained, (config) => CTR.saved(config));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<CtrModel> {
    const trained = await loadNetwork(
      dir,
      KIND,
      CtrNetwork,
      (config) => CTR.restored(dir, config),
      ({ dimension, hidden }) => [dimension, ...hidden],
    );
    return new CtrModel(trained, []);
  }

  /** Gives the weights and tables back; whatever is asked of the model afterwards throws. */
  dispose(): void {
    disposeNetwork(this.#trained.network);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A share of samples drawn at random, for the curve of how results grow with data; smaller ones lie within larger. */
export function shareOfSamples(samples: CtrSamples, share: number, seed = 0): CtrSamples {
  checkNumber('share', share, { min: 0, max: 1 });
  const order = new RandomStream(seed).fork('share').shuffle(Int32Array.from(samples.user.keys()));
  return takeSamples(samples, order.slice(0, Math.max(1, Math.round(share * order.length))).sort());
}
