import { backend_util, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import {
  arrayConst,
  binary,
  filled,
  type KernelCall,
  op,
  ops,
  reshape,
  sharedTensor,
  sizeOf,
  tensor,
  type Value,
  value,
} from '../graph/emit.js';
import { onHost } from '../graph/host-kernels.js';
import {
  channelsFirst,
  channelsRestored,
  geometry2D,
  geometry3D,
  inGraphIfFloat,
  overhang,
  spread,
  type WindowGeometry,
  windowAttributes,
} from './convolution.js';

type Attrs = {
  readonly filterSize: never;
  readonly strides: never;
  readonly pad: never;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NDHWC' | 'NCDHW';
};

function geometryOf(shape: readonly number[], attrs: Attrs): WindowGeometry {
  // The library wants tuples, of four or of five entries by the kernel.
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return shape.length === 5
    ? geometry3D(
        backend_util.computePool3DInfo(
          [...shape] as never,
          filterSize,
          strides,
          1,
          pad,
          dimRoundingMode,
          attrs.dataFormat,
        ),
      )
    : geometry2D(
        backend_util.computePool2DInfo([...shape] as never, filterSize, strides, 1, pad, dimRoundingMode),
      );
}

/** ONNX Runtime refuses windows that could lie wholly in the padding. */
function isPoolable({ axes }: WindowGeometry): boolean {
  return axes.every((axis) => axis.before < axis.kernel && overhang(axis) < axis.kernel && axis.output > 0);
}

/** A pooling kernel or its gradient: by `run` inside the graph where ONNX Runtime takes the windows. */
function pooling<I extends Record<string, TensorInfo>>(
  name: string,
  pooled: (inputs: I) => TensorInfo,
  run: (call: KernelCall<I, Attrs>, geometry: WindowGeometry) => TensorInfo,
): KernelConfig {
  return inGraphIfFloat<I, Attrs>(name, (call) => {
    const geometry = geometryOf(pooled(call.inputs).shape, call.attrs);
    if (!isPoolable(geometry)) return onHost(name, call);
    return run(call, geometry);
  });
}

function pooledShape(source: Value, { axes }: WindowGeometry): number[] {
  return [...source.shape.slice(0, 2), ...axes.map((axis) => axis.output)];
}

type X = { readonly x: TensorInfo };
type Gradient = { readonly dy: TensorInfo; readonly input: TensorInfo };

function forward(name: string, onnx: string): KernelConfig {
  return pooling<X>(
    name,
    ({ x }) => x,
    ({ inputs: { x }, backend }, geometry) => {
      // A window of one element at every position.
      if (geometry.axes.every((axis) => axis.kernel === 1 && axis.stride === 1 && axis.output === axis.input))
        return sharedTensor(backend, x, x.shape);
      const source = channelsFirst(value(backend, x), geometry);
      const { dilations: _, ...attributes } = windowAttributes(geometry);
      return tensor(
        backend,
        channelsRestored(op(onnx, [source], pooledShape(source, geometry), attributes), geometry),
        'float32',
      );
    },
  );
}

/** Number of elements of the input under each window, without padding. */
function windowCounts({ axes }: WindowGeometry): number[] {
  return axes.reduce<number[]>(
    (counts, axis) => {
      const along = Array.from({ length: axis.output }, (_, index) => {
        const start = index * axis.stride - axis.before;
        return Math.min(axis.input, start + axis.kernel) - Math.max(0, start);
      });
      return counts.flatMap((count) => along.map((each) => count * each));
    },
    [1],
  );
}

function averageGradient(name: string): KernelConfig {
  return pooling<Gradient>(
    name,
    ({ input }) => input,
    ({ inputs: { dy, input }, backend }, geometry) => {
      const { axes, channelsLast } = geometry;
      const channels = input.shape[channelsLast ? input.shape.length - 1 : 1] as number;
      const extents = axes.map((axis) => axis.output);
      const counts = arrayConst('float32', windowCounts(geometry), channelsLast ? [...extents, 1] : extents);
      const shares = binary('Div', value(backend, dy), counts);
      const ones = filled('float32', [channels, 1, ...axes.map((axis) => axis.kernel)], 1);
      return tensor(backend, spread(shares, ones, geometry, channels), 'float32');
    },
  );
}

function maximumGradient(name: string): KernelConfig {
  return pooling<Gradient>(
    name,
    ({ input }) => input,
    ({ inputs: { dy, input }, backend }, geometry) => {
      const source = channelsFirst(value(backend, input), geometry);
      const shape = pooledShape(source, geometry);
      const { dilations: _, ...attributes } = windowAttributes(geometry);
      const [, winners] = ops(
        'MaxPool',
        [source],
        [
          { type: source.type, shape },
          { type: 'int64', shape },
        ],
        attributes,
      ) as [Value, Value];
      const count = sizeOf(shape);
      const total = sizeOf(source.shape);
      const flat = op(
        'ScatterElements',
        [
          filled('float32', [total], 0),
          reshape(winners, [count]),
          reshape(channelsFirst(value(backend, dy), geometry), [count]),
        ],
        [total],
        { axis: 0, reduction: 'add' },
      );
      return tensor(backend, channelsRestored(reshape(flat, source.shape), geometry), 'float32');
    },
  );
}

/** Averages and maxima over windows of two and three axes, and their gradients. */
export const poolingKernels: readonly KernelConfig[] = [
  forward('AvgPool', 'AveragePool'),
  forward('AvgPool3D', 'AveragePool'),
  forward('MaxPool', 'MaxPool'),
  forward('MaxPool3D', 'MaxPool'),
  averageGradient('AvgPoolGrad'),
  averageGradient('AvgPool3DGrad'),
  maximumGradient('MaxPoolGrad'),
  maximumGradient('MaxPool3DGrad'),
];
