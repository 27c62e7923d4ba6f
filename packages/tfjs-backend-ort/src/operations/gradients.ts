import * as tf from '@tensorflow/tfjs-core';
import { SCATTER_ROWS } from '../kernels/indexing.js';
import { mirroredPositions } from '../kernels/rearrangement.js';
import { tfjsGradients } from '../vendor/tfjs-gradients.js';

type Axes = { readonly axis?: number | number[] | null };

/** Spreads the gradient of a reduction over the reduced axes, without the tensor of ones that tfjs-core multiplies by. */
function spread(dy: tf.Tensor, x: tf.Tensor, axis: Axes['axis']): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const kept = x.shape.map((extent, each) => (axes.includes(each) ? 1 : extent));
  return tf.broadcastTo(tf.reshape(dy, kept), x.shape);
}

/** Sums a gradient over the axes along which its operand was broadcast. */
function collapse(gradient: tf.Tensor, operand: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(operand.shape, gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, operand.shape);
}

/** The gradient of an extreme goes to the operand that was chosen; to the first where both are equal. */
function choice(
  kernelName: string,
  first: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  second: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const where = (chosen: tf.Tensor): tf.Tensor => tf.mul(dy as tf.Tensor, tf.cast(chosen, 'float32'));
      return { a: () => collapse(where(first(a, b)), a), b: () => collapse(where(second(a, b)), b) };
    },
  };
}

const ofGather = (tfjsGradients as readonly tf.GradConfig[]).find(
  ({ kernelName }) => kernelName === tf.GatherV2,
) as tf.GradConfig;

const better: readonly tf.GradConfig[] = [
  {
    kernelName: tf.GatherV2,
    inputsToSave: ['x', 'indices'],
    gradFunc: (dy, saved, attrs) => {
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      // Attributes of all kernels have one type; those of this one are known.
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      const others = ofGather.gradFunc(dy, saved, attrs);
      // Rows of a table, by far the most: their gradient is theirs alone, in a table of the same size.
      if (tf.getBackend() !== 'ort' || axis !== 0 || batchDims > 0) return others;
      const [rows] = x.shape as [number];
      const ofTable = (): tf.Tensor =>
        tf.engine().runKernel(SCATTER_ROWS, { dy: dy as tf.Tensor, indices }, { rows }) as tf.Tensor;
      return { ...others, x: ofTable };
    },
  },
  {
    kernelName: tf.Sum,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => ({
      x: () => spread(dy as tf.Tensor, saved[0] as tf.Tensor, (attrs as Axes).axis),
    }),
  },
  {
    kernelName: tf.Mean,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved as [tf.Tensor];
      const count = x.size / (dy as tf.Tensor).size;
      return { x: () => spread(tf.div(dy as tf.Tensor, count), x, (attrs as Axes).axis) };
    },
  },
  {
    kernelName: tf.Relu,
    outputsToSave: [true],
    gradFunc: (dy, saved) => ({
      x: () => tf.mul(dy as tf.Tensor, tf.cast(tf.greater(saved[0] as tf.Tensor, 0), 'float32')),
    }),
  },
  {
    kernelName: tf.Sigmoid,
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [y] = saved as [tf.Tensor];
      return { x: () => tf.mul(dy as tf.Tensor, tf.sub(y, tf.square(y))) };
    },
  },
  // tfjs-core's own of the next three forget that operands may have been broadcast.
  choice(tf.Maximum, tf.greaterEqual, tf.less),
  choice(tf.Minimum, tf.lessEqual, tf.greater),
  {
    kernelName: tf.SquaredDifference,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const slope = (): tf.Tensor => tf.mul(dy as tf.Tensor, tf.mul(tf.sub(a, b), 2));
      return { a: () => collapse(slope(), a), b: () => collapse(tf.neg(slope()), b) };
    },
  },
  // tfjs-core's own forgets what the mirror images add.
  {
    kernelName: tf.MirrorPad,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved as [tf.Tensor];
      // As above.
      const { paddings, mode } = attrs as unknown as { paddings: [number, number][]; mode: string };
      const foldAxis = (folded: tf.Tensor, [before, after]: [number, number], axis: number): tf.Tensor => {
        if (before === 0 && after === 0) return folded;
        const extent = x.shape[axis] as number;
        const positions = tf.tensor1d(
          mirroredPositions(extent, before, after, mode === 'symmetric'),
          'int32',
        );
        const order = folded.shape.map((_, each) => (each === 0 ? axis : each === axis ? 0 : each));
        return tf.transpose(tf.unsortedSegmentSum(tf.transpose(folded, order), positions, extent), order);
      };
      return { x: () => paddings.reduce(foldAxis, dy as tf.Tensor) };
    },
  },
];

let registered = false;

/**
 * Registers tfjs-core's gradients, which its entry for Node leaves out, where the program has none yet. Those of Sum,
 * Mean, Relu and Sigmoid are replaced by equal ones that move less memory, those of Maximum, Minimum and
 * SquaredDifference by ones that are right for broadcast operands, that of MirrorPad by one that counts the mirror
 * images. tfjs-core has none for StridedSlice, TopK and Einsum.
 */
export function registerGradients(): void {
  if (registered) return;
  registered = true;
  for (const config of tfjsGradients as readonly tf.GradConfig[])
    if (!tf.getGradient(config.kernelName)) tf.registerGradient(config);
  for (const config of better) {
    tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
}
