import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  binary,
  broadcastShape,
  cast,
  kernel,
  op,
  scalarConst,
  tensor,
  unary,
  type Value,
  value,
  where,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';
import { withStrings } from '../graph/host-kernels.js';
import { scatteredSum } from './indexing.js';

type Pair = { readonly a: TensorInfo; readonly b: TensorInfo };

/** The two operands; bools as int32, for which ONNX has arithmetic. */
function operands(backend: OrtBackend, { a, b }: Pair): [Value, Value] {
  const x = value(backend, a);
  const y = value(backend, b);
  const type = x.type === 'bool' ? 'int32' : x.type;
  return [cast(x, type), cast(y, type)];
}

function arithmetic(name: string, build: (a: Value, b: Value) => Value): KernelConfig {
  return kernel<Pair>(name, ({ inputs, backend }) => {
    const [a, b] = operands(backend, inputs);
    return tensor(backend, build(a, b), inputs.a.dtype as GraphDtype);
  });
}

/** Computes int32 in float64, where every int32 and its quotients are exact enough, and truncates back. */
function wide(build: (a: Value, b: Value) => Value): (a: Value, b: Value) => Value {
  return (a, b) =>
    a.type === 'float32' ? build(a, b) : cast(build(cast(a, 'float64'), cast(b, 'float64')), a.type);
}

function comparison(name: string, build: (a: Value, b: Value) => Value): KernelConfig {
  return withStrings(
    kernel<Pair>(name, ({ inputs, backend }) => {
      const [a, b] = operands(backend, inputs);
      return tensor(backend, build(a, b), 'bool');
    }),
  );
}

function logical(name: string, onnx: string): KernelConfig {
  return kernel<Pair>(name, ({ inputs, backend }) =>
    tensor(
      backend,
      binary(onnx, cast(value(backend, inputs.a), 'bool'), cast(value(backend, inputs.b), 'bool')),
      'bool',
    ),
  );
}

/** Add, Sub and Multiply of complex tensors come down to their parts. */
function withComplex(
  config: KernelConfig,
  combine: (re1: Value, im1: Value, re2: Value, im2: Value) => [Value, Value],
): KernelConfig {
  const { kernelFunc } = config;
  return kernel<Pair>(config.kernelName, (call) => {
    const { inputs, backend } = call;
    // TensorFlow.js types the calls of all kernels alike.
    if (inputs.a.dtype !== 'complex64') return kernelFunc(call as never) as TensorInfo;
    const a = backend.complexParts(inputs.a);
    const b = backend.complexParts(inputs.b);
    const view = (part: TensorInfo, of: TensorInfo): Value => value(backend, { ...part, shape: of.shape });
    const [re, im] = combine(
      view(a.real, inputs.a),
      view(a.imag, inputs.a),
      view(b.real, inputs.b),
      view(b.imag, inputs.b),
    );
    return backend.makeComplexTensor(tensor(backend, re, 'float32'), tensor(backend, im, 'float32'));
  });
}

/** The larger or smaller of two; not a number if either is none. */
function extreme(name: 'Max' | 'Min', a: Value, b: Value): Value {
  const chosen = binary(name, a, b);
  if (a.type !== 'float32') return chosen;
  const isNone = (x: Value): Value => op('IsNaN', [x], x.shape, undefined, 'bool');
  return where(isNone(a), a, where(isNone(b), b, chosen));
}

/** The remainder with the sign of the divisor, from the C remainder. */
function modulo(a: Value, b: Value): Value {
  const rest = remainder(a, b);
  const zero = scalarConst(a.type, 0);
  const same = binary('Equal', binary('Less', a, zero, 'bool'), binary('Less', b, zero, 'bool'), 'bool');
  return where(same, rest, remainder(binary('Add', rest, b), b));
}

/** C's remainder, with the sign of the dividend. */
function remainder(a: Value, b: Value): Value {
  return op('Mod', [a, b], broadcastShape(a.shape, b.shape), { fmod: 1 });
}

function floorDivide(a: Value, b: Value): Value {
  return unary('Floor', binary('Div', a, b));
}

/** Kernels of two tensors, element by element with broadcasting. */
export const binaryKernels: readonly KernelConfig[] = [
  withComplex(
    arithmetic('Add', (a, b) => scatteredSum(a, b) ?? binary('Add', a, b)),
    (re1, im1, re2, im2) => [binary('Add', re1, re2), binary('Add', im1, im2)],
  ),
  withComplex(
    arithmetic('Sub', (a, b) => binary('Sub', a, b)),
    (re1, im1, re2, im2) => [binary('Sub', re1, re2), binary('Sub', im1, im2)],
  ),
  withComplex(
    arithmetic('Multiply', (a, b) => binary('Mul', a, b)),
    (re1, im1, re2, im2) => [
      binary('Sub', binary('Mul', re1, re2), binary('Mul', im1, im2)),
      binary('Add', binary('Mul', re1, im2), binary('Mul', im1, re2)),
    ],
  ),
  arithmetic(
    'RealDiv',
    wide((a, b) => binary('Div', a, b)),
  ),
  arithmetic('Maximum', (a, b) => extreme('Max', a, b)),
  arithmetic('Minimum', (a, b) => extreme('Min', a, b)),
  arithmetic('Mod', wide(modulo)),
  arithmetic(
    'Pow',
    wide((a, b) => binary('Pow', a, b)),
  ),
  arithmetic('SquaredDifference', (a, b) => {
    const difference = binary('Sub', a, b);
    return binary('Mul', difference, difference);
  }),
  kernel<Pair>('FloorDiv', ({ inputs, backend }) => {
    const [a, b] = operands(backend, inputs);
    return tensor(backend, wide(floorDivide)(a, b), 'int32');
  }),
  kernel<Pair>('BitwiseAnd', ({ inputs, backend }) => {
    const [a, b] = operands(backend, inputs);
    return tensor(backend, binary('BitwiseAnd', a, b), inputs.a.dtype as GraphDtype);
  }),
  comparison('Equal', (a, b) => binary('Equal', a, b, 'bool')),
  comparison('NotEqual', (a, b) => unary('Not', binary('Equal', a, b, 'bool'))),
  comparison('Greater', (a, b) => binary('Greater', a, b, 'bool')),
  comparison('GreaterEqual', (a, b) => binary('GreaterOrEqual', a, b, 'bool')),
  comparison('Less', (a, b) => binary('Less', a, b, 'bool')),
  comparison('LessEqual', (a, b) => binary('LessOrEqual', a, b, 'bool')),
  logical('LogicalAnd', 'And'),
  logical('LogicalOr', 'Or'),
  kernel<readonly TensorInfo[]>('AddN', ({ inputs, backend }) => {
    const [first] = inputs as readonly [TensorInfo];
    const type = first.dtype === 'bool' ? 'int32' : (first.dtype as GraphDtype);
    const sum = inputs
      .map((each) => cast(value(backend, each), type))
      .reduce((total, each) => scatteredSum(total, each) ?? binary('Add', total, each));
    return tensor(backend, sum, first.dtype as GraphDtype);
  }),
  kernel<{ condition: TensorInfo; t: TensorInfo; e: TensorInfo }>('Select', ({ inputs, backend }) => {
    const t = value(backend, inputs.t);
    const e = value(backend, inputs.e);
    const condition = cast(value(backend, inputs.condition), 'bool');
    const type = t.type === 'bool' ? 'int32' : t.type;
    return tensor(backend, where(condition, cast(t, type), cast(e, type)), inputs.t.dtype as GraphDtype);
  }),
];
