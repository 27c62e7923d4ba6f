import type { EmbeddingTable, InteractionLog, RandomStream } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  binaryCrossEntropy,
  Dense,
  Embedding,
  ForwardPass,
  Parameters,
  shuffledBatches,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Shape of both towers. */
export interface TowerConfig {
  readonly dimension: number;
  readonly hidden: number;
  readonly dropout: number;
}

/** Both towers while they are trained. */
export class Towers {
  readonly parameters = new Parameters();
  readonly #users: Embedding;
  readonly #items: Embedding | undefined;
  readonly #texts: tf.Tensor2D | undefined;
  readonly #userLayers: readonly [Dense, Dense];
  readonly #itemLayers: readonly [Dense, Dense];
  readonly #itemCount: number;
  readonly #dropout: number;

  constructor(
    users: number,
    items: number,
    config: TowerConfig,
    vectors: EmbeddingTable | undefined,
    random: RandomStream,
  ) {
    const { dimension, hidden, dropout } = config;
    const { parameters } = this;
    this.#itemCount = items;
    this.#dropout = dropout;
    this.#users = new Embedding(parameters, 'users', users, dimension, random, 0.1);
    this.#items = vectors ? undefined : new Embedding(parameters, 'items', items, dimension, random, 0.1);
    this.#texts = vectors ? parameters.hold(standardised(vectors)) : undefined;
    const tower = (name: string, inputs: number): readonly [Dense, Dense] => [
      new Dense(parameters, `${name}-1`, inputs, hidden, random),
      new Dense(parameters, `${name}-2`, hidden, dimension, random),
    ];
    this.#userLayers = tower('user', dimension);
    this.#itemLayers = tower('item', vectors?.width ?? dimension);
  }

  #tower(layers: readonly [Dense, Dense], x: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const inner = tf.relu(layers[0].apply(pass.dropout(x, this.#dropout)));
    return layers[1].apply(pass.dropout(inner, this.#dropout));
  }

  #user(ids: tf.Tensor, pass: ForwardPass): tf.Tensor {
    return this.#tower(this.#userLayers, this.#users.apply(ids), pass);
  }

  #item(ids: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const vectors = this.#texts
      ? tf.gather(this.#texts as tf.Tensor, ids)
      : (this.#items as Embedding).apply(ids);
    return this.#tower(this.#itemLayers, vectors, pass);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { user, items, label, weight } = batch as Record<'user' | 'items' | 'label' | 'weight', tf.Tensor>;
    const [rows = 0, choices = 0] = items.shape;
    const people = tf.expandDims(this.#user(user, pass), 1);
    const things = tf.reshape(this.#item(tf.reshape(items, [-1]), pass), [rows, choices, -1]);
    const scores = tf.sum(tf.mul(people, things), 2);
    return binaryCrossEntropy(scores, label, tf.mul(tf.onesLike(scores), tf.expandDims(weight, 1)));
  }

  /** Ends of a tower for everyone, row-major. */
  async ends(side: 'user' | 'item'): Promise<Float32Array> {
    const count = side === 'user' ? this.#users.table.shape[0] : this.#itemCount;
    const ends = tf.tidy(() => {
      const ids = tf.range(0, count as number, 1, 'int32');
      const pass = ForwardPass.inference();
      return side === 'user' ? this.#user(ids, pass) : this.#item(ids, pass);
    });
    const values = Float32Array.from(await ends.data<'float32'>());
    ends.dispose();
    return values;
  }
}

/** Text vectors at mean 0 and mean square 1, so that towers of all widths start alike. */
function standardised({ data, width, ids }: EmbeddingTable): tf.Tensor2D {
  const mean = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width]! += data[at]! / ids.size;
  let square = 0;
  for (let at = 0; at < data.length; at++) square += (data[at]! - mean[at % width]!) ** 2;
  const scale = square > 0 ? Math.sqrt(data.length / square) : 1;
  return tf.tensor2d(
    data.map((value, at) => (value - mean[at % width]!) * scale),
    [ids.size, width],
  );
}

/** Each interaction once, first among random items that the user has not. */
export function pairBatches(
  log: InteractionLog,
  batchSize: number,
  negatives: number,
  random: RandomStream,
): (() => Batch)[] {
  const choices = 1 + negatives;
  const n = log.items.size;
  return shuffledBatches(Int32Array.from(log.user.keys()), batchSize, random, (rows, index) => {
    const own = random.fork(`negatives ${index}`);
    const user = new Int32Array(batchSize);
    const items = new Int32Array(batchSize * choices);
    const label = new Float32Array(batchSize * choices);
    const weight = new Float32Array(batchSize);
    for (const [k, row] of rows.entries()) {
      user[k] = log.user[row]!;
      weight[k] = 1;
      items[k * choices] = log.item[row]!;
      label[k * choices] = 1;
      const known = new Set(log.history(log.user[row]!));
      for (let c = 1; c < choices; c++) {
        let item = own.integer(n);
        for (let tries = 0; known.has(item) && tries < 20; tries++) item = own.integer(n);
        items[k * choices + c] = item;
      }
    }
    return {
      user: { shape: [batchSize], values: user },
      items: { shape: [batchSize, choices], values: items },
      label: { shape: [batchSize, choices], values: label },
      weight: { shape: [batchSize], values: weight },
    };
  });
}
