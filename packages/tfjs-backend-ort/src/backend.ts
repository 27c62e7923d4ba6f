import { totalmem } from 'node:os';
import {
  checkNumber,
  checkOptions,
  InvalidInputError,
  type PalateError,
  UnsupportedError,
} from '@palate/core';
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
import { component, dependents, leavesOf } from './components.js';
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
import { explainFailure, findOversized, type GraphFailure } from './graph-failure.js';
import { type HostArray, MemoryPool } from './memory-pool.js';
import type { OnnxType } from './onnx-encoder.js';
import { inputName, outputName, type Plan, planGraph } from './plan.js';
import { type OrtRuntimeReport, ortRuntime } from './runtime/choose-runtime.js';
import { OrtTensor } from './runtime/ort-tensor.js';
import type { OrtSessionOptions } from './runtime/session-driver.js';
import { endWasmEngine } from './runtime/wasm-engine.js';
import { type CachedSession, SessionCache } from './session-cache.js';

type DataId = TensorInfo['dataId'];

/** Options of the backend. */
export interface OrtBackendOptions extends OrtSessionOptions {
  /** Sessions kept at once; the least recently used goes first. Default 128. */
  readonly maxSessions?: number;
  /** Bound on the intermediate bytes of all kept sessions together, by an upper estimate. Default 4 GiB. */
  readonly maxSessionBytes?: number;
  /** Recorded operations after which a graph is computed though nobody reads it. Default 20,000. */
  readonly maxPendingNodes?: number;
  /** Most bytes of freed tensors kept for reuse; what the last 64 runs did not need goes sooner. Default 512 MiB. */
  readonly maxPooledBytes?: number;
  /**
   * Bytes of the largest tensor that is computed; larger ones fail. Default: the machine's memory; 1 GiB in
   * WebAssembly, whose whole memory is 4 GiB.
   */
  readonly maxTensorBytes?: number;
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
  /** Why it could not be computed; it has no value then. */
  failure: PalateError | undefined;
  /** Left out when others are computed: too large, or part of a graph that failed for a reason unknown. */
  isApart: boolean;
  /** The leaf, or pending value, under other shapes. */
  views: Value[] | undefined;
  readonly strings: Uint8Array[] | undefined;
  readonly complex: { real: TensorInfo; imag: TensorInfo } | undefined;
}

/** What {@link OrtBackend.statistics} tells, with the build of ONNX Runtime that computes. */
export interface OrtStatistics extends OrtRuntimeReport {
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
  /** Bytes of freed tensors kept for reuse now. */
  readonly pooledBytes: number;
  /** Tensors that could not be computed, since the start. */
  readonly failures: number;
}

/**
 * The TensorFlow.js backend `'ort'`: kernels record a graph, and reading a tensor computes what it depends on, with
 * the live tensors that share a part of its graph, in one ONNX Runtime session.
 *
 * A tensor that cannot be computed fails those who read it, or compute with it, and nobody else.
 *
 * Reads are synchronous underneath, so `dataSync` and `arraySync` work as on the CPU backend.
 */
