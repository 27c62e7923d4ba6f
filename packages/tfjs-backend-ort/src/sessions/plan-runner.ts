/*
 * Terms: a *plan* is a numbered graph; a *session* is a plan that ONNX Runtime has made ready to run; *feeds* are its
 * inputs and *fetches* the memory for its outputs; the *pool* is memory of freed tensors, from which that of outputs is
 * taken.
 */

import { InvalidInputError } from '@palate/core';
import type { DebugPrinter } from '../graph/debug.js';
import { type LeafData, sizeOf, type Value } from '../graph/graph.js';
import { explainFailure, findOversized, type GraphFailure } from '../graph/graph-failure.js';
import type { OnnxType } from '../graph/onnx-encoder.js';
import { inputName, outputName, type Plan } from '../graph/plan.js';
import type { HostArray, MemoryPool } from '../memory/memory-pool.js';
import { OrtTensor } from '../runtime/ort-tensor.js';
import type { CachedSession, SessionCache } from './session-cache.js';

/** Values of a plan's outputs, with the session that computed them. */
export interface PlanResults {
  readonly session: CachedSession;
  /** One an output, in memory that belongs to the caller. */
  readonly values: readonly HostArray[];
}

/** Runs plans in cached sessions, on memory of a pool, and counts the runs. */
export class PlanRunner {
  readonly #cache: SessionCache;
  readonly #pool: MemoryPool;
  readonly #debug: DebugPrinter | undefined;
  /** Graphs computed. */
  runs = 0;
  /** Time spent inside ONNX Runtime. */
  milliseconds = 0;

  constructor(cache: SessionCache, pool: MemoryPool, debug?: DebugPrinter) {
    this.#cache = cache;
    this.#pool = pool;
    this.#debug = debug;
  }

  /** Computes a plan on its own inputs; tells what failed, a tensor of more than `maxTensorBytes` included. */
  attempt(plan: Plan, maxTensorBytes: number): PlanResults | GraphFailure {
    const oversized = findOversized(plan, maxTensorBytes);
    if (oversized) return oversized;
    this.#debug?.planned(plan);
    let session: CachedSession;
    try {
      session = this.#cache.get(plan);
    } catch (cause) {
      return explainFailure(plan, cause, 'graph-rejected');
    }
    try {
      return { session, values: this.#runSession(session, plan.inputs, plan.outputs) };
    } catch (cause) {
      return explainFailure(plan, cause, 'graph-failed');
    }
  }

  /**
   * Runs a plan's session on other inputs than its own.
   *
   * @throws PalateError `graph-failed` or `out-of-memory`
   */
  run(plan: Plan, session: CachedSession, inputs: readonly Value[]): HostArray[] {
    try {
      return this.#runSession(session, inputs, plan.outputs);
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
      this.#cache.open(entry).runInto(feeds, fetches);
    } catch (error) {
      for (const values of results) this.#pool.give(values);
      throw error;
    }
    this.runs++;
    const milliseconds = performance.now() - start;
    this.milliseconds += milliseconds;
    this.#debug?.session(`session ${entry.number}: ran in ${milliseconds.toFixed(1)} ms`);
    this.#pool.countRun();
    return results;
  }
}

function makeTensor(type: OnnxType, values: HostArray, shape: readonly number[]): OrtTensor {
  return new OrtTensor(type as 'float32', values as Float32Array, shape);
}
