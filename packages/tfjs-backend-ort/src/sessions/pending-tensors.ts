/*
 * Terms: a *node* is a recorded operation; a *leaf* is data at hand; a tensor is *pending* while its value comes from a
 * node, and a leaf once computed; a *plan* is the nodes that some wanted tensors need, in order; a tensor kept *apart*
 * is computed only when it is read itself.
 */

import type { PalateError } from '@palate/core';
import { component, dependents, leavesOf } from '../graph/components.js';
import { type LeafData, leaf, nodesRecorded, type Value } from '../graph/graph.js';
import type { GraphFailure } from '../graph/graph-failure.js';
import { type Plan, planGraph } from '../graph/plan.js';
import type { LeafMemory } from '../memory/leaf-memory.js';
import { leafData, type TensorData } from '../memory/tensor-data.js';
import type { PlanResults, PlanRunner } from './plan-runner.js';
import type { CachedSession } from './session-cache.js';

/** Tensors larger than this are computed only when they themselves are read. */
const HUGE = 2 ** 30;

/** Bounds of {@link PendingTensors}. */
export interface PendingLimits {
  /** Recorded operations after which a graph is computed though nobody reads it. */
  readonly pendingNodes: number;
  /** Bytes of the largest tensor that is computed. */
  readonly tensorBytes: number;
}

/**
 * Tensors alive whose values are recorded and not computed yet. A tensor that is read is computed with those that share
 * a part of its graph; one that cannot be computed keeps its failure, and the others are computed without it.
 */
export class PendingTensors {
  /** Insertion order is the order of the session's outputs. */
  readonly #pending = new Set<TensorData>();
  readonly #runner: PlanRunner;
  readonly #memory: LeafMemory;
  readonly #limits: PendingLimits;
  readonly #onComputed: (plan: Plan, session: CachedSession) => void;
  #flushedAt = nodesRecorded();
  /** Tensors that could not be computed, since the start. */
  failures = 0;

  /** @param onComputed - told of each plan that was computed */
  constructor(
    runner: PlanRunner,
    memory: LeafMemory,
    limits: PendingLimits,
    onComputed: (plan: Plan, session: CachedSession) => void,
  ) {
    this.#runner = runner;
    this.#memory = memory;
    this.#limits = limits;
    this.#onComputed = onComputed;
  }

  add(data: TensorData): void {
    this.#pending.add(data);
  }

  delete(data: TensorData): void {
    this.#pending.delete(data);
  }

  /** Keeps the recorded graph within its bound. */
  keepWithinBound(): void {
    if (nodesRecorded() - this.#flushedAt > this.#limits.pendingNodes) this.flush();
  }

  /** Computes everything recorded that a live tensor needs, but what is kept apart. */
  flush(): void {
    this.#flushedAt = nodesRecorded();
    this.#compute([...this.#pending].filter((data) => !data.isApart));
  }

  /** The computed value of a tensor's data, under the data's own shape. */
  computed(data: TensorData): Value {
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
    if ((data.value as Value).size * 4 > Math.min(this.#limits.tensorBytes, HUGE)) data.isApart = true;
    return data.isApart;
  }

  #fail(data: TensorData, error: PalateError): void {
    data.failure = error;
    data.value = undefined;
    data.views = undefined;
    this.#pending.delete(data);
    this.failures++;
  }

  /** Computes a plan for the tensors given; tells what failed. */
  #attempt(plan: Plan, tensors: readonly TensorData[]): GraphFailure | undefined {
    const results: PlanResults | GraphFailure = this.#runner.attempt(plan, this.#limits.tensorBytes);
    if ('error' in results) return results;
    this.#onComputed(plan, results.session);
    const leaves = new Map<Value, LeafData>(
      plan.outputs.map((value, index) => [value, leafData(results.values[index]!, false)]),
    );
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

  #freeAwaited(): void {
    this.#memory.freeAwaited(this.#pending.size === 0 ? undefined : leavesOf(this.#values()));
  }

  *#values(): Generator<Value> {
    for (const data of this.#pending) yield data.value as Value;
  }
}