export class OrtBackend extends KernelBackend {
  readonly #data: DataStorage<TensorData>;
  /** Tensors alive whose value is a node. Insertion order is the order of the session's outputs. */
  readonly #pending = new Set<TensorData>();
  readonly #runtime: OrtRuntimeReport;
  readonly #cache: SessionCache;
  readonly #maxPendingNodes: number;
  readonly #maxTensorBytes: number;
  readonly #pool: MemoryPool;
  #failures = 0;
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
      'runtime',
      'threads',
      'executionProviders',
      'optimisation',
      'spinning',
      'maxSessions',
      'maxSessionBytes',
      'maxPendingNodes',
      'maxPooledBytes',
      'maxTensorBytes',
    ]);
    for (const name of ['maxPooledBytes', 'maxTensorBytes'] as const)
      if (options[name] !== undefined) checkNumber(name, options[name], { min: 0 });
    this.#data = new DataStorage<TensorData>(this, engine());
    this.#runtime = ortRuntime(options.runtime);
    this.#cache = new SessionCache(options, options.maxSessions ?? 128, options.maxSessionBytes ?? 2 ** 32);
    this.#maxPendingNodes = options.maxPendingNodes ?? 20_000;
    this.#maxTensorBytes =
      options.maxTensorBytes ??
      Math.min(machineMemory(), this.#runtime.runtime === 'wasm' ? WASM_TENSOR : Infinity);
    this.#pool = new MemoryPool(options.maxPooledBytes ?? 2 ** 29);
  }

  /** Counts of sessions and runs. */
  statistics(): OrtStatistics {
    return {
      ...this.#runtime,
      sessions: this.#cache.size,
      sessionsBuilt: this.#cache.built,
      sessionsReused: this.#cache.reused,
      runs: this.#runs,
      runMilliseconds: this.#runMilliseconds,
      pooledBytes: this.#pool.bytes,
      failures: this.#failures,
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
      this.#data.set(dataId, { ...emptyData(dtype, refCount), strings: values as Uint8Array[] });
      return;
    }
    // A copy: the graph reads the numbers later, when the caller may have reused its array.
    const data: LeafData = {
      values: this.#copyOf(values as ArrayLike<number> | null, dtype as GraphDtype, sizeOf(shape)),
      shared: false,
      awaited: false,
      released: false,
    };
    this.tracer?.wrote(data);
    this.#data.set(dataId, { ...emptyData(dtype, refCount), value: leaf(data, dtype as GraphDtype, shape) });
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
    this.#data.set(dataId, { ...emptyData('complex64', 1), complex: { real, imag } });
    return { dataId, shape: real.shape, dtype: 'complex64' };
  }

  /** The two parts of a complex tensor; they stay the tensor's own. */
  complexParts(info: TensorInfo): { real: TensorInfo; imag: TensorInfo } {
    const { complex } = this.#dataOf(info.dataId);
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
      return this.makeHostTensor(this.#copyOf(null, dtype, 0), value.shape, dtype);
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
    const data: TensorData = { ...emptyData(dtype, 1), value };
    this.#data.set(dataId, data);
    if (value.from === 'node') this.#pending.add(data);
    return { dataId, shape: [...value.shape], dtype };
  }

  /** The graph value of a tensor, under the tensor's own shape. */
  graphValue(info: TensorInfo): Value {
    const data = this.#dataOf(info.dataId);
    if (data.failure) throw data.failure;
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

  /** What is held of a tensor; tensors of another backend move here. */
  #dataOf(dataId: DataId): TensorData {
    const data = this.#data.has(dataId) ? this.#data.get(dataId) : this.#moved(dataId);
    if (!data)
      throw new InvalidInputError({
        expected: 'a tensor that has not been disposed',
        received: 'a disposed one',
        hint: 'Keep the tensor, or the model that it belongs to, until nothing computes with it any more.',
      });
    return data;
  }

  #moved(dataId: DataId): TensorData | undefined {
    try {
      return this.#data.get(dataId);
    } catch {
      // TensorFlow.js does not know the tensor either.
      return undefined;
    }
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
    if (this.#runtime.runtime === 'wasm') endWasmEngine();
  }

  // --- Reading -----------------------------------------------------------------------------------------------------

  override async read(dataId: DataId): Promise<backend_util.BackendValues> {
    return this.readSync(dataId);
  }

  override readSync(dataId: DataId): backend_util.BackendValues {
    const data = this.#dataOf(dataId);
    if (data.complex) {
      return mergeComplex(
        this.readSync(data.complex.real.dataId) as Float32Array,
        this.readSync(data.complex.imag.dataId) as Float32Array,
      );
    }
    if (data.strings) return data.strings;
    const found = this.#computed(data).source as LeafData;
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

  /** Computes everything recorded that a live tensor needs, but what is kept apart. */
  flush(): void {
    this.#flushedAt = nodesRecorded();
    this.#compute([...this.#pending].filter((data) => !data.isApart));
  }

  /** The computed value of a tensor's data, under the data's own shape. */
  #computed(data: TensorData): Value {
    if (data.value?.from === 'node') {
      const together = [data, ...[...this.#pending].filter((each) => each !== data && !each.isApart)];
      const chosen = new Set(component(together.map((each) => each.value as Value)));
      this.#compute(
        together.filter((each) => chosen.has(each.value as Value)),
        data,
      );
      // The others may have had a part in a failure: alone, it fails for its own reasons only.
      if (data.value?.from === 'node') this.#compute([data], data);
      if (this.#pending.size === 0) this.#flushedAt = nodesRecorded();
    }
    if (data.failure) throw data.failure;
    return data.value as Value;
  }

  /** Computes tensors, `read` among them, in one session; what cannot be computed is marked with its failure, or set apart. */
  #compute(wanted: readonly TensorData[], read?: TensorData): void {
    let left = wanted.filter((data) => data === read || !this.#setApartIfHuge(data));
    while (left.length > 0) {
      const plan = planGraph(left.map((data) => data.value as Value));
      const failure = this.#attempt(plan, left);
      if (!failure) break;
      if (failure.node) {
        const lost = new Set(dependents(plan.outputs, failure.node));
        const failed = left.filter((data) => lost.has(data.value as Value));
        for (const data of failed) this.#fail(data, failure.error);
        left = left.filter((data) => !data.failure);
        if (failed.length > 0) continue;
      }
      if (left.length === 1) this.#fail(left[0] as TensorData, failure.error);
      else for (const data of left) data.isApart = true;
      break;
    }
    this.#freeAwaited();
  }

  /** True for tensors that are computed only when they themselves are read. */
  #setApartIfHuge(data: TensorData): boolean {
    if ((data.value as Value).size * 4 > Math.min(this.#maxTensorBytes, HUGE)) data.isApart = true;
    return data.isApart;
  }

  #fail(data: TensorData, error: PalateError): void {
    data.failure = error;
    data.value = undefined;
    data.views = undefined;
    this.#pending.delete(data);
    this.#failures++;
  }

  /** Computes a plan for the tensors given; tells what failed. */
  #attempt(plan: Plan, tensors: readonly TensorData[]): GraphFailure | undefined {
    const oversized = findOversized(plan, this.#maxTensorBytes);
    if (oversized) return oversized;
    let entry: CachedSession;
    let results: HostArray[];
    try {
      entry = this.#cache.get(plan);
    } catch (cause) {
      return explainFailure(plan, cause, 'graph-rejected');
    }
    try {
      results = this.#runSession(entry, plan.inputs, plan.outputs);
    } catch (cause) {
      return explainFailure(plan, cause, 'graph-failed');
    }
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
    for (const data of tensors) {
      const value = data.value as Value;
      const found = leaves.get(value) as LeafData;
      if (taken.has(found)) found.shared = true;
      taken.add(found);
      data.value = leaf(found, value.type, value.shape);
      data.views = undefined;
      this.#pending.delete(data);
    }
    for (const value of plan.inputs) (value.source as LeafData).awaited = false;
    return undefined;
  }

  /** Frees the leaves given up meanwhile that no pending tensor reads. */
  #freeAwaited(): void {
    const read = this.#pending.size === 0 ? undefined : leavesOf(this.#pendingValues());
    if (read) for (const data of read) data.awaited = true;
    const frees = this.#awaitedFrees;
    this.#awaitedFrees = [];
    for (const each of frees) {
      each.awaited = read?.has(each) ?? false;
      this.#free(each);
    }
  }

  *#pendingValues(): Generator<Value> {
    for (const data of this.#pending) yield data.value as Value;
  }

  /**
   * @internal Runs a session on leaves; gives its outputs' values, in memory that belongs to the caller.
   *
   * @throws PalateError `graph-failed` or `out-of-memory`
   */
  runPlan(plan: Plan, entry: CachedSession, inputs: readonly Value[]): HostArray[] {
    this.#cache.touch(entry);
    try {
      return this.#runSession(entry, inputs, plan.outputs);
    } catch (cause) {
      throw explainFailure(plan, cause, 'graph-failed').error;
    }
  }

  #runSession(
    entry: CachedSession,
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
    const start = performance.now();
    try {
      for (let i = 0; i < outputs.length; i++) {
        const { type, shape } = outputs[i] as Value;
        const values = this.#pool.take(type, sizeOf(shape));
        results.push(values);
        fetches[outputName(i)] = makeTensor(type, values, shape);
      }
      entry.session.runInto(feeds, fetches);
    } catch (error) {
      for (const values of results) this.#pool.give(values);
      throw error;
    }
    this.#runs++;
    this.#runMilliseconds += performance.now() - start;
    this.#pool.countRun();
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

  /** @internal Why a tensor could not be computed, if it could not. */
  failureOf(dataId: DataId): PalateError | undefined {
    return this.#data.has(dataId) ? this.#data.get(dataId).failure : undefined;
  }

  /** @internal The computed value of a tensor, under the tensor's shape. */
  computedValue(info: TensorInfo): Value {
    this.#computed(this.#dataOf(info.dataId));
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

  /** A copy of numbers, or zeros, in memory of the pool. */
  #copyOf(values: ArrayLike<number> | null, dtype: GraphDtype, size: number): HostArray {
    const made = this.#pool.take(dtype, size);
    if (values && values.length === size) made.set(values);
    else {
      made.fill(0);
      if (values) made.set(values);
    }
    return made;
  }

  /** Gives a leaf's memory to later tensors, unless something may still look at it. */
  #free(data: LeafData): void {
    if (data.shared || data.released) return;
    if (data.awaited) {
      this.#awaitedFrees.push(data);
      return;
    }
    data.released = true;
    this.#pool.give(data.values);
  }
}

/** Tensors larger than this are computed only when they themselves are read. */
const HUGE = 2 ** 30;

/** Bytes of the largest tensor in WebAssembly: an operation wants its input and output there at once. */
const WASM_TENSOR = 2 ** 30;

/** Bytes that this process may use at most, as far as the system tells. */
function machineMemory(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function emptyData(dtype: DataType, refCount: number): TensorData {
  return {
    dtype,
    refCount,
    value: undefined,
    failure: undefined,
    isApart: false,
    views: undefined,
    strings: undefined,
    complex: undefined,
  };
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

/** Explains an unmapped kernel. */
export function unmappedKernel(name: string, recent: readonly string[]): UnsupportedError {
  return new UnsupportedError({
    expected: `a kernel that the ort backend has`,
    received: `${name} (after the ONNX operations ${recent.join(', ') || 'none'})`,
    hint: `Compute this part with tf.setBackend('cpu'), or write it with other operations.`,
  });
}
