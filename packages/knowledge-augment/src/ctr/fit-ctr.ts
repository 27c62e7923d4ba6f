import { createHash } from 'node:crypto';
import {
  checkNumber,
  checkOptions,
  fingerprint,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
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
import { BACKBONES, type BackboneName } from './backbones.js';
import { batchTensors, CtrEmbedding, ctrBatch } from './ctr-input.js';
import { type CtrKnowledge, KnowledgeInput } from './knowledge-input.js';

/** Options of {@link CtrModel.fit}. */
export interface CtrOptions extends LongCallOptions {
  readonly backbone: BackboneName;
  readonly features: FeatureSet;
  /** Knowledge for KAR; the backbone alone without. */
  readonly knowledge?: CtrKnowledge;
  /** Samples to stop by. */
  readonly validation?: CtrSamples;
  /** For each row of the log 1 where it counts as liked, for histories. */
  readonly liked: Uint8Array;
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

/**
 * A model of click-through rate: a backbone over embedded features, with or without KAR's augmented vectors, trained
 * jointly by binary cross-entropy.
 */
export class CtrModel {
  /** Loss and validation of each epoch. */
  readonly history: readonly EpochReport[];
  /** Trainable numbers, those of the adaptor included. */
  readonly parameterCount: number;
  readonly #predict: (samples: CtrSamples) => Promise<Float32Array>;

  private constructor(
    history: readonly EpochReport[],
    parameterCount: number,
    predict: (samples: CtrSamples) => Promise<Float32Array>,
  ) {
    this.history = history;
    this.parameterCount = parameterCount;
    this.#predict = predict;
  }

  /** @throws InvalidInputError for unknown options, no samples, or vectors that do not fit the log */
  static async fit(samples: CtrSamples, options: CtrOptions): Promise<CtrModel> {
    checkOptions('CtrModel.fit', options, [
      ...LONG_CALL_OPTIONS,
      'backbone',
      'features',
      'knowledge',
      'validation',
      'liked',
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
        mend: 'Check the split.',
      });
    if (!Object.hasOwn(BACKBONES, options.backbone))
      throw new InvalidInputError({
        expected: `a backbone among ${Object.keys(BACKBONES).join(', ')}`,
        received: JSON.stringify(options.backbone),
        mend: 'Choose one of them.',
      });
    const whole = (
      name: 'historyLength' | 'dimension' | 'layers' | 'batchSize' | 'epochs' | 'patience',
      fallback: number,
    ) => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
    const historyLength = whole('historyLength', 10);
    const dropout = checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 });
    const batchSize = Math.min(whole('batchSize', 512), samples.user.length);
    const epochs = whole('epochs', 20);
    await selectBackend();
    const random = new RandomStream(options.seed ?? 0).fork('ctr');
    const parameters = new Parameters();
    const embedding = new CtrEmbedding(
      parameters,
      features,
      whole('dimension', 32),
      historyLength,
      random.fork('features'),
    );
    const augmented = new KnowledgeInput(parameters, samples.log, knowledge, random.fork('adaptor'));
    const backbone = BACKBONES[options.backbone](
      parameters,
      { ...embedding.shape, extra: augmented.width },
      random.fork('backbone'),
      { hidden: options.hidden ?? [200, 80], dropout, layers: whole('layers', 3) },
    );
    const logits = (batch: BatchTensors, pass: ForwardPass): tf.Tensor1D =>
      backbone.logits(embedding.apply(batch, pass, dropout, augmented.apply(batch, pass)), pass);
    const predict = (given: CtrSamples) => predictAll(given, logits, batchSize, historyLength, options.liked);
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
                options.liked,
              ),
          );
        },
        loss: (batch, pass) =>
          binaryCrossEntropy(logits(batch, pass), batch.label as tf.Tensor, batch.weight as tf.Tensor),
        ...(validation
          ? {
              validate: async () => {
                const found = measure(await predict(validation), validation);
                return { auc: found.auc, logLoss: found.logLoss };
              },
              earlyStopping: { metric: 'auc', patience: whole('patience', 3) },
            }
          : {}),
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
      });
      return new CtrModel(history, parameters.count, predict);
    } finally {
      optimiser.dispose();
    }
  }

  /** Chance of label 1 for each sample. */
  predict(samples: CtrSamples): Promise<Float32Array> {
    return this.#predict(samples);
  }

  /** AUC and log-loss on samples. */
  async evaluate(samples: CtrSamples): Promise<CtrResult> {
    return measure(await this.#predict(samples), samples);
  }
}

/** AUC and log-loss of chances. */
function measure(chances: Float32Array, samples: CtrSamples): CtrResult {
  return { auc: auc(chances, samples.label), logLoss: logLoss(chances, samples.label) };
}

async function predictAll(
  samples: CtrSamples,
  logits: (batch: BatchTensors, pass: ForwardPass) => tf.Tensor1D,
  batchSize: number,
  historyLength: number,
  liked: Uint8Array,
): Promise<Float32Array> {
  const chances = new Float32Array(samples.user.length);
  for (let from = 0; from < chances.length; from += batchSize) {
    const positions = Int32Array.from(
      { length: Math.min(batchSize, chances.length - from) },
      (_, k) => from + k,
    );
    const batch = ctrBatch(samples, positions, batchSize, historyLength, liked);
    const values = tf.tidy(() => tf.sigmoid(logits(batchTensors(batch), ForwardPass.inference())));
    chances.set((await values.data<'float32'>()).subarray(0, positions.length), from);
    values.dispose();
  }
  return chances;
}

function identityOf(samples: CtrSamples, options: CtrOptions): string {
  const { features, knowledge, validation, signal, onProgress, checkpoint, liked, ...plain } = options;
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
