import { backend_util, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  binary,
  type KernelCall,
  kernel,
  op,
  reshape,
  sizeOf,
  slice,
  tensor,
  transpose,
  type Value,
  value,
} from '../graph/emit.js';
import { sameShape } from '../graph/graph.js';
import { onHost } from '../graph/host-kernels.js';
import { activate } from './matrix.js';

/** One spatial axis of a convolution or pooling window. */
export interface WindowAxis {
  /** Extent of what the window slides over. */
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first element. */
  readonly before: number;
}

/** Where a window slides: its spatial axes, and whether channels come last. */
export interface WindowGeometry {
  readonly axes: readonly WindowAxis[];
  readonly channelsLast: boolean;
}

/** Axes along height and width. */
function planeAxes(info: backend_util.Conv2DInfo | backend_util.Conv3DInfo): WindowAxis[] {
  return [
    {
      input: info.inHeight,
      output: info.outHeight,
      kernel: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      before: info.padInfo.top,
    },
    {
      input: info.inWidth,
      output: info.outWidth,
      kernel: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      before: info.padInfo.left,
    },
  ];
}

/** Geometry of what tfjs-core computes for two spatial axes. */
export function geometry2D(info: backend_util.Conv2DInfo): WindowGeometry {
  return { channelsLast: info.dataFormat === 'channelsLast', axes: planeAxes(info) };
}

/** Geometry of what tfjs-core computes for three spatial axes. */
export function geometry3D(info: backend_util.Conv3DInfo): WindowGeometry {
  return {
    channelsLast: info.dataFormat === 'channelsLast',
    axes: [
      {
        input: info.inDepth,
        output: info.outDepth,
        kernel: info.filterDepth,
        stride: info.strideDepth,
        dilation: info.dilationDepth,
        before: info.padInfo.front,
      },
      ...planeAxes(info),
    ],
  };
}

/**
 * Elements that the last window reaches beyond the input; negative where the window never comes to the input's end.
 *
 * tfjs-core's own end padding is not used, as it ignores rounding modes.
 */
export function overhang({ input, output, kernel, stride, dilation, before }: WindowAxis): number {
  return (output - 1) * stride + (kernel - 1) * dilation + 1 - input - before;
}

/** ONNX attributes of a sliding window. */
export function windowAttributes({ axes }: WindowGeometry): Record<string, number[]> {
  return {
    kernel_shape: axes.map((axis) => axis.kernel),
    strides: axes.map((axis) => axis.stride),
    dilations: axes.map((axis) => axis.dilation),
    pads: [...axes.map((axis) => axis.before), ...axes.map((axis) => Math.max(0, overhang(axis)))],
  };
}

/** From batch, space, channels to the order of ONNX: batch, channels, space. */
export function channelsFirst(x: Value, { channelsLast }: WindowGeometry): Value {
  const rank = x.shape.length;
  return channelsLast ? transpose(x, [0, rank - 1, ...spatial(rank)]) : x;
}

/** Back from the order of ONNX to that of the geometry. */
export function channelsRestored(x: Value, { channelsLast }: WindowGeometry): Value {
  return channelsLast ? transpose(x, [0, ...spaceThenChannel(x.shape.length)]) : x;
}

function spatial(rank: number): number[] {
  return Array.from({ length: rank - 2 }, (_, index) => index + 1);
}

function spaceThenChannel(rank: number): number[] {
  return [...Array.from({ length: rank - 2 }, (_, index) => index + 2), 1];
}

/** From space, inputs, outputs to outputs, inputs, space; of depthwise filters, every output channel has one input. */
function onnxFilter(filter: Value, depthwise: boolean): Value {
  const n = filter.shape.length - 2;
  const space = Array.from({ length: n }, (_, index) => index);
  if (!depthwise) return transpose(filter, [n + 1, n, ...space]);
  const [inputs, multiplier] = filter.shape.slice(n) as [number, number];
  return reshape(transpose(filter, [n, n + 1, ...space]), [
    inputs * multiplier,
    1,
    ...filter.shape.slice(0, n),
  ]);
}

