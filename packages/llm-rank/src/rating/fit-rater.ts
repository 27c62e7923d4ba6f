import { contentHash, type LongCallOptions, RandomStream } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchTensors,
  cosineSchedule,
  ForwardPass,
  fitNetwork,
  type Parameters,
  selectBackend,
  shuffledBatches,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { RaterSettings } from './rater-options.js';
import { clip, type RatingRows, type RatingScale, type RatingTask, takeRows } from './rating-rows.js';

/** Longest history that trained predictors read. */
export const HISTORY = 10;

/** A model of ratings: numbers around 0, where 0 is the mean of the training rows. */
export interface RatingNetwork {
  readonly parameters: Parameters;
  /** Squared error or cross-entropy of a batch. */
  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar;
  /** Predictions in units of the scale. */
  predict(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D;
}

/** Numbers of rows as tensors of a fixed shape. */
function ratingBatch(rows: RatingRows, positions: ArrayLike<number>, size: number): Batch {
  const user = new Int32Array(size);
  const item = new Int32Array(size);
  const rating = new Float32Array(size);
  const weight = new Float32Array(size);
  const history = new Int32Array(size * HISTORY);
  const historyRating = new Float32Array(size * HISTORY);
  const present = new Float32Array(size * HISTORY);
  for (let k = 0; k < positions.length; k++) {
    const at = positions[k]!;
    user[k] = rows.user[at]!;
    item[k] = rows.item[at]!;
    rating[k] = rows.rating[at]!;
    weight[k] = 1;
    const past = (rows.history[at] as Int32Array).subarray(-HISTORY);
    const ratings = (rows.historyRatings[at] as Float32Array).subarray(-HISTORY);
    history.set(past, (k + 1) * HISTORY - past.length);
    historyRating.set(ratings, (k + 1) * HISTORY - past.length);
    present.fill(1, (k + 1) * HISTORY - past.length, (k + 1) * HISTORY);
  }
  return {
    user: { shape: [size], values: user },
    item: { shape: [size], values: item },
    rating: { shape: [size], values: rating },
    weight: { shape: [size], values: weight },
    history: { shape: [size, HISTORY], values: history },
    historyRating: { shape: [size, HISTORY], values: historyRating },
    present: { shape: [size, HISTORY], values: present },
  };
}

/**
 * Trains a network on rows, a tenth of which is kept to stop by; gives its predictions within the scale.
 *
 * @param identity - a hash of the settings and of the kind of network
 */
export async function fitRater(
  task: RatingTask,
  settings: RaterSettings,
  options: LongCallOptions,
  identity: string,
  make: (random: RandomStream) => RatingNetwork,
): Promise<(rows: RatingRows) => Promise<Float32Array>> {
  const { epochs, batchSize, learningRate } = settings;
  await selectBackend();
  const random = new RandomStream(options.seed ?? 0).fork('rater');
  const order = random.fork('held out').shuffle(Int32Array.from(task.train.item.keys()));
  const kept = Math.floor(order.length / 10);
  const held = takeRows(task.train, order.slice(0, kept));
  const rows = order.slice(kept);
  const network = make(random.fork('start'));
  const predict = (given: RatingRows): Promise<Float32Array> =>
    predictRows(network, given, task.scale, batchSize);
  await fitNetwork({
    parameters: network.parameters,
    settings,
    options,
    identity: contentHash([identity, task.train, task.scale]),
    schedule: (stepsPerEpoch) => {
      const steps = epochs * stepsPerEpoch();
      return cosineSchedule(learningRate, steps, { warmUp: Math.min(100, Math.ceil(steps / 10)) });
    },
    clipNorm: 1,
    batches: (_, stream) =>
      shuffledBatches(rows, batchSize, stream, (chosen) => ratingBatch(task.train, chosen, batchSize)),
    loss: (batch, pass) => network.loss(batch, pass),
    validation:
      kept === 0
        ? undefined
        : {
            measure: async () => {
              const values = await predict(held);
              const mse = values.reduce((sum, value, k) => sum + (value - held.rating[k]!) ** 2, 0) / kept;
              return { fit: -mse };
            },
            stopBy: 'fit',
          },
  });
  return predict;
}

async function predictRows(
  network: RatingNetwork,
  rows: RatingRows,
  scale: RatingScale,
  batchSize: number,
): Promise<Float32Array> {
  const result = new Float32Array(rows.item.length);
  for (let from = 0; from < result.length; from += batchSize) {
    const positions = Int32Array.from(
      { length: Math.min(batchSize, result.length - from) },
      (_, k) => from + k,
    );
    const batch = ratingBatch(rows, positions, batchSize);
    const values = tf.tidy(() => network.predict(batchTensors(batch), ForwardPass.inference()));
    const numbers = await values.data<'float32'>();
    values.dispose();
    for (let k = 0; k < positions.length; k++) result[from + k] = clip(numbers[k]!, scale);
  }
  return result;
}
