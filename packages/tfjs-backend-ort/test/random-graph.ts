import { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';

/** Values of a tensor. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

/** One operation of a random graph: its name, the tensors it reads by position, and how to run it. */
export interface Step {
  readonly name: string;
  readonly reads: readonly number[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** Inputs, and operations each of which adds one tensor to them. */
export interface RandomGraph {
  readonly inputs: readonly Numbers[];
  readonly steps: readonly Step[];
}

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -2.5,
  3,
  100,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3e9,
];
const INTS = [0, 1, -1, 2, 3, 5, -7, 2_147_483_647, -2_147_483_648];

type Make = (random: RandomStream, x: tf.Tensor, y: tf.Tensor) => Step['run'] | undefined;

const UNARY = {
  abs: tf.abs,
  neg: tf.neg,
  exp: tf.exp,
  log: tf.log,
  sqrt: tf.sqrt,
  relu: tf.relu,
  sigmoid: tf.sigmoid,
  tanh: tf.tanh,
  square: tf.square,
  sign: tf.sign,
  floor: tf.floor,
  ceil: tf.ceil,
  round: tf.round,
  softplus: tf.softplus,
  isNaN: tf.isNaN,
  isFinite: tf.isFinite,
  isInf: tf.isInf,
  reciprocal: tf.reciprocal,
  zerosLike: tf.zerosLike,
} as const;

const BINARY = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  floorDiv: tf.floorDiv,
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  greaterEqual: tf.greaterEqual,
} as const;

const REDUCTIONS = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min, prod: tf.prod } as const;

/** Kinds of operations; one that does not fit the tensors gives nothing. */
const KINDS: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(Object.entries(UNARY).map(([name, run]) => [name, (): Step['run'] => (x) => run(x)])),
  ...Object.fromEntries(
    Object.entries(BINARY).map(([name, run]): [string, Make] => [
      name,
      (_, x, y) =>
        x.dtype === y.dtype && x.dtype !== 'bool' ? (a, b) => run(a as tf.Tensor, b as tf.Tensor) : undefined,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(REDUCTIONS).map(([name, run]): [string, Make] => [
      name,
      (random, x) => {
        if (x.rank === 0 || x.dtype === 'bool') return undefined;
        const axis = random.integer(x.rank);
        const keep = random.integer(2) === 1;
        const all = random.integer(4) === 0;
        return (a) => run(a, all ? undefined : axis, keep);
      },
    ]),
  ),
  argMax: (random, x) => {
    if (x.rank === 0 || x.dtype === 'bool') return undefined;
    const axis = random.integer(x.rank);
    return (a) => tf.argMax(a, axis);
  },
  argMin: (random, x) => {
    if (x.rank === 0 || x.dtype === 'bool') return undefined;
    const axis = random.integer(x.rank);
    return (a) => tf.argMin(a, axis);
  },
  cast: (random) => {
    const type = (['float32', 'int32', 'bool'] as const)[random.integer(3)] as 'float32';
    return (a) => tf.cast(a, type);
  },
  where: (_, x, y) =>
    x.dtype === y.dtype && x.shape.join() === y.shape.join() && x.dtype !== 'bool'
      ? (a, b) => tf.where(tf.less(a as tf.Tensor, b as tf.Tensor), a as tf.Tensor, b as tf.Tensor)
      : undefined,
  softmax: (_, x) => (x.rank > 0 && x.dtype === 'float32' ? (a) => tf.softmax(a) : undefined),
  clipByValue: (_, x) => (x.dtype === 'float32' ? (a) => tf.clipByValue(a, -1, 2) : undefined),
  flatten: () => (a) => tf.reshape(a, [-1]),
  transpose: () => (a) => tf.transpose(a),
  reverse: (random, x) => {
    if (x.rank === 0) return undefined;
    const axis = random.integer(x.rank);
    return (a) => tf.reverse(a, axis);
  },
  concat: (random, x, y) => {
    if (x.rank === 0 || x.dtype !== y.dtype || x.shape.join() !== y.shape.join()) return undefined;
    const axis = random.integer(x.rank);
    return (a, b) => tf.concat([a as tf.Tensor, b as tf.Tensor], axis);
  },
  stack: (_, x, y) =>
    x.dtype === y.dtype && x.shape.join() === y.shape.join()
      ? (a, b) => tf.stack([a as tf.Tensor, b as tf.Tensor])
      : undefined,
  tile: (_, x) =>
    x.rank > 0 && x.size < 30
      ? (a) =>
          tf.tile(
            a,
            x.shape.map((_each, k) => (k === 0 ? 2 : 1)),
          )
      : undefined,
  pad: (_, x) =>
    x.rank > 0 && x.rank < 5 && x.dtype !== 'bool'
      ? (a) =>
          tf.pad(
            a,
            x.shape.map((): [number, number] => [1, 0]),
            2,
          )
      : undefined,
  slice: (random, x) => {
    if (x.rank === 0) return undefined;
    const begin = x.shape.map((extent) => random.integer(extent + 1));
    const size = x.shape.map((extent, k) => random.integer(extent - (begin[k] as number) + 1));
    return (a) => tf.slice(a, begin, size);
  },
  stridedSlice: (random, x) => {
    if (x.rank === 0) return undefined;
    const any = (): number[] => x.shape.map(() => random.integer(9) - 4);
    const [begin, end] = [any(), any()];
    const strides = x.shape.map(() => [1, 1, 2, -1][random.integer(4)] as number);
    const [beginMask, endMask, shrink] = [0, 0, 0].map(() => random.integer(2 ** x.rank)) as [
      number,
      number,
      number,
    ];
    return (a) => tf.stridedSlice(a, begin, end, strides, beginMask, endMask, 0, 0, shrink);
  },
  gather: (random, x, y) => {
    if (x.rank === 0 || y.dtype !== 'int32' || y.rank > 2) return undefined;
    const axis = random.integer(x.rank);
    return (a, b) => tf.gather(a as tf.Tensor, b as tf.Tensor, axis);
  },
  oneHot: (_, x) => (x.dtype === 'int32' && x.rank < 3 ? (a) => tf.oneHot(a, 3) : undefined),
  cumsum: (random, x) => {
    if (x.rank === 0 || x.dtype === 'bool') return undefined;
    const axis = random.integer(x.rank);
    return (a) => tf.cumsum(a, axis);
  },
  topk: (_, x) =>
    x.rank > 0 && x.dtype !== 'bool' && (x.shape.at(-1) as number) > 1
      ? (a) => tf.topk(a, 2).indices
      : undefined,
  unsortedSegmentSum: (_, x, y) =>
    x.rank > 0 && x.dtype !== 'bool' && y.dtype === 'int32' && y.rank === 1 && y.shape[0] === x.shape[0]
      ? (a, b) => tf.unsortedSegmentSum(a as tf.Tensor, b as tf.Tensor1D, 3)
      : undefined,
  matMul: (random, x, y) => {
    if (x.rank !== 2 || y.rank !== 2 || x.dtype !== 'float32' || y.dtype !== 'float32') return undefined;
    const [first, second] = [random.integer(2) === 1, random.integer(2) === 1];
    return (a, b) => tf.matMul(a as tf.Tensor, b as tf.Tensor, first, second);
  },
};

export function numbersOf(tensor: tf.Tensor): Numbers {
  return { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) };
}