function convolve(x: Value, filter: Value, geometry: WindowGeometry, depthwise: boolean): Value {
  const input = channelsFirst(x, geometry);
  const weights = onnxFilter(filter, depthwise);
  const shape = [
    input.shape[0] as number,
    weights.shape[0] as number,
    ...geometry.axes.map((axis) => axis.output),
  ];
  const group = depthwise ? (input.shape[1] as number) : 1;
  return channelsRestored(
    op('Conv', [input, weights], shape, { ...windowAttributes(geometry), group }),
    geometry,
  );
}

/** Spreads values over the windows that they came from: the transpose of a convolution with ONNX weights. */
export function spread(dy: Value, weights: Value, geometry: WindowGeometry, group: number): Value {
  const { axes } = geometry;
  const source = channelsFirst(dy, geometry);
  const shape = [
    source.shape[0] as number,
    (weights.shape[1] as number) * group,
    ...axes.map((axis) => axis.input),
  ];
  const result = op('ConvTranspose', [source, weights], shape, {
    ...windowAttributes(geometry),
    output_padding: axes.map((axis) => Math.max(0, -overhang(axis))),
    group,
  });
  return channelsRestored(result, geometry);
}

/** The gradient of a filter: a convolution of the input with `dy`, with batch and channels exchanged. */
function filterGradient(
  x: Value,
  dy: Value,
  geometry: WindowGeometry,
  filterShape: readonly number[],
  depthwise: boolean,
): Value {
  const { axes } = geometry;
  const input = channelsFirst(x, geometry);
  const output = channelsFirst(dy, geometry);
  const n = axes.length;
  const exchange = [1, 0, ...Array.from({ length: n }, (_, index) => index + 2)];
  const [batch, inputs] = input.shape as [number, number];
  const outputs = output.shape[1] as number;
  // Every element of the filter is a window over all positions of the output.
  const pads = axes.map(overhang);
  const extents = axes.map((axis, index) => {
    const rest = Math.max(0, -(pads[index] as number));
    return axis.kernel + Math.floor(rest / axis.dilation);
  });
  const attributes = {
    kernel_shape: axes.map((axis) => axis.output),
    strides: axes.map((axis) => axis.dilation),
    dilations: axes.map((axis) => axis.stride),
    pads: [...axes.map((axis) => axis.before), ...pads.map((pad) => Math.max(0, pad))],
  };
  const space = input.shape.slice(2);
  const swapped = transpose(input, exchange);
  const source = depthwise ? reshape(swapped, [1, inputs * batch, ...space]) : swapped;
  const full = op(
    'Conv',
    [source, transpose(output, exchange)],
    [depthwise ? 1 : inputs, outputs, ...extents],
    { ...attributes, group: depthwise ? inputs : 1 },
  );
  const cut = slice(
    full,
    full.shape.map(() => 0),
    [...full.shape.slice(0, 2), ...axes.map((axis) => axis.kernel)],
  );
  const ordered = transpose(cut, [...Array.from({ length: n }, (_, index) => index + 2), 0, 1]);
  return reshape(ordered, filterShape);
}

type Convolving = { readonly x: TensorInfo; readonly filter: TensorInfo };
type FilterGradient = { readonly x: TensorInfo; readonly dy: TensorInfo };
type InputGradient = { readonly dy: TensorInfo; readonly filter: TensorInfo };
type Fusing = Convolving & { readonly bias?: TensorInfo; readonly preluActivationWeights?: TensorInfo };
type Attrs = {
  readonly strides: number | number[];
  readonly pad: never;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | number[] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: number[];
  readonly inputShape: number[];
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
};

/** Runs in a graph what is float32 and not empty; the rest, which ONNX has no operation for, in JavaScript. */
export function inGraphIfFloat<I, A>(
  name: string,
  run: (call: KernelCall<I, A>) => TensorInfo | TensorInfo[],
): KernelConfig {
  return kernel<I, A>(name, (call) => {
    const infos = Object.values(call.inputs as Record<string, TensorInfo | undefined>);
    if (infos.every((info) => info === undefined || (info.dtype === 'float32' && sizeOf(info.shape) > 0)))
      return run(call);
    return onHost(name, call);
  });
}

