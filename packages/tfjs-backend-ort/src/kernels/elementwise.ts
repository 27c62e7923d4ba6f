import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  binary,
  cast,
  floatConst,
  kernel,
  op,
  scalarConst,
  sharedTensor,
  tensor,
  unary,
  type Value,
  value,
  where,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';

type X = { readonly x: TensorInfo };

/** A float function of one tensor; integers go through float32 and come back truncated, as on the CPU backend. */
function float(name: string, build: (x: Value) => Value, dtype?: GraphDtype): KernelConfig {
  return kernel<X>(name, ({ inputs, backend }) =>
    tensor(
      backend,
      build(cast(value(backend, inputs.x), 'float32')),
      dtype ?? (inputs.x.dtype as GraphDtype),
    ),
  );
}

/** A function that ONNX has for float32 and int32 alike; bools are computed as int32. */
function numeric(name: string, build: (x: Value) => Value): KernelConfig {
  return kernel<X>(name, ({ inputs, backend }) => {
    const x = value(backend, inputs.x);
    return tensor(backend, build(x.type === 'bool' ? cast(x, 'int32') : x), inputs.x.dtype as GraphDtype);
  });
}

/** A rounding: whole numbers stay as they are, also those that float32 has not. */
function rounding(name: 'Ceil' | 'Floor' | 'Round'): KernelConfig {
  return kernel<X>(name, ({ inputs, backend }) =>
    inputs.x.dtype === 'float32'
      ? tensor(backend, unary(name, value(backend, inputs.x)), 'float32')
      : sharedTensor(backend, inputs.x, inputs.x.shape),
  );
}

const one = floatConst(1);
const zero = floatConst(0);

function reciprocal(x: Value): Value {
  return binary('Div', one, x);
}

/** log(1 + x) without losing small x: x * log(u) / (u - 1) with u = 1 + x (Kahan; Goldberg 1991, theorem 4). */
function log1p(x: Value): Value {
  const u = binary('Add', x, one);
  const exact = binary('Div', binary('Mul', x, unary('Log', u)), binary('Sub', u, one));
  const tiny = op('Equal', [u, one], x.shape, undefined, 'bool');
  // Where x is infinite the quotient is not a number; the logarithm alone is right there.
  const huge = op('IsInf', [u], x.shape, undefined, 'bool');
  return where(tiny, x, where(huge, unary('Log', u), exact));
}

/** exp(x) - 1 as 2 sinh(x / 2) exp(x / 2), which keeps small x; for |x| > 1 the plain form loses nothing. */
function expm1(x: Value): Value {
  const half = binary('Mul', x, floatConst(0.5));
  const near = binary('Mul', binary('Mul', floatConst(2), unary('Sinh', half)), unary('Exp', half));
  const far = binary('Sub', unary('Exp', x), one);
  return where(op('Less', [unary('Abs', x), one], x.shape, undefined, 'bool'), near, far);
}

function isNan(x: Value): Value {
  return op('IsNaN', [x], x.shape, undefined, 'bool');
}

function lessThan(x: Value, limit: Value): Value {
  return op('Less', [x, limit], x.shape, undefined, 'bool');
}

