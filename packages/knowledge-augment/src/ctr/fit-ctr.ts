import { createHash } from 'node:crypto';
import {
  checkChoice,
  checkNumber,
  checkOptions,
  fingerprint,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
  type Saveable,
} from '@palate/core';
import { auc, logLoss } from '@palate/eval';
import {
  AdamW,
  type BatchTensors,
  binaryCrossEntropy,
  type CheckpointOptions,
  cosineSchedule,
  type EpochReport,
  ForwardPass,
  Parameters,
  selectBackend,
  train,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type CtrSamples, takeSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import type { CtrBackbone } from './backbone.js';
import { BACKBONES, type BackboneName } from './backbones.js';
import { ctrBatch } from './ctr-input.js';
import { type CtrEntities, checkEntities } from './entities.js';
import type { CtrKnowledge } from './knowledge-input.js';
import { scoreRows } from './score-rows.js';
import {
  EntityInput,
  extendNetwork,
  loadNetwork,
  saveNetwork,
  type TrainedNetwork,
} from './trained-network.js';

const KIND = 'ctr-model';

/** Options of {@link CtrModel.fit}. */
export interface CtrOptions extends LongCallOptions {
  readonly backbone: BackboneName;
  readonly features: FeatureSet;
  /** Knowledge for KAR; the backbone alone without. */
  readonly knowledge?: CtrKnowledge;
  /** Samples to stop by. */
  readonly validation?: CtrSamples;
  /** Items of a history, the newest. Default 10. */
  readonly historyLength?: number;
  /** Width of a field's vector. Default 32. */
  readonly dimension?: number;
  /** Default `[200, 80]`. */
  readonly hidden?: readonly number[];
  /** Default 0.2. */
  readonly dropout?: number;
  /** Layers of the backbone's own kind. Default 3. */
  readonly layers?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Samples a step. Default 512. */
  readonly batchSize?: number;
  /** Most passes. Default 20. */
  readonly epochs?: number;
  /** Default 3. */
  readonly patience?: number;
  readonly checkpoint?: CheckpointOptions;
}

/** How well a model predicts. */
export interface CtrResult {
  readonly auc: number;
  readonly logLoss: number;
}

/** What a network is built from beside its entities. */
interface CtrConfig {
  readonly backbone: BackboneName;
  readonly historyLength: number;
  readonly dimension: number;
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly layers: number;
  readonly batchSize: number;
}

/** A backbone over embedded features and augmented vectors. */
class CtrNetwork {
  readonly parameters = new Parameters();
  readonly #input: EntityInput;
  readonly #backbone: CtrBackbone;

  constructor(config: CtrConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('ctr');
    const { hidden, dropout, layers } = config;
    this.#input = new EntityInput(this.parameters, config, entities, random);
    this.#backbone = BACKBONES[config.backbone](this.parameters, this.#input.shape, random.fork('backbone'), {
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
export class CtrModel implements Saveable {
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

  /** @throws InvalidInputError for unknown options, no samples, or vectors that do not fit the log */
  static async fit(samples: CtrSamples, options: CtrOptions): Promise<CtrModel> {
    checkOptions('CtrModel.fit', options, [
      ...LONG_CALL_OPTIONS,
      'backbone',
      'features',
      'knowledge',
      'validation',
      'historyLength',
      'dimension',
      'hidden',
      'dropout',
      'layers',
      'learningRate',
      'weightDecay',
      'batchSize',
      'epochs',
      'patience',
      'checkpoint',
    ]);
    const { features, knowledge, validation, signal } = options;
    if (samples.user.length === 0)
      throw new InvalidInputError({
        expected: 'samples to train on',
        received: 'none',
        hint: 'Check the split.',
      });
    checkChoice('backbone', options.backbone, Object.keys(BACKBONES));
    const whole = (
      name: 'historyLength' | 'dimension' | 'layers' | 'batchSize' | 'epochs' | 'patience',
      fallback: number,
    ) => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
    const config: CtrConfig = {
      backbone: options.backbone,
      historyLength: whole('historyLength', 10),
      dimension: whole('dimension', 32),
      hidden: options.hidden ?? [200, 80],
      dropout: checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 }),
      layers: whole('layers', 3),
      batchSize: Math.min(whole('batchSize', 512), samples.user.length),
    };
    const { historyLength, batchSize } = config;
    const epochs = whole('epochs', 20);
    const { log } = samples;
    await selectBackend();
    const entities: CtrEntities = { users: log.users, items: log.items, features, knowledge };
    const network = new CtrNetwork(config, entities, options.seed ?? 0);
    const { parameters } = network;
    const model = (history: readonly EpochReport[]): CtrModel =>
      new CtrModel({ network, config, entities, dataFingerprint: fingerprint(log) }, history);
    const optimiser = new AdamW({ weightDecay: options.weightDecay ?? 0.01 });
    const steps = Math.ceil(samples.user.length / batchSize);
    try {
      const { history } = await train({
        parameters,
        optimiser,
        schedule: cosineSchedule(options.learningRate ?? 1e-3, steps * epochs, {
          warmUp: Math.ceil(steps / 4),
        }),
        epochs,
        clipNorm: 5,
        seed: options.seed ?? 0,
        identity: identityOf(samples, options),
        batches: (_, stream) => {
          const order = stream.fork('order').shuffle(Int32Array.from(samples.user.keys()));
          return Array.from(
            { length: steps },
            (__, index) => () =>
              ctrBatch(
                samples,
                order.subarray(index * batchSize, (index + 1) * batchSize),
                batchSize,
                historyLength,
              ),
          );
        },
        loss: (batch, pass) =>
          binaryCrossEntropy(
            network.logits(batch, pass),
            batch.label as tf.Tensor,
            batch.weight as tf.Tensor,
          ),
        ...(validation
          ? {
              validate: async () => {
                const { auc, logLoss } = await model([]).evaluate(validation);
                return { auc, logLoss };
              },
              earlyStopping: { metric: 'auc', patience: whole('patience', 3) },
            }
          : {}),
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
      });
      return model(history);
    } finally {
      optimiser.dispose();
    }
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

  /** AUC and log-loss on samples. */
  async evaluate(samples: CtrSamples): Promise<CtrResult> {
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

  save(dir: string): Promise<void> {
    return saveNetwork(dir, KIND, this.#trained);
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<CtrModel> {
    return new CtrModel(await loadNetwork<CtrConfig, CtrNetwork>(dir, KIND, CtrNetwork), []);
  }
}

function identityOf(samples: CtrSamples, options: CtrOptions): string {
  const { features, knowledge, validation, signal, onProgress, checkpoint, ...plain } = options;
  const hash = createHash('sha256').update(
    JSON.stringify([fingerprint(samples.log), plain, knowledge?.adaptor ?? null]),
  );
  hash.update(
    JSON.stringify([features.user, features.item].map((list) => list.map(({ declaration }) => declaration))),
  );
  for (const numbers of [
    samples.user,
    samples.item,
    samples.place,
    knowledge?.user?.data,
    knowledge?.item?.data,
  ])
    if (numbers) hash.update(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return hash.digest('hex');
}

/** A share of samples drawn at random, for the curve of how results grow with data; smaller ones lie within larger. */
export function shareOfSamples(samples: CtrSamples, share: number, seed = 0): CtrSamples {
  checkNumber('share', share, { min: 0, max: 1 });
  const order = new RandomStream(seed).fork('share').shuffle(Int32Array.from(samples.user.keys()));
  return takeSamples(samples, order.slice(0, Math.max(1, Math.round(share * order.length))).sort());
}
