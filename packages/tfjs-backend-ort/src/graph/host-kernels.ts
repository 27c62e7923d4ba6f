import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { getKernel, type KernelConfig, type TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import type { GraphDtype } from './graph.js';

type Inputs = Readonly<Record<string, TensorInfo | TensorInfo[] | undefined>>;

let host: MathBackendCPU | undefined;

let ran: string[] = [];

/** Names of the kernels that ran in JavaScript since the last call: their results are numbers, no part of a graph. */
export function takeHostRuns(): readonly string[] {
  const names = ran;
  ran = [];
  return names;
}

/** A CPU backend of our own, which TensorFlow.js does not know. */
function hostBackend(): MathBackendCPU {
  if (!host) {
    host = new MathBackendCPU();
    // It greets its first user with an advertisement.
    Reflect.set(host, 'firstUse', false);
  }
  return host;
}

/** Some kernels of the CPU backend read the rank of the tensors they are given. */
function ranked(info: TensorInfo): TensorInfo {
  return Object.assign(info, { rank: info.shape.length });
}

function toHost(backend: OrtBackend, info: TensorInfo): TensorInfo {
  const cpu = hostBackend();
  if (info.dtype === 'complex64') {
    const { real, imag } = backend.complexParts(info);
    const parts = { real: toHost(backend, real), imag: toHost(backend, imag) };
    const made = cpu.makeTensorInfo(info.shape, 'complex64');
    cpu.data.get(made.dataId).complexTensorInfos = parts;
    return ranked(made);
  }
  const values = backend.readSync(info.dataId);
  return ranked({ dataId: cpu.write(values, info.shape, info.dtype), shape: info.shape, dtype: info.dtype });
}

function fromHost(backend: OrtBackend, info: TensorInfo): TensorInfo {
  const cpu = hostBackend();
  const { dtype } = info;
  if (dtype === 'complex64') {
    const { complexTensorInfos: parts } = cpu.data.get(info.dataId);
    const { real, imag } = parts as { real: TensorInfo; imag: TensorInfo };
    const shaped = (part: TensorInfo): TensorInfo => fromHost(backend, { ...part, shape: info.shape });
    return backend.makeComplexTensor(shaped(real), shaped(imag));
  }
  const values = cpu.data.get(info.dataId).values as ArrayLike<number> | Uint8Array[];
  if (dtype === 'string') return backend.makeStringTensor([...(values as Uint8Array[])], info.shape);
  const copy =
    dtype === 'float32'
      ? Float32Array.from(values as ArrayLike<number>)
      : dtype === 'int32'
        ? Int32Array.from(values as ArrayLike<number>)
        : Uint8Array.from(values as ArrayLike<number>);
  return backend.makeHostTensor(copy, info.shape, dtype as GraphDtype);
}

/**
 * Runs one call of a kernel by the CPU backend's code, where the graph has no exact form for what it was given.
 *
 * @param kernelName - a kernel that the CPU backend has
 */
export function onHost<R extends TensorInfo | TensorInfo[] = TensorInfo>(
  kernelName: string,
  call: { readonly inputs: unknown; readonly attrs: unknown; readonly backend: OrtBackend },
): R {
  // TensorFlow.js types all inputs and attributes alike; each kernel reads its own.
  return hostKernel(kernelName)?.kernelFunc(call as never) as R;
}

/**
 * A kernel that runs in JavaScript by the CPU backend's code: the graph so far is computed, the inputs are read, and
 * the result is a new leaf. For operations that ONNX has no exact form for.
 *
 * @returns undefined if the CPU backend has no such kernel either
 */
export function hostKernel(kernelName: string): KernelConfig | undefined {
  const config = getKernel(kernelName, 'cpu');
  if (!config) return undefined;
  return {
    kernelName,
    backendName: 'ort',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const ort = backend as OrtBackend;
      // Only the tracing of a graph reads the list; without a bound it would grow when nothing is traced.
      if (ran.length < 16) ran.push(kernelName);
      const cpu = hostBackend();
      const before = new Set<TensorInfo>();
      const convert = (info: TensorInfo): TensorInfo => {
        const made = toHost(ort, info);
        before.add(made);
        return made;
      };
      // Inputs are an object of tensors by name or, of kernels that take any number, a list.
      const converted = Array.isArray(inputs) ? [] : {};
      for (const [name, value] of Object.entries(inputs as Inputs))
        Reflect.set(converted, name, Array.isArray(value) ? value.map(convert) : value && convert(value));
      const outputs = config.kernelFunc({ inputs: converted, backend: cpu, attrs: attrs ?? {} });
      const results = (Array.isArray(outputs) ? outputs : [outputs]) as TensorInfo[];
      const made = results.map((info) => fromHost(ort, info));
      for (const info of [...results, ...before]) cpu.disposeData(info.dataId, true);
      return Array.isArray(outputs) ? made : (made[0] as TensorInfo);
    },
  };
}

/** A kernel of this backend that leaves string tensors to the CPU backend's code. */
export function withStrings(config: KernelConfig): KernelConfig {
  return {
    ...config,
    kernelFunc: (call) => {
      const [first] = Object.values(call.inputs) as [TensorInfo];
      if (first.dtype !== 'string') return config.kernelFunc(call);
      return (hostKernel(config.kernelName) as KernelConfig).kernelFunc(call);
    },
  };
}
