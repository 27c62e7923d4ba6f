import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import {
  binary,
  cast,
  int64Const,
  kernel,
  op,
  ops,
  reduce,
  reshape,
  scalarConst,
  sizeOf,
  tensor,
  unary,
  type Value,
  value,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';

/** Names of the kernels behind the functions of `fused.ts`. */
export const LAYER_NORM = 'PalateLayerNorm';
export const LAYER_NORM_GRAD = 'PalateLayerNormGrad';
export const CROSS_ENTROPY = 'PalateCrossEntropy';
export const CROSS_ENTROPY_GRAD = 'PalateCrossEntropyGrad';
export const LOG_SOFTMAX = 'PalateLogSoftmax';
export const GATHER_IN_RANGE = 'PalateGatherInRange';

/** Layer normalisation and softmax cross entropy, each in few passes over memory. */
export const fusedKernels: readonly KernelConfig[] = [
  kernel<
    { readonly x: TensorInfo; readonly gain: TensorInfo; readonly bias: TensorInfo },
    { readonly epsilon: number }
  >(LAYER_NORM, ({ inputs, attrs, backend }) => {
    const x = value(backend, inputs.x);
    const rows = [...x.shape.slice(0, -1), 1];
    const [y, mean, deviation] = ops(
      'LayerNormalization',
      [x, value(backend, inputs.gain), value(backend, inputs.bias)],
      [
        { type: 'float32', shape: x.shape },
        { type: 'float32', shape: rows },
        { type: 'float32', shape: rows },
      ],
      { axis: -1, epsilon: { float: attrs.epsilon } },
    );
    return [y, mean, deviation].map((each) => tensor(backend, each!, 'float32'));
  }),
  kernel<{
    readonly dy: TensorInfo;
    readonly x: TensorInfo;
    readonly gain: TensorInfo;
    readonly mean: TensorInfo;
    readonly inverse: TensorInfo;
  }>(LAYER_NORM_GRAD, ({ inputs, backend }) => {
    const dy = value(backend, inputs.dy);
    const gain = value(backend, inputs.gain);
    const inverse = value(backend, inputs.inverse);
    const { shape } = dy;
    const width = shape.at(-1) as number;
    const leading = shape.slice(0, -1).map((_, axis) => axis);
    const rows = [...shape.slice(0, -1), 1];
    const normal = binary(
      'Mul',
      binary('Sub', value(backend, inputs.x), value(backend, inputs.mean)),
      inverse,
    );
    const share = reshape(binary('Mul', gain, scalarConst('float32', 1 / width)), [width, 1]);
    // Means over a row of what the gain weighs are products with it: they read, and write next to nothing.
    const meanOf = (x: Value): Value =>
      reshape(
        op('MatMul', [reshape(x, [sizeOf(shape) / width, width]), share], [sizeOf(shape) / width, 1]),
        rows,
      );
    const matching = binary('Mul', dy, normal);
    const along = binary('Mul', normal, meanOf(matching));
    const centred = binary('Sub', binary('Mul', dy, gain), meanOf(dy));
    const dx = binary('Mul', binary('Sub', centred, along), inverse);
    return [
      tensor(backend, dx, 'float32'),
      tensor(backend, reduce('ReduceSum', matching, leading), 'float32'),
      tensor(backend, reduce('ReduceSum', dy, leading), 'float32'),
    ];
  }),
  kernel<{ readonly logits: TensorInfo; readonly labels: TensorInfo }>(
    CROSS_ENTROPY,
    ({ inputs, backend }) => {
      const logits = value(backend, inputs.logits);
      const [rows] = logits.shape as [number, number];
      const logShares = unary('LogSoftmax', logits, { axis: 1 });
      const labels = reshape(value(backend, inputs.labels), [rows, 1]);
      const picked = op('GatherElements', [logShares, labels], [rows, 1], { axis: 1 });
      return [
        tensor(backend, unary('Neg', reshape(picked, [rows])), 'float32'),
        tensor(backend, logShares, 'float32'),
      ];
    },
  ),
  kernel<{ readonly dy: TensorInfo; readonly logShares: TensorInfo; readonly labels: TensorInfo }>(
    CROSS_ENTROPY_GRAD,
    ({ inputs, backend }) => {
      const logShares = value(backend, inputs.logShares);
      const [rows, classes] = logShares.shape as [number, number];
      const dy = reshape(value(backend, inputs.dy), [rows, 1]);
      const spread = binary('Mul', unary('Exp', logShares), dy);
      // The label's share loses 1; positions of the labels in the flat matrix.
      const starts = binary(
        'Mul',
        op('Range', [scalarConst('int64', 0), scalarConst('int64', rows), scalarConst('int64', 1)], [rows]),
        scalarConst('int64', classes),
      );
      const at = binary('Add', starts, reshape(cast(value(backend, inputs.labels), 'int64'), [rows]));
      const flat = op(
        'ScatterElements',
        [reshape(spread, [rows * classes]), at, unary('Neg', reshape(dy, [rows]))],
        [rows * classes],
        { axis: 0, reduction: 'add' },
      );
      return tensor(backend, op('Reshape', [flat, int64Const([rows, classes])], [rows, classes]), 'float32');
    },
  ),
  kernel<{ readonly logits: TensorInfo }>(LOG_SOFTMAX, ({ inputs, backend }) =>
    tensor(backend, unary('LogSoftmax', value(backend, inputs.logits), { axis: -1 }), 'float32'),
  ),
  kernel<{ readonly x: TensorInfo; readonly indices: TensorInfo }>(GATHER_IN_RANGE, ({ inputs, backend }) => {
    const x = value(backend, inputs.x);
    const indices = cast(value(backend, inputs.indices), 'int32');
    const picked = op('Gather', [x, indices], [...indices.shape, ...x.shape.slice(1)], { axis: 0 });
    return tensor(backend, picked, inputs.x.dtype as GraphDtype);
  }),
];