/** Kernels of one tensor, element by element. */
export const elementwiseKernels: readonly KernelConfig[] = [
  float('Acos', (x) => unary('Acos', x)),
  float('Acosh', (x) => unary('Acosh', x)),
  float('Asin', (x) => unary('Asin', x)),
  float('Asinh', (x) => unary('Asinh', x)),
  float('Atan', (x) => unary('Atan', x)),
  float('Atanh', (x) => unary('Atanh', x)),
  rounding('Ceil'),
  float('Cos', (x) => unary('Cos', x)),
  float('Cosh', (x) => unary('Cosh', x)),
  float('Elu', (x) => unary('Elu', x)),
  float('Erf', (x) => unary('Erf', x)),
  kernel<X>('Exp', ({ inputs, backend }) => {
    const x = value(backend, inputs.x);
    // Whole numbers have room for an exact argument.
    return tensor(backend, unary('Exp', x.type === 'float32' ? x : cast(x, 'float64')), 'float32');
  }),
  float('Expm1', expm1),
  rounding('Floor'),
  float('Log', (x) => unary('Log', x)),
  float('Log1p', log1p),
  float('Reciprocal', reciprocal),
  rounding('Round'),
  float('Rsqrt', (x) => reciprocal(unary('Sqrt', x))),
  float('Selu', (x) =>
    unary('Selu', x, { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } }),
  ),
  float('Sigmoid', (x) => unary('Sigmoid', x)),
  float('Sin', (x) => unary('Sin', x)),
  float('Sinh', (x) => unary('Sinh', x)),
  float('Softplus', (x) => unary('Softplus', x)),
  float('Sqrt', (x) => unary('Sqrt', x)),
  float('Tan', (x) => unary('Tan', x)),
  float('Tanh', (x) => unary('Tanh', x)),
  float(
    'IsFinite',
    (x) => {
      const infinite = op('IsInf', [x], x.shape, undefined, 'bool');
      return unary('Not', binary('Or', infinite, isNan(x)));
    },
    'bool',
  ),
  float('IsInf', (x) => op('IsInf', [x], x.shape, undefined, 'bool'), 'bool'),
  float('IsNan', isNan, 'bool'),
  numeric('Abs', (x) => unary('Abs', x)),
  numeric('Neg', (x) => unary('Neg', x)),
  numeric('Relu', (x) =>
    x.type === 'float32' ? unary('Relu', x) : binary('Max', x, scalarConst(x.type, 0)),
  ),
  numeric('Relu6', (x) => op('Clip', [x, scalarConst(x.type, 0), scalarConst(x.type, 6)], x.shape)),
  numeric('Square', (x) => binary('Mul', x, x)),
  numeric('Sign', (x) => {
    const nought = scalarConst(x.type, 0);
    // As a difference of comparisons, which are both false for what is not a number.
    const above = cast(op('Greater', [x, nought], x.shape, undefined, 'bool'), x.type);
    return binary('Sub', above, cast(op('Less', [x, nought], x.shape, undefined, 'bool'), x.type));
  }),
  kernel<X>('LogicalNot', ({ inputs, backend }) =>
    tensor(backend, unary('Not', cast(value(backend, inputs.x), 'bool')), 'bool'),
  ),
  kernel<X, { alpha: number }>('Step', ({ inputs, attrs, backend }) => {
    const x = cast(value(backend, inputs.x), 'float32');
    const positive = op('Greater', [x, zero], x.shape, undefined, 'bool');
    const steps =
      attrs.alpha === 0 ? cast(positive, 'float32') : where(positive, one, floatConst(attrs.alpha));
    return tensor(backend, where(isNan(x), x, steps), inputs.x.dtype as GraphDtype);
  }),
  kernel<X, { alpha: number }>('LeakyRelu', ({ inputs, attrs, backend }) => {
    const x = cast(value(backend, inputs.x), 'float32');
    return tensor(backend, unary('LeakyRelu', x, { alpha: { float: attrs.alpha } }), 'float32');
  }),
  kernel<{ x: TensorInfo; alpha: TensorInfo }>('Prelu', ({ inputs, backend }) => {
    const x = cast(value(backend, inputs.x), 'float32');
    const alpha = cast(value(backend, inputs.alpha), 'float32');
    return tensor(backend, where(lessThan(x, zero), binary('Mul', x, alpha), x), 'float32');
  }),
  kernel<{ dy: TensorInfo; y: TensorInfo }>('EluGrad', ({ inputs, backend }) => {
    const dy = value(backend, inputs.dy);
    const y = value(backend, inputs.y);
    const slope = where(lessThan(y, zero), binary('Add', y, one), one);
    return tensor(backend, binary('Mul', dy, slope), 'float32');
  }),
  kernel<X, { clipValueMin: number; clipValueMax: number }>('ClipByValue', ({ inputs, attrs, backend }) => {
    const x = value(backend, inputs.x);
    const dtype = inputs.x.dtype as GraphDtype;
    const source = x.type === 'bool' ? cast(x, 'int32') : x;
    // An int32 tensor clipped at a fraction is clipped in float32 and truncated, as on the CPU backend.
    const whole = Number.isInteger(attrs.clipValueMin) && Number.isInteger(attrs.clipValueMax);
    const working = source.type === 'int32' && !whole ? cast(source, 'float32') : source;
    const limits = [
      scalarConst(working.type, attrs.clipValueMin),
      scalarConst(working.type, attrs.clipValueMax),
    ];
    return tensor(backend, op('Clip', [working, ...limits], working.shape), dtype);
  }),
  kernel<X>('Identity', ({ inputs, backend }) => sharedTensor(backend, inputs.x, inputs.x.shape)),
  kernel<X, { dtype: string }>('Cast', ({ inputs, attrs, backend }) =>
    castTensor(backend, inputs.x, attrs.dtype),
  ),
  kernel<{ real: TensorInfo; imag: TensorInfo }>('Complex', ({ inputs, backend }) =>
    backend.makeComplexTensor(
      sharedTensor(backend, inputs.real, inputs.real.shape),
      sharedTensor(backend, inputs.imag, inputs.imag.shape),
    ),
  ),
  kernel<{ input: TensorInfo }>('Real', ({ inputs, backend }) =>
    sharedTensor(backend, backend.complexParts(inputs.input).real, inputs.input.shape),
  ),
  kernel<{ input: TensorInfo }>('Imag', ({ inputs, backend }) =>
    sharedTensor(backend, backend.complexParts(inputs.input).imag, inputs.input.shape),
  ),
  kernel<X>('ComplexAbs', ({ inputs, backend }) => {
    const { real, imag } = backend.complexParts(inputs.x);
    const re = unary('Abs', value(backend, real));
    const im = unary('Abs', value(backend, imag));
    // Scaled by the longer leg, so that squares neither vanish nor overflow.
    const longer = binary('Max', re, im);
    const ratio = binary('Div', binary('Min', re, im), longer);
    const length = binary('Mul', longer, unary('Sqrt', binary('Add', binary('Mul', ratio, ratio), one)));
    const nothing = op('Equal', [longer, zero], longer.shape, undefined, 'bool');
    return tensor(backend, where(nothing, zero, length), 'float32');
  }),
];

function castTensor(backend: OrtBackend, x: TensorInfo, dtype: string): TensorInfo {
  if (dtype === x.dtype) return sharedTensor(backend, x, x.shape);
  if (dtype === 'complex64') {
    const real = castTensor(backend, x, 'float32');
    const imag = backend.makeHostTensor(new Float32Array(value(backend, real).size), x.shape, 'float32');
    return backend.makeComplexTensor(real, imag);
  }
  const source = x.dtype === 'complex64' ? backend.complexParts(x).real : x;
  return tensor(backend, cast(value(backend, source), dtype as GraphDtype), dtype as GraphDtype);
}