export function tensorOf({ shape, dtype, values }: Numbers): tf.Tensor {
  return tf.tensor(values as number[], [...shape], dtype as 'float32');
}

/** Frees every tensor that a function makes. */
function inTidy<T>(run: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = run();
  });
  return result as T;
}

function randomInput(random: RandomStream): Numbers {
  const shape = Array.from(
    { length: random.integer(4) },
    () => [0, 1, 2, 2, 3, 3][random.integer(6)] as number,
  );
  const dtype = ['float32', 'float32', 'int32', 'bool'][random.integer(4)] as string;
  const pool = dtype === 'float32' ? FLOATS : dtype === 'int32' ? INTS : [0, 1];
  // Half of the tensors are tame, so that what is compared is not all lost in infinities.
  const tame = dtype === 'bool' ? 2 : dtype === 'float32' ? 8 : 5;
  const few = random.integer(2) === 0 ? pool.length : tame;
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, dtype, values: Array.from({ length: size }, () => pool[random.integer(few)] as number) };
}

/** A random graph and what the backend in use makes of each of its operations; ends at the first one that throws. */
export function randomGraph(seed: number): {
  readonly graph: RandomGraph;
  readonly results: readonly (Numbers | Error)[];
} {
  const random = new RandomStream(seed);
  return inTidy(() => {
    const inputs = Array.from({ length: 3 }, () => randomInput(random));
    const tensors = inputs.map(tensorOf);
    const steps: Step[] = [];
    const results: (Numbers | Error)[] = [];
    const names = Object.keys(KINDS);
    for (let tries = 0; tries < 40 && steps.length < 3; tries++) {
      const name = names[random.integer(names.length)] as string;
      const reads = [random.integer(tensors.length), random.integer(tensors.length)];
      const given = reads.map((at) => tensors[at] as tf.Tensor);
      const run = (KINDS[name] as Make)(random, given[0] as tf.Tensor, given[1] as tf.Tensor);
      if (!run) continue;
      steps.push({ name, reads, run });
      try {
        const made = run(...given);
        results.push(numbersOf(made));
        tensors.push(made);
      } catch (error) {
        results.push(error as Error);
        break;
      }
    }
    return { graph: { inputs, steps }, results };
  });
}

/** Runs a graph on the backend in use: all of it is recorded before anything is read, the last operation first. */
export function runGraph({ inputs, steps }: RandomGraph): (Numbers | Error)[] {
  return inTidy(() => {
    const tensors: (tf.Tensor | Error)[] = inputs.map(tensorOf);
    for (const { reads, run } of steps) {
      const given = reads.map((at) => tensors[at]);
      const bad = given.find((each) => each instanceof Error);
      try {
        tensors.push(bad ?? run(...(given as tf.Tensor[])));
      } catch (error) {
        tensors.push(error as Error);
      }
    }
    const made = tensors.slice(inputs.length);
    return made
      .reverse()
      .map((each) => {
        if (each instanceof Error) return each;
        try {
          return numbersOf(each);
        } catch (error) {
          return error as Error;
        }
      })
      .reverse();
  });
}

/** How two results differ, if they do. */
export function differenceOf(expected: Numbers | Error, found: Numbers | Error): string | undefined {
  if (expected instanceof Error || found instanceof Error) {
    if (expected instanceof Error && found instanceof Error) return undefined;
    return `${describe(expected)} against ${describe(found)}`;
  }
  const same =
    expected.dtype === found.dtype &&
    expected.shape.join() === found.shape.join() &&
    expected.values.length === found.values.length &&
    expected.values.every((value, k) => isClose(value, found.values[k] as number, expected.dtype));
  return same ? undefined : `${describe(expected)} against ${describe(found)}`;
}

function describe(result: Numbers | Error): string {
  if (result instanceof Error) return `the error ${result.message.slice(0, 160)}`;
  return `${result.dtype} [${result.shape}] of ${result.values.join(' ')}`;
}

function isClose(a: number, b: number, dtype: string): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  if (dtype !== 'float32') return false;
  return Math.abs(a - b) <= 1e-5 + 1e-4 * Math.max(Math.abs(a), Math.abs(b));
}
