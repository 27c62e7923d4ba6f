import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { dropThreshold, halfNormals, LAST_MULTIPLIER, saltOffsets } from '../graph/counter-random.js';
import {
  arrayConst,
  binary,
  cast,
  kernel,
  op,
  ops,
  reshape,
  scalarConst,
  sizeOf,
  slice,
  tensor,
  unary,
  type Value,
  value,
} from '../graph/emit.js';
import type { LeafData } from '../graph/graph.js';

/** Names of the kernels behind the functions of `random.ts`. */
export const RANDOM_UNIFORM = 'PalateRandomUniform';
export const RANDOM_NORMAL = 'PalateRandomNormal';
export const DROPOUT_MASK = 'PalateDropoutMask';
export const SAMPLE_ROWS = 'PalateSampleRows';

interface Draw {
  readonly shape: number[];
  readonly salt: number;
}

const word = (number: number): Value => scalarConst('uint32', number >>> 0);

function shiftRight(x: Value, bits: number): Value {
  return op('BitShift', [x, word(bits)], x.shape, { direction: 'RIGHT' });
}

function fold(x: Value, bits: number): Value {
  return binary('BitwiseXor', x, shiftRight(x, bits));
}

/** The same as `finalise` of counter-random.ts. */
function finalise(x: Value): Value {
  const once = binary('Mul', fold(x, 16), word(0x85ebca6b));
  return fold(binary('Mul', fold(once, 13), word(0xc2b2ae35)), 16);
}

/** Seeds already hashed, so that the draws of one step share the work. */
const bases = new WeakMap<Value, Value>();

function baseOf(seed: Value): Value {
  const known = bases.get(seed);
  if (known) {
    // A graph may have been computed since: the node reads the seed again.
    if (seed.from === 'leaf') (seed.source as LeafData).awaited = true;
    return known;
  }
  const words = cast(reshape(seed, [seed.size]), 'uint32');
  let base: Value = arrayConst('uint32', [0]);
  for (let i = 0; i < words.size; i++)
    base = finalise(binary('Add', binary('BitwiseXor', base, slice(words, [i], [1])), word(0x9e3779b9)));
  bases.set(seed, base);
  return base;
}

/** The hashes of a draw, as a uint32 vector whose upper bits are random. */
function hashes(seed: Value, count: number, salt: number): Value {
  const hashed = finalise(binary('Add', baseOf(seed), arrayConst('uint32', saltOffsets(salt))));
  const [k1, k2] = ops(
    'Split',
    [binary('BitwiseOr', hashed, arrayConst('uint32', [1, 0])), arrayConst('int64', [1, 1])],
    [
      { type: 'uint32', shape: [1] },
      { type: 'uint32', shape: [1] },
    ],
    { axis: 0 },
  ) as [Value, Value];
  // Nothing here depends on data: ONNX Runtime folds it into a table when it builds the session.
  const range = op(
    'Range',
    [scalarConst('int64', 0), scalarConst('int64', count), scalarConst('int64', 1)],
    [count],
  );
  const table = finalise(cast(range, 'uint32'));
  return binary('Mul', binary('Add', table, k2), k1);
}

/** The words of a draw: all bits are random. */
function words(seed: Value, count: number, salt: number): Value {
  return binary('Mul', fold(hashes(seed, count, salt), 16), word(LAST_MULTIPLIER));
}

/** Uniform in [0, 1): the upper 24 bits, which float32 holds exactly. */
function uniform(seed: Value, shape: readonly number[], salt: number): Value {
  const top = cast(shiftRight(words(seed, sizeOf(shape), salt), 8), 'float32');
  return reshape(binary('Mul', top, scalarConst('float32', 2 ** -24)), shape);
}

let quantileTable: Value | undefined;

type Seeded = { readonly seed: TensorInfo };

/** Random numbers as a function of a seed tensor and a salt. */
export const randomKernels: readonly KernelConfig[] = [
  kernel<Seeded, Draw>(RANDOM_UNIFORM, ({ inputs, attrs, backend }) =>
    tensor(backend, uniform(value(backend, inputs.seed), attrs.shape, attrs.salt), 'float32'),
  ),
  kernel<Seeded, Draw>(RANDOM_NORMAL, ({ inputs, attrs, backend }) => {
    const bits = fold(words(value(backend, inputs.seed), sizeOf(attrs.shape), attrs.salt), 15);
    quantileTable ??= arrayConst('float32', Array.from(halfNormals()));
    const table = quantileTable;
    const pick = (half: Value): Value => op('Gather', [table, cast(half, 'int32')], half.shape, { axis: 0 });
    const high = pick(shiftRight(bits, 16));
    const low = pick(binary('BitwiseAnd', bits, word(0xffff)));
    return tensor(backend, reshape(binary('Add', high, low), attrs.shape), 'float32');
  }),
  kernel<Seeded, Draw & { readonly rate: number }>(DROPOUT_MASK, ({ inputs, attrs, backend }) => {
    const bits = hashes(value(backend, inputs.seed), sizeOf(attrs.shape), attrs.salt);
    const kept = op('GreaterOrEqual', [bits, word(dropThreshold(attrs.rate))], bits.shape, undefined, 'bool');
    const scaled = binary('Mul', cast(kept, 'float32'), scalarConst('float32', 1 / (1 - attrs.rate)));
    return tensor(backend, reshape(scaled, attrs.shape), 'float32');
  }),
  kernel<Seeded & { readonly logits: TensorInfo }, { readonly samples: number; readonly salt: number }>(
    SAMPLE_ROWS,
    ({ inputs, attrs, backend }) => {
      const logits = value(backend, inputs.logits);
      const [rows, classes] = logits.shape as [number, number];
      const shares = op(
        'CumSum',
        [unary('Softmax', logits, { axis: 1 }), scalarConst('int64', 1)],
        logits.shape,
      );
      const draws = uniform(value(backend, inputs.seed), [rows, attrs.samples, 1], attrs.salt);
      const passed = op(
        'LessOrEqual',
        [reshape(shares, [rows, 1, classes]), draws],
        [rows, attrs.samples, classes],
        undefined,
        'bool',
      );
      const counted = op(
        'ReduceSum',
        [cast(passed, 'int32'), arrayConst('int64', [2])],
        [rows, attrs.samples],
        {
          keepdims: 0,
        },
      );
      // Rounding may leave the last share below 1 and a draw above it.
      return tensor(backend, binary('Min', counted, scalarConst('int32', classes - 1)), 'int32');
    },
  ),
];
