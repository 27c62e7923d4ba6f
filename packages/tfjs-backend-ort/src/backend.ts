import { checkOptions, InvalidInputError, PalateError, UnsupportedError } from '@palate/core';
import {
  type BackendTimingInfo,
  type backend_util,
  buffer,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type Rank,
  type TensorBuffer,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import {
  constant,
  type GraphDtype,
  type LeafData,
  leaf,
  nodesRecorded,
  record,
  sameShape,
  sizeOf,
  type Value,
} from './graph.js';
import type { OnnxType } from './onnx-encoder.js';
import { type OrtSessionOptions, OrtTensor } from './ort-session.js';
import { inputName, outputName, type Plan, planGraph } from './plan.js';
import { type CachedSession, SessionCache } from './session-cache.js';

type DataId = TensorInfo['dataId'];
type HostArray = Float32Array | Int32Array | Uint8Array;

/** Options of the backend. */
export interface OrtBackendOptions extends OrtSessionOptions {
  /** Sessions kept at once; the least recently used goes first. Default 128. */
  readonly maxSessions?: number;
  /** Bound on the intermediate bytes of all kept sessions together, by an upper estimate. Default 4 GiB. */
  readonly maxSessionBytes?: number;
  /** Recorded operations after which a graph is computed though nobody reads it. Default 20,000. */
  readonly maxPendingNodes?: number;
  /** Bytes of freed tensors kept for reuse. Default 1 GiB. */
  readonly maxPooledBytes?: number;
}

/** @internal Listens to a step while it is traced. */
export interface OrtTracer {
  /** A tensor was made of numbers in JavaScript. */
  wrote(data: LeafData): void;
  /** A graph was computed. */
  computed(plan: Plan, session: CachedSession): void;
}

/** What the backend holds of one tensor's data. */
interface TensorData {
  readonly dtype: DataType;
  refCount: number;
  /** A leaf once computed; undefined for complex and string tensors. */
  value: Value | undefined;
  /** The leaf, or pending value, under other shapes. */
  views: Value[] | undefined;
  readonly strings: Uint8Array[] | undefined;
  readonly complex: { real: TensorInfo; imag: TensorInfo } | undefined;
}

/** What {@link OrtBackend.statistics} tells. */
export interface OrtStatistics {
  /** Sessions kept now. */
  readonly sessions: number;
  /** Sessions built since the start. */
  readonly sessionsBuilt: number;
  /** Graphs served by a session that was there already. */
  readonly sessionsReused: number;
  /** Graphs computed. */
  readonly runs: number;
  /** Milliseconds spent inside ONNX Runtime. */
  readonly runMilliseconds: number;
}

/**
 * The TensorFlow.js backend `'ort'`: kernels record a graph, and reading a tensor computes everything that is still
 * alive in one ONNX Runtime session.
 *
 * Reads are synchronous underneath, so `dataSync` and `arraySync` work as on the CPU backend.
 */
export class OrtBackend extends KernelBackend {
  readonly #data: DataStorage<TensorData>;
  /** Tensors alive whose value is a node. Insertion order is the order of the session's outputs. */
  readonly #pending = new Set<TensorData>();
  readonly #cache: SessionCache;
  readonly #maxPendingNodes: number;
  readonly #maxPooledBytes: number;
  readonly #pool = new Map<string, HostArray[]>();
  #pooledBytes = 0;
  /** Leaves given up while recorded nodes still read them. */
  #awaitedFrees: LeafData[] = [];
  #flushedAt = nodesRecorded();
  #runs = 0;
  #runMilliseconds = 0;
  /** @internal What {@link compile} listens to while it traces a step. */
  tracer: OrtTracer | undefined;

  constructor(options: OrtBackendOptions = {}) {
    super();
    checkOptions('OrtBackend', options, [
      'threads',
      'executionProviders',
      'optimisation',
      'spinning',
      'maxSessions',
      'maxSessionBytes',
      'maxPendingNodes',
      'maxPooledBytes',
    ]);
    this.#data = new DataStorage<TensorData>(this, engine());
    this.#cache = new SessionCache(options, options.maxSessions ?? 128, options.maxSessionBytes ?? 2 ** 32);
    this.#maxPendingNodes = options.maxPendingNodes ?? 20_000;
    this.#maxPooledBytes = options.maxPooledBytes ?? 2 ** 30;
  }

  /** Counts of sessions and runs. */
  statistics(): OrtStatistics {
    return {
      sessions: this.#cache.size,
      sessionsBuilt: this.#cache.built,
      sessionsReused: this.#cache.reused,
      runs: this.#runs,
      runMilliseconds: this.#runMilliseconds,
    };
  }

  // --- Tensors -----------------------------------------------------------------------------------------------------

  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: DataId,
    values: backend_util.BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    if (dtype === 'complex64') {
      throw new UnsupportedError({
        expected: 'complex tensors to be made by tf.complex(real, imag)',
        received: 'complex64 values written directly',
        hint: 'Make the real and imaginary parts first.',
      });
    }
    if (dtype === 'string') {
      this.#data.set(dataId, {
        dtype,
        refCount,
        value: undefined,
        views: undefined,
        strings: values as Uint8Array[],
        complex: undefined,
      });
      return;
    }
    // A copy: the graph reads the numbers later, when the caller may have reused its array.
    const data: LeafData = {
      values: toHostArray(values as ArrayLike<number> | null, dtype, sizeOf(shape)),
      shared: false,
      awaited: false,
      released: false,
    };
    this.tracer?.wrote(data);
    this.#data.set(dataId, {
      dtype,
      refCount,
      value: leaf(data, dtype as GraphDtype, shape),
      views: undefined,
      strings: undefined,
      complex: undefined,
    });
  }

  /** Makes a tensor of values at hand (not copied; the array belongs to the backend from then on). */
  makeHostTensor(values: HostArray, shape: readonly number[], dtype: GraphDtype): TensorInfo {
    const data: LeafData = { values, shared: true, awaited: false, released: false };
    this.tracer?.wrote(data);
    return this.#store(dtype, leaf(data, dtype, shape));
  }

  /** Makes a string tensor of UTF-8 values. */
  makeStringTensor(values: Uint8Array[], shape: readonly number[]): TensorInfo {
    return { dataId: this.write(values, [...shape], 'string'), shape: [...shape], dtype: 'string' };
  }

  /** Makes a complex tensor that holds on to its two parts. */
  makeComplexTensor(real: TensorInfo, imag: TensorInfo): TensorInfo {
    const dataId = {};
    this.#data.set(dataId, {
      dtype: 'complex64',
      refCount: 1,
      value: undefined,
      views: undefined,
      strings: undefined,
      complex: { real, imag },
    });
    return { dataId, shape: real.shape, dtype: 'complex64' };
  }

  /** The two parts of a complex tensor; they stay the tensor's own. */
  complexParts(info: TensorInfo): { real: TensorInfo; imag: TensorInfo } {
    const { complex } = this.#data.get(info.dataId);
    if (!complex)
      throw new InvalidInputError({
        expected: 'a complex tensor',
        received: `a ${info.dtype} tensor`,
        hint: 'Make it with tf.complex.',
      });
    return complex;
  }

  /** Makes a tensor of a graph value. */
  makeGraphTensor(value: Value, dtype: GraphDtype): TensorInfo {
    if (value.from === 'node' && value.size === 0) {
      return this.makeHostTensor(toHostArray(null, dtype, 0), value.shape, dtype);
    }
    if (value.from === 'constant') {
      const { bytes } = value.source as { bytes: Uint8Array };
      const copy = bytes.slice();
      const values =
        dtype === 'float32'
          ? new Float32Array(copy.buffer)
          : dtype === 'int32'
            ? new Int32Array(copy.buffer)
            : copy;
      const data: LeafData = { values, shared: false, awaited: false, released: false };
      // A constant of the graph needs no proof that it stays the same: it is reported like any written tensor.
      this.tracer?.wrote(data);
      return this.#store(dtype, leaf(data, dtype, value.shape));
    }
    if (value.from === 'leaf') (value.source as LeafData).shared = true;
    return this.#store(dtype, value);
  }

  #store(dtype: GraphDtype, value: Value): TensorInfo {
    const dataId = {};
    const data: TensorData = {
      dtype,
      refCount: 1,
      value,
      views: undefined,
      strings: undefined,
      complex: undefined,
    };
    this.#data.set(dataId, data);
    if (value.from === 'node') this.#pending.add(data);
    return { dataId, shape: [...value.shape], dtype };
  }

  /** The graph value of a tensor, under the tensor's own shape. */
  graphValue(info: TensorInfo): Value {
    const data = this.#data.get(info.dataId);
    const { value } = data;
    if (!value)
      throw new UnsupportedError({
        expected: 'a float32, int32 or bool tensor',
        received: `a ${info.dtype} tensor`,
        hint: 'This kernel has no version for that type on the ort backend.',
      });
    if (sameShape(value.shape, info.shape)) return value;
    const known = data.views?.find((view) => sameShape(view.shape, info.shape));
    if (known) return known;
    const view =
      value.from === 'leaf'
        ? leaf(value.source as LeafData, value.type, info.shape)
        : (record('Reshape', [value, constant('int64', info.shape, [info.shape.length])], undefined, [
            { type: value.type, shape: info.shape },
          ])[0] as Value);
    data.views ??= [];
    data.views.push(view);
    return view;
  }

  override refCount(dataId: DataId): number {
    return this.#data.has(dataId) ? this.#data.get(dataId).refCount : 0;
  }

  override incRef(dataId: DataId): void {
    this.#data.get(dataId).refCount++;
  }

  /** Takes one reference away without freeing. */
  decRef(dataId: DataId): void {
    if (this.#data.has(dataId)) this.#data.get(dataId).refCount--;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const data = this.#data.get(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.complex) {
      this.disposeData(data.complex.real.dataId);
      this.disposeData(data.complex.imag.dataId);
    }
    this.#data.delete(dataId);
    this.#pending.delete(data);
    if (data.value?.from === 'leaf') this.#free(data.value.source as LeafData);
    return true;
  }

  /** Frees a tensor that a kernel made for itself. */
  disposeIntermediateTensorInfo(info: TensorInfo): void {
    this.disposeData(info.dataId);
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override async time(run: () => void): Promise<BackendTimingInfo> {
    const before = this.#runMilliseconds;
    this.flush();
    run();
    this.flush();
    return { kernelMs: this.#runMilliseconds - before };
  }

  override dispose(): void {
    this.#cache.dispose();
    this.#pool.clear();
    this.#pooledBytes = 0;
  }

  // --- Reading -----------------------------------------------------------------------------------------------------

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const data = this.#data.get(dataId);
    if (data.complex) {
      return mergeComplex(
        this.readSync(data.complex.real.dataId) as Float32Array,
        this.readSync(data.complex.imag.dataId) as Float32Array,
      );
    }
    if (data.strings) return data.strings;
    if (data.value?.from === 'node') this.flush();
    const found = data.value?.source as LeafData;
    found.shared = true;
    return found.values;
  }

  /** A tensor's values as a tfjs buffer. */
  bufferSync<R extends Rank, D extends DataType>(info: TensorInfo): TensorBuffer<R, D> {
    const values = this.readSync(info.dataId);
    const shape = info.shape as never;
    if (info.dtype === 'string')
      return buffer(
        shape,
        'string',
        (values as Uint8Array[]).map((each) => util.decodeString(each)),
      ) as unknown as TensorBuffer<R, D>;
    return buffer(shape, info.dtype, values as Float32Array) as unknown as TensorBuffer<R, D>;
  }

  // --- Computing ---------------------------------------------------------------------------------------------------

  /** Called between kernels: keeps the recorded graph within its bound. */
  betweenKernels(): void {
    if (nodesRecorded() - this.#flushedAt > this.#maxPendingNodes) this.flush();
  }

  /** Computes everything recorded that a live tensor needs. */
  flush(): void {
    this.#flushedAt = nodesRecorded();
    if (this.#pending.size === 0) return;
    const live = [...this.#pending];
    const plan = planGraph(live.map((data) => data.value as Value));
    const entry = this.#cache.get(plan);
    const results = this.runSession(entry, plan.inputs, plan.outputs);
    this.tracer?.computed(plan, entry);
    const leaves = new Map<Value, LeafData>();
    plan.outputs.forEach((value, index) => {
      leaves.set(value, {
        values: results[index] as HostArray,
        shared: false,
        awaited: false,
        released: false,
      });
    });
    const taken = new Set<LeafData>();
    for (const data of live) {
      const value = data.value as Value;
      const found = leaves.get(value) as LeafData;
      if (taken.has(found)) found.shared = true;
      taken.add(found);
      data.value = leaf(found, value.type, value.shape);
      data.views = undefined;
    }
    this.#pending.clear();
    for (const value of plan.inputs) (value.source as LeafData).awaited = false;
    const frees = this.#awaitedFrees;
    this.#awaitedFrees = [];
    for (const each of frees) {
      each.awaited = false;
      this.#free(each);
    }
  }

  /** Runs a session on leaves; gives its outputs' values, in memory that belongs to the caller. */
  runSession(
    { session }: CachedSession,
    inputs: readonly Value[],
    outputs: readonly { readonly type: OnnxType; readonly shape: readonly number[] }[],
  ): HostArray[] {
    const feeds: Record<string, OrtTensor> = {};
    for (let i = 0; i < inputs.length; i++) {
      const { type, shape, source } = inputs[i] as Value;
      const data = source as LeafData;
      if (data.released)
        throw new InvalidInputError({
          expected: 'a tensor that has not been freed',
          received: 'a graph value kept across a read',
          hint: 'This is a bug of a kernel: take graph values after reading.',
        });
      feeds[inputName(i)] = makeTensor(type, data.values, shape);
    }
    const fetches: Record<string, OrtTensor> = {};
    const results: HostArray[] = [];
    for (let i = 0; i < outputs.length; i++) {
      const { type, shape } = outputs[i] as Value;
      const values = this.#allocate(type, sizeOf(shape));
      results.push(values);
      fetches[outputName(i)] = makeTensor(type, values, shape);
    }
    const start = performance.now();
    try {
      session.runInto(feeds, fetches);
    } catch (cause) {
      throw new PalateError('graph-failed', {
        expected: 'the graph to be computed',
        received: cause instanceof Error ? cause.message : String(cause),
        hint: 'See the operation that ONNX Runtime names; indices out of range are the usual cause.',
        cause,
      });
    }
    this.#runs++;
    this.#runMilliseconds += performance.now() - start;
    return results;
  }

  /** @internal Another tensor with the same numbers, computed if need be, but data of its own. */
  aliasOf(info: TensorInfo): TensorInfo {
    const source = this.computedValue(info).source as LeafData;
    source.shared = true;
    return this.adoptValues(source.values, info.shape, info.dtype as GraphDtype, true);
  }

  /** @internal The value of a tensor's data as it is now, under the data's own shape. */
  peek(dataId: DataId): Value | undefined {
    return this.#data.has(dataId) ? this.#data.get(dataId).value : undefined;
  }

  /** @internal The computed value of a tensor, under the tensor's shape. */
  computedValue(info: TensorInfo): Value {
    if (this.#data.get(info.dataId).value?.from === 'node') this.flush();
    return this.graphValue(info);
  }

  /** @internal Puts new numbers in the place of computed ones that no other tensor shares. */
  replaceValues(dataId: DataId, values: HostArray): void {
    const data = this.#data.get(dataId);
    const before = data.value as Value;
    const made: LeafData = { values, shared: false, awaited: false, released: false };
    data.value = leaf(made, before.type, before.shape);
    data.views = undefined;
    this.#free(before.source as LeafData);
  }

  /** @internal Makes a tensor of numbers that a session wrote. */
  adoptValues(values: HostArray, shape: readonly number[], dtype: GraphDtype, shared: boolean): TensorInfo {
    const made: LeafData = { values, shared, awaited: false, released: false };
    return this.#store(dtype, leaf(made, dtype, shape));
  }

  #allocate(type: OnnxType, size: number): HostArray {
    const pooled = this.#pool.get(`${type}${size}`)?.pop();
    if (pooled) {
      this.#pooledBytes -= pooled.byteLength;
      return pooled;
    }
    return type === 'float32'
      ? new Float32Array(size)
      : type === 'int32'
        ? new Int32Array(size)
        : new Uint8Array(size);
  }

  /** Gives a leaf's memory to later tensors, unless something may still look at it. */
  #free(data: LeafData): void {
    if (data.shared || data.released) return;
    if (data.awaited) {
      this.#awaitedFrees.push(data);
      return;
    }
    data.released = true;
    const { values } = data;
    if (values.length < 64 || this.#pooledBytes + values.byteLength > this.#maxPooledBytes) return;
    const type = values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'bool';
    const key = `${type}${values.length}`;
    const free = this.#pool.get(key);
    if (free) free.push(values);
    else this.#pool.set(key, [values]);
    this.#pooledBytes += values.byteLength;
  }
}

function makeTensor(type: OnnxType, values: HostArray, shape: readonly number[]): OrtTensor {
  return new OrtTensor(type as 'float32', values as Float32Array, shape);
}

function mergeComplex(real: Float32Array, imag: Float32Array): Float32Array {
  const merged = new Float32Array(real.length * 2);
  for (let i = 0; i < real.length; i++) {
    merged[2 * i] = real[i] as number;
    merged[2 * i + 1] = imag[i] as number;
  }
  return merged;
}

function toHostArray(values: ArrayLike<number> | null, dtype: DataType, size: number): HostArray {
  const made =
    dtype === 'float32'
      ? new Float32Array(size)
      : dtype === 'int32'
        ? new Int32Array(size)
        : new Uint8Array(size);
  if (values) made.set(values);
  return made;
}

/** Explains an unmapped kernel. */
export function unmappedKernel(name: string, recent: readonly string[]): UnsupportedError {
  return new UnsupportedError({
    expected: `a kernel that the ort backend has`,
    received: `${name} (after the ONNX operations ${recent.join(', ') || 'none'})`,
    hint: `Compute this part with tf.setBackend('cpu'), or write it with other operations.`,
  });
}
