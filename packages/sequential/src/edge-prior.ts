import type { EdgePrior, RandomStream } from '@palate/core';
import type { Batch, BatchTensors, ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderTask } from './fit-encoder.js';
import type { SequenceEncoder } from './sequence-encoder.js';

/** Weight of the edges between items, where nothing is said. */
export const EDGE_STRENGTH = 0.3;

/** Most edges that a step draws. */
const EDGES_PER_STEP = 1024;

/**
 * A task with a prior on the item vectors: `strength` times the mean of `w |e_i - e_j|^2` joins the loss, over edges drawn
 * anew at every step. What joined items have in common reaches those that few have met.
 */
export class TaskWithEdges implements EncoderTask {
  readonly #task: EncoderTask;
  readonly #encoder: SequenceEncoder;
  readonly #prior: EdgePrior;
  readonly #sources: Int32Array;

  /** @param prior - at least one edge */
  constructor(task: EncoderTask, encoder: SequenceEncoder, prior: EdgePrior) {
    this.#task = task;
    this.#encoder = encoder;
    this.#prior = prior;
    this.#sources = prior.edges.sources();
  }

  batches(random: RandomStream): readonly (() => Batch)[] {
    return this.#task
      .batches(random)
      .map((make, index) => () => ({ ...make(), ...this.#drawn(random.fork(`edges ${index}`)) }));
  }

  #drawn(random: RandomStream): Batch {
    const { targets, weights, length } = this.#prior.edges;
    const count = Math.min(EDGES_PER_STEP, length);
    const [from, to, weight] = [new Int32Array(count), new Int32Array(count), new Float32Array(count)];
    for (let k = 0; k < count; k++) {
      const edge = random.integer(length);
      from[k] = this.#sources[edge]!;
      to[k] = targets[edge]!;
      weight[k] = weights[edge]!;
    }
    const shape = [count];
    return {
      edgeFrom: { shape, values: from },
      edgeTo: { shape, values: to },
      edgeWeight: { shape, values: weight },
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { edgeFrom, edgeTo, edgeWeight } = batch as Record<
      'edgeFrom' | 'edgeTo' | 'edgeWeight',
      tf.Tensor1D
    >;
    const table = this.#encoder.items.of(pass) as tf.Tensor;
    const apart = tf.sum(tf.square(tf.sub(tf.gather(table, edgeFrom), tf.gather(table, edgeTo))), 1);
    const pull = tf.mul(tf.mean(tf.mul(apart, edgeWeight)), this.#prior.strength);
    return tf.add(this.#task.loss(batch, pass), pull) as tf.Scalar;
  }
}
