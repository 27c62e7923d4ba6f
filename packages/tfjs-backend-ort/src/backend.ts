import { InvalidInputError, type PalateError, UnsupportedError } from '@palate/core';
import {
  type BackendTimingInfo,
  type backend_util,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type Rank,
  type TensorBuffer,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import {
  largestTensor,
  ORT_BACKEND,
  type OrtBackendOptions,
  type OrtStatistics,
  sessionOptions,
} from './graph/backend-options.js';
import { DebugPrinter } from './graph/debug.js';
import {
  constant,
  type GraphDtype,
  type LeafData,
  leaf,
  record,
  sameShape,
  sizeOf,
  type Value,
} from './graph/graph.js';
import { mergeComplex } from './graph/merge-complex.js';
import type { Plan } from './graph/plan.js';
import { LeafMemory } from './memory/leaf-memory.js';
import type { HostArray } from './memory/memory-pool.js';
import { bufferOf, emptyData, leafData, type TensorData } from './memory/tensor-data.js';
import { type OrtRuntimeReport, ortRuntime } from './runtime/choose-runtime.js';
import type { OrtSessionOptions } from './runtime/session-driver.js';
import { endWasmEngine } from './runtime/wasm-engine.js';
import { PendingTensors } from './sessions/pending-tensors.js';
import { PlanRunner } from './sessions/plan-runner.js';
import { type CachedSession, SessionCache } from './sessions/session-cache.js';
import type { OrtTracer } from './steps/tracer.js';

type DataId = TensorInfo['dataId'];

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
  readonly #runtime: OrtRuntimeReport;
  readonly #cache: SessionCache;
  readonly #memory: LeafMemory;
  readonly #runner: PlanRunner;
  readonly #pending: PendingTensors;
  /** @internal Options of the sessions, for those that are made beside the backend's own. */
  readonly sessionOptions: OrtSessionOptions;
  /** @internal What {@link compile} listens to while it traces a step. */
  tracer: OrtTracer | undefined;

  constructor(options: OrtBackendOptions = {}) {
    super();
    const settings = ORT_BACKEND.settings(options);
    this.#runtime = ortRuntime(settings.runtime);
    const tensorBytes = largestTensor(settings, this.#runtime.runtime);
    const debug = DebugPrinter.ofEnvironment();
    this.#data = new DataStorage<TensorData>(this, engine());
    this.sessionOptions = sessionOptions(settings);
    this.#cache = new SessionCache(this.sessionOptions, settings, debug);
    this.#memory = new LeafMemory(settings.maxPooledBytes);
    this.#runner = new PlanRunner(this.#cache, this.#memory.pool, debug);
    this.#pending = new PendingTensors(
      this.#runner,
      this.#memory,
      { pendingNodes: settings.maxPendingNodes, tensorBytes },
      (plan, session) => this.tracer?.computed(plan, session),
    );
  }

  /** Counts of sessions and runs. */
  statistics(): OrtStatistics {
    return {
      ...this.#runtime,
      sessions: this.#cache.size,
      sessionsBuilt: this.#cache.built,
      sessionsReused: this.#cache.reused,
      runs: this.#runner.runs,
      runMilliseconds: this.#runner.milliseconds,
      pooledBytes: this.#memory.pool.bytes,
      failures: this.#pending.failures,
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
    const data = leafData(
      this.#memory.copyOf(values as ArrayLike<number> | null, dtype as GraphDtype, sizeOf(shape)),
      false,
    );
    this.tracer?.wrote(data);
    this.#data.set(dataId, { ...emptyData(dtype, refCount), value: leaf(data, dtype as GraphDtype, shape) });
  }

  /** Makes a tensor of values at hand (not copied; the array belongs to the backend from then on). */
  makeHostTensor(values: HostArray, shape: readonly number[], dtype: GraphDtype): TensorInfo {
    const data = leafData(values, true);
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
      return this.makeHostTensor(this.#memory.copyOf(null, dtype, 0), value.shape, dtype);
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
      const data = leafData(values, false);
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

  /** Finds what is held of a tensor; tensors of another backend move here. */
  #dataOf(dataId: DataId): TensorData {
    const data = this.#data.has(dataId) ? this.#data.get(dataId) : this.#moved(dataId);
    if (!data)
      throw new InvalidInputError({
        expected: 'a tensor that has not been disposed',
        received: 'a disposed one',
        hint: 'Keep the tensor, or its model, until it is no longer used.',
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
    if (data.value?.from === 'leaf') this.#memory.free(data.value.source as LeafData);
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
    const before = this.#runner.milliseconds;
    this.flush();
    run();
    this.flush();
    return { kernelMs: this.#runner.milliseconds - before };
  }

  override dispose(): void {
    this.#cache.dispose();
    this.#memory.pool.clear();
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
    const found = this.#pending.computed(data).source as LeafData;
    found.shared = true;
    return found.values;
  }

  /** A tensor's values as a tfjs buffer. */
  bufferSync<R extends Rank, D extends DataType>(info: TensorInfo): TensorBuffer<R, D> {
    return bufferOf<R, D>(info, this.readSync(info.dataId));
  }

  // --- Computing ---------------------------------------------------------------------------------------------------

  /** Called between kernels: keeps the recorded graph within its bound. */
  betweenKernels(): void {
    this.#pending.keepWithinBound();
  }

  /** Computes everything recorded that a live tensor needs, but what is kept apart. */
  flush(): void {
    this.#pending.flush();
  }

  /**
   * @internal Runs a session on leaves; gives its outputs' values, in memory that belongs to the caller.
   *
   * @throws PalateError `graph-failed` or `out-of-memory`
   */
  runPlan(plan: Plan, entry: CachedSession, inputs: readonly Value[]): HostArray[] {
    return this.#runner.run(plan, entry, inputs);
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
    this.#pending.computed(this.#dataOf(info.dataId));
    return this.graphValue(info);
  }

  /** @internal Replaces the numbers of a computed tensor that no other tensor shares. */
  replaceValues(dataId: DataId, values: HostArray): void {
    const data = this.#data.get(dataId);
    const before = data.value as Value;
    const made = leafData(values, false);
    data.value = leaf(made, before.type, before.shape);
    data.views = undefined;
    this.#memory.free(before.source as LeafData);
  }

  /** @internal Makes a tensor of numbers that a session wrote. */
  adoptValues(values: HostArray, shape: readonly number[], dtype: GraphDtype, shared: boolean): TensorInfo {
    const made = leafData(values, shared);
    return this.#store(dtype, leaf(made, dtype, shape));
  }
}
