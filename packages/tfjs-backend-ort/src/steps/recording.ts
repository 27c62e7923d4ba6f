/*
 * Terms: a *recording* is one traced call of a step: its plan, the session that computed it, and where inputs come from
 * and outputs go; an *origin* is where an input comes from; a *slot* is a tensor of the result and its output of the
 * session.
 */

import * as tf from '@tensorflow/tfjs-core';
import { type LeafData, sameShape, type Value } from '../graph/graph.js';
import type { Plan } from '../graph/plan.js';
import type { CachedSession } from '../sessions/session-cache.js';

/** Result of a compiled step. */
export type StepResult = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>>;

/** Where an input of the session comes from. */
export type Origin =
  | { readonly from: 'argument'; readonly index: number; readonly shape: readonly number[] }
  | { readonly from: 'variable'; readonly variable: tf.Variable; readonly shape: readonly number[] }
  | { readonly from: 'captured'; readonly value: Value }
  | { readonly from: 'fresh'; readonly value: Value };

/** A tensor of the result, and the session's output that holds it. */
export interface ResultSlot {
  readonly key: string;
  readonly output: number;
  readonly shape: readonly number[];
}

/** One recording of the step. */
export interface Recording {
  readonly session: CachedSession;
  readonly plan: Plan;
  readonly origins: readonly Origin[];
  readonly variables: readonly { readonly variable: tf.Variable; readonly output: number }[];
  readonly results: readonly ResultSlot[];
  readonly form: 'tensor' | 'array' | 'record';
}

/** The tensors of a result by name, and how they were put together. */
export function namedTensors(result: StepResult): {
  form: Recording['form'];
  tensors: [string, tf.Tensor][];
} {
  if (result instanceof tf.Tensor) return { form: 'tensor', tensors: [['', result]] };
  if (Array.isArray(result)) return { form: 'array', tensors: Object.entries(result as tf.Tensor[]) };
  return { form: 'record', tensors: Object.entries(result as Record<string, tf.Tensor>) };
}

/** How two recordings differ, if they do. */
export function differenceOf(a: Recording, b: Recording): string | undefined {
  if (!sameNumbers(a.plan.signature, b.plan.signature)) return 'its operations or shapes';
  if (
    a.form !== b.form ||
    a.results.length !== b.results.length ||
    a.results.some((slot, index) => {
      const other = b.results[index] as ResultSlot;
      return slot.key !== other.key || slot.output !== other.output || !sameShape(slot.shape, other.shape);
    })
  )
    return 'its results';
  if (
    a.variables.length !== b.variables.length ||
    a.variables.some(
      (each, index) =>
        each.variable !== b.variables[index]?.variable || each.output !== b.variables[index]?.output,
    )
  )
    return 'the variables it assigns';
  for (let i = 0; i < a.origins.length; i++) {
    const x = a.origins[i] as Origin;
    const y = b.origins[i] as Origin;
    if (x.from === 'fresh' && y.from === 'fresh') {
      if (!sameNumbers((x.value.source as LeafData).values, (y.value.source as LeafData).values))
        return 'a number';
    } else if (x.from === 'captured' && y.from === 'captured') {
      if (x.value.source !== y.value.source) return 'a captured tensor';
    } else if (x.from === 'argument' && y.from === 'argument') {
      if (x.index !== y.index) return 'its use of arguments';
    } else if (x.from === 'variable' && y.from === 'variable') {
      if (x.variable !== y.variable) return 'its use of variables';
    } else return 'where its inputs come from';
  }
  return undefined;
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
