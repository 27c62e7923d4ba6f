import { broadcast_util, type KernelConfig, type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  binary,
  cast,
  floatConst,
  kernel,
  op,
  reshape,
  sizeOf,
  tensor,
  transpose,
  unary,
  type Value,
  value,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';

type Operands = { readonly a: TensorInfo; readonly b: TensorInfo };
type Transposes = { readonly transposeA: boolean; readonly transposeB: boolean };

function swapLast(x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  perm[rank - 1] = rank - 2;
  perm[rank - 2] = rank - 1;
  return transpose(x, perm);
}

/** The matrix product of the last two axes, with transposition folded into the multiplication. */
function matMul(a: Value, b: Value, transposeA = false, transposeB = false): Value {
  const ra = a.shape.length;
  const rb = b.shape.length;
  const rows = a.shape[transposeA ? ra - 1 : ra - 2] as number;
  const inner = a.shape[transposeA ? ra - 2 : ra - 1] as number;
  const columns = b.shape[transposeB ? rb - 2 : rb - 1] as number;
  const innerB = b.shape[transposeB ? rb - 1 : rb - 2] as number;
  util.assert(
    inner === innerB,
    () =>
      `Error in matMul: inner shapes (${inner}) and (${innerB}) of Tensors with shapes ${a.shape} and ${b.shape} ` +
      `and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  if (sizeOf(b.shape.slice(0, -2)) === 1 && !transposeA && (ra > 2 || rb > 2)) {
    // One matrix for the whole batch: a single tall product beats many small ones.
    const tall = matMul(
      reshape(a, [sizeOf(a.shape) / inner, inner]),
      reshape(b, b.shape.slice(-2)),
      false,
      transposeB,
    );
    return reshape(tall, shape);
  }
  if (!transposeA && !transposeB) return op('MatMul', [a, b], shape);
  if (a.type !== 'float32')
    return op('MatMul', [transposeA ? swapLast(a) : a, transposeB ? swapLast(b) : b], shape);
  const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (ra === 2 && rb === 2) return op('Gemm', [a, b], shape, flags);
  return op('FusedMatMul', [a, b], shape, flags, 'float32', 'com.microsoft');
}

/** An activation by its tfjs name. */
export function activate(x: Value, name: string | undefined, alpha?: Value, slope = 0.2): Value {
  switch (name) {
    case undefined:
    case 'linear':
      return x;
    case 'relu':
      return unary('Relu', x);
    case 'relu6':
      return op('Clip', [x, floatConst(0), floatConst(6)], x.shape);
    case 'elu':
      return unary('Elu', x);
    case 'sigmoid':
      return unary('Sigmoid', x);
    case 'prelu': {
      const below = op('Less', [x, floatConst(0)], x.shape, undefined, 'bool');
      return op('Where', [below, binary('Mul', x, alpha as Value), x], x.shape, undefined, 'float32');
    }
    case 'leakyrelu':
      return unary('LeakyRelu', x, { alpha: { float: slope } });
    default:
      throw new Error(`Activation ${name} has not been implemented for the ort backend.`);
  }
}

/** Matrix products. */
export const matrixKernels: readonly KernelConfig[] = [
  kernel<Operands, Transposes>('BatchMatMul', ({ inputs, attrs, backend }) => {
    const a = value(backend, inputs.a);
    const b = value(backend, inputs.b);
    const type = a.type === 'bool' ? 'int32' : a.type;
    const product = matMul(cast(a, type), cast(b, type), attrs.transposeA, attrs.transposeB);
    return tensor(backend, product, inputs.a.dtype as GraphDtype);
  }),
  kernel<
    Operands & { readonly bias?: TensorInfo; readonly preluActivationWeights?: TensorInfo },
    Transposes & { readonly activation?: string; readonly leakyreluAlpha?: number }
  >('_FusedMatMul', ({ inputs, attrs, backend }) => {
    const product = matMul(
      value(backend, inputs.a),
      value(backend, inputs.b),
      attrs.transposeA,
      attrs.transposeB,
    );
    const biased = inputs.bias ? binary('Add', product, value(backend, inputs.bias)) : product;
    const alpha = inputs.preluActivationWeights && value(backend, inputs.preluActivationWeights);
    return tensor(
      backend,
      activate(biased, attrs.activation, alpha, attrs.leakyreluAlpha),
      inputs.a.dtype as GraphDtype,
    );
  }),
];