function geometryOf(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: Attrs,
  depthwise: boolean,
): WindowGeometry {
  // The library wants tuples, of four or of five entries by the kernel.
  const input = [...inputShape] as never;
  const filter = [...filterShape] as never;
  const { strides, pad, dimRoundingMode } = attrs;
  if (filterShape.length === 5)
    return geometry3D(
      backend_util.computeConv3DInfo(input, filter, strides as never, (attrs.dilations ?? 1) as never, pad),
    );
  const dilations = attrs.dilations ?? 1;
  if (depthwise && !backend_util.eitherStridesOrDilationsAreOne(strides, dilations))
    throw new Error(
      `Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${strides} and dilations ` +
        `'${dilations}'`,
    );
  const format = depthwise
    ? 'channelsLast'
    : backend_util.convertConv2DDataFormat(attrs.dataFormat ?? 'NHWC');
  return geometry2D(
    backend_util.computeConv2DInfo(
      input,
      filter,
      strides as never,
      dilations as never,
      pad,
      dimRoundingMode,
      depthwise,
      format,
    ),
  );
}

/** A vector along the channels, in the order of the geometry. */
function alongChannels(vector: Value, geometry: WindowGeometry): Value {
  if (geometry.channelsLast || vector.shape.length !== 1 || vector.shape[0] === 1) return vector;
  return reshape(vector, [vector.shape[0] as number, 1, 1]);
}

function forward(name: string, depthwise: boolean): KernelConfig {
  return inGraphIfFloat<Convolving, Attrs>(name, ({ inputs: { x, filter }, attrs, backend }) => {
    const geometry = geometryOf(x.shape, filter.shape, attrs, depthwise);
    return tensor(
      backend,
      convolve(value(backend, x), value(backend, filter), geometry, depthwise),
      'float32',
    );
  });
}

function fused(name: string, depthwise: boolean): KernelConfig {
  return inGraphIfFloat<Fusing, Attrs>(name, ({ inputs, attrs, backend }) => {
    const { x, filter, bias, preluActivationWeights } = inputs;
    const geometry = geometryOf(x.shape, filter.shape, attrs, depthwise);
    const plain = convolve(value(backend, x), value(backend, filter), geometry, depthwise);
    const vector = (info: TensorInfo, from: OrtBackend): Value => alongChannels(value(from, info), geometry);
    const biased = bias ? binary('Add', plain, vector(bias, backend)) : plain;
    const alpha = preluActivationWeights && vector(preluActivationWeights, backend);
    return tensor(backend, activate(biased, attrs.activation, alpha, attrs.leakyreluAlpha), 'float32');
  });
}

function ofFilter(name: string, depthwise: boolean): KernelConfig {
  return inGraphIfFloat<FilterGradient, Attrs>(name, ({ inputs: { x, dy }, attrs, backend }) => {
    const geometry = geometryOf(x.shape, attrs.filterShape, attrs, depthwise);
    const gradient = filterGradient(
      value(backend, x),
      value(backend, dy),
      geometry,
      attrs.filterShape,
      depthwise,
    );
    return tensor(backend, gradient, 'float32');
  });
}

function ofInput(name: string, depthwise: boolean): KernelConfig {
  return inGraphIfFloat<InputGradient, Attrs>(name, (call) => {
    const {
      inputs: { dy, filter },
      attrs,
      backend,
    } = call;
    const geometry = geometryOf(attrs.inputShape, filter.shape, attrs, depthwise);
    const space = geometry.channelsLast ? dy.shape.slice(1, -1) : dy.shape.slice(2);
    // A transposed convolution may name an output that its input does not fill; the CPU backend then drops the rest.
    if (
      !sameShape(
        space,
        geometry.axes.map((axis) => axis.output),
      )
    )
      return onHost(name, call);
    const group = depthwise ? (filter.shape[2] as number) : 1;
    const weights = onnxFilter(value(backend, filter), depthwise);
    return tensor(backend, spread(value(backend, dy), weights, geometry, group), 'float32');
  });
}

/** Convolutions over two and three axes, depthwise and fused, and their gradients. */
export const convolutionKernels: readonly KernelConfig[] = [
  forward('Conv2D', false),
  forward('Conv3D', false),
  forward('DepthwiseConv2dNative', true),
  fused('FusedConv2D', false),
  fused('FusedDepthwiseConv2D', true),
  ofFilter('Conv2DBackpropFilter', false),
  ofFilter('Conv3DBackpropFilterV2', false),
  ofFilter('DepthwiseConv2dNativeBackpropFilter', true),
  ofInput('Conv2DBackpropInput', false),
  ofInput('Conv3DBackpropInputV2', false),
  ofInput('DepthwiseConv2dNativeBackpropInput', true),
];
