import { defineOptions, type OptionsOf, option, type SettingsOf, type TensorData } from '@palate/core';
import { heldVariable } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './parameters.js';

/** Scalars of a step that change from one to the next: always tensors, so that compiled steps take them as inputs. */
export interface StepScalars {
  readonly [name: string]: tf.Scalar;
}

/** Gradients by parameter name. */
export type Gradients = Readonly<Record<string, tf.Tensor>>;

/**
 * Turns gradients into updates of parameters.
 *
 * `scalars` says in JavaScript what the step needs; `apply` uses nothing else that changes with the step, so that it
 * can be recorded once and replayed.
 */
export interface Optimiser {
  /** Numbers that the step at hand needs, by name; the names are the same at every step. */
  scalars(step: number, learningRate: number): Readonly<Record<string, number>>;
  /** Updates parameters and state in place. */
  apply(parameters: Parameters, gradients: Gradients, scalars: StepScalars): void;
  /** State to be saved with a checkpoint. */
  state(): Promise<Record<string, TensorData>>;
  /** Takes saved state back, for the parameters given. */
  restore(parameters: Parameters, state: Readonly<Record<string, TensorData>>, source: string): void;
  dispose(): void;
}

/** Keeps one or more tensors beside each parameter, made when they are first needed. */
class Slots {
  readonly #slots = new Map<string, tf.Variable>();

  get(name: string, shape: readonly number[]): tf.Variable {
    const known = this.#slots.get(name);
    if (known) return known;
    const initial = tf.zeros([...shape]);
    const made = heldVariable(initial, false);
    initial.dispose();
    this.#slots.set(name, made);
    return made;
  }

  async state(): Promise<Record<string, TensorData>> {
    const result: Record<string, TensorData> = {};
    for (const [name, variable] of this.#slots)
      result[name] = {
        shape: [...variable.shape],
        values: Float32Array.from((await variable.data()) as Float32Array),
      };
    return result;
  }

  restore(state: Readonly<Record<string, TensorData>>): void {
    for (const [name, { shape, values }] of Object.entries(state)) {
      const next = tf.tensor(values as Float32Array, [...shape], 'float32');
      this.get(name, shape).assign(next);
      next.dispose();
    }
  }

  dispose(): void {
    for (const variable of this.#slots.values()) variable.dispose();
    this.#slots.clear();
  }
}

/** Options of {@link AdamW}. */
export const ADAM_W = defineOptions(
  'AdamW',
  {
    beta1: option.number({ min: 0, max: 1 })({ default: 0.9, doc: 'decay of the mean of the gradients' }),
    beta2: option.number({ min: 0, max: 1 })({
      default: 0.999,
      doc: 'decay of the mean of their squares',
    }),
    epsilon: option.number({ min: 0 })({ default: 1e-8, doc: 'added to the root that a step is divided by' }),
    weightDecay: option.number({ min: 0 })({
      default: 0.01,
      doc: 'decoupled weight decay (Loshchilov and Hutter 2019)',
    }),
    decays: option.function<(name: string) => boolean>()({
      default: () => true,
      defaultText: 'all',
      doc: 'which parameters decay, by name',
    }),
  },
  [],
);

/** Options of {@link AdamW}; {@link ADAM_W} says what each does. */
export type AdamWOptions = OptionsOf<typeof ADAM_W.declarations>;

/** Adam with decoupled weight decay, as PyTorch computes it. */
export class AdamW implements Optimiser {
  readonly #slots = new Slots();
  readonly #settings: SettingsOf<typeof ADAM_W.declarations>;

  constructor(options: AdamWOptions = {}) {
    this.#settings = ADAM_W.settings(options);
  }

  scalars(step: number, learningRate: number): Record<string, number> {
    const { beta1, beta2, epsilon, weightDecay } = this.#settings;
    // The variables hold sums of gradients and of squares; the factors that make means of them are in the scalars, so that
    // a step goes through the weights three times less.
    const ofRoots = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
    return {
      scale: (learningRate * (1 - beta1)) / (1 - beta1 ** step) / ofRoots,
      floor: epsilon / ofRoots,
      keep: 1 - learningRate * weightDecay,
    };
  }

  apply(parameters: Parameters, gradients: Gradients, scalars: StepScalars): void {
    const { beta1, beta2, weightDecay, decays } = this.#settings;
    const { scale, floor, keep } = scalars as Record<'scale' | 'floor' | 'keep', tf.Scalar>;
    for (const [name, gradient] of Object.entries(gradients)) {
      const variable = parameters.get(name);
      const first = this.#slots.get(`sum.${name}`, variable.shape);
      const second = this.#slots.get(`squares.${name}`, variable.shape);
      tf.tidy(() => {
        const m = tf.add(tf.mul(first, beta1), gradient);
        const v = tf.add(tf.mul(second, beta2), tf.square(gradient));
        const step = tf.mul(tf.div(m, tf.add(tf.sqrt(v), floor)), scale);
        const decayed = weightDecay > 0 && decays(name) ? tf.mul(variable, keep) : variable;
        first.assign(m);
        second.assign(v);
        variable.assign(tf.sub(decayed, step));
      });
    }
  }

  state(): Promise<Record<string, TensorData>> {
    return this.#slots.state();
  }

  /** Takes means, `first.` and `second.`, for the sums that they come from: earlier versions saved those. */
  restore(_: Parameters, state: Readonly<Record<string, TensorData>>): void {
    const { beta1, beta2 } = this.#settings;
    const sums = Object.entries(state).map(([name, { shape, values }]): [string, TensorData] => {
      const [, mean, parameter] = /^(first|second)\.(.*)$/s.exec(name) ?? [];
      if (mean === undefined) return [name, { shape, values }];
      const share = 1 - (mean === 'first' ? beta1 : beta2);
      return [
        `${mean === 'first' ? 'sum' : 'squares'}.${parameter}`,
        { shape, values: Float32Array.from(values as Float32Array, (each) => each / share) },
      ];
    });
    this.#slots.restore(Object.fromEntries(sums));
  }

  dispose(): void {
    this.#slots.dispose();
  }
}

/** Options of {@link Adagrad}. */
export const ADAGRAD = defineOptions(
  'Adagrad',
  {
    epsilon: option.number({ min: 0 })({
      default: 1e-10,
      doc: 'added to the root that a step is divided by',
    }),
  },
  [],
);

/** Options of {@link Adagrad}; {@link ADAGRAD} says what each does. */
export type AdagradOptions = OptionsOf<typeof ADAGRAD.declarations>;

/** Adagrad (Duchi et al. 2011): each number's step shrinks with the root of its summed squared gradients. */
export class Adagrad implements Optimiser {
  readonly #slots = new Slots();
  readonly #epsilon: number;

  constructor(options: AdagradOptions = {}) {
    this.#epsilon = ADAGRAD.settings(options).epsilon;
  }

  scalars(_: number, learningRate: number): Record<string, number> {
    return { learningRate };
  }

  apply(parameters: Parameters, gradients: Gradients, scalars: StepScalars): void {
    const { learningRate } = scalars as Record<'learningRate', tf.Scalar>;
    for (const [name, gradient] of Object.entries(gradients)) {
      const variable = parameters.get(name);
      const sum = this.#slots.get(`sum.${name}`, variable.shape);
      tf.tidy(() => {
        const next = tf.add(sum, tf.square(gradient));
        sum.assign(next);
        variable.assign(
          tf.sub(variable, tf.mul(tf.div(gradient, tf.add(tf.sqrt(next), this.#epsilon)), learningRate)),
        );
      });
    }
  }

  state(): Promise<Record<string, TensorData>> {
    return this.#slots.state();
  }

  restore(_: Parameters, state: Readonly<Record<string, TensorData>>): void {
    this.#slots.restore(state);
  }

  dispose(): void {
    this.#slots.dispose();
  }
}

/** Least root mean square that a parameter's rate is scaled by. */
const LEAST_SCALE = 1e-3;

/** Options of {@link Adafactor}. */
export const ADAFACTOR = defineOptions(
  'Adafactor',
  {
    decayRate: option.number({ max: 0 })({
      default: -0.8,
      doc: 'exponent of the decay of the squared gradients, negative',
    }),
    clipThreshold: option.number({ min: 0 })({
      default: 1,
      doc: 'bound on the root mean square of an update',
    }),
    epsilon: option.number({ min: 0 })({ default: 1e-30, doc: 'added to squared gradients' }),
    scaleByParameter: option.boolean()({
      default: false,
      doc: 'multiplies the learning rate by the root mean square of each parameter, at least .001, as the published rates of T5 (1e-3 to 1e-2) assume',
    }),
  },
  [],
);

/** Options of {@link Adafactor}; {@link ADAFACTOR} says what each does. */
export type AdafactorOptions = OptionsOf<typeof ADAFACTOR.declarations>;

/**
 * Adafactor with an outside learning rate (Shazeer and Stern 2018): squared gradients of matrices are kept as the
 * product of a column and a row, so that the state is far smaller than Adam's. No first moment, no relative step.
 */
export class Adafactor implements Optimiser {
  readonly #slots = new Slots();
  readonly #settings: SettingsOf<typeof ADAFACTOR.declarations>;

  constructor(options: AdafactorOptions = {}) {
    this.#settings = ADAFACTOR.settings(options);
  }

  scalars(step: number, learningRate: number): Record<string, number> {
    const keep = 1 - step ** this.#settings.decayRate;
    return { learningRate, keep, renew: 1 - keep };
  }

  apply(parameters: Parameters, gradients: Gradients, scalars: StepScalars): void {
    const { learningRate, keep, renew } = scalars as Record<'learningRate' | 'keep' | 'renew', tf.Scalar>;
    for (const [name, gradient] of Object.entries(gradients)) {
      const variable = parameters.get(name);
      tf.tidy(() => {
        const squared = tf.add(tf.square(gradient), this.#settings.epsilon);
        let update: tf.Tensor;
        if (variable.rank >= 2) {
          const rowSlot = this.#slots.get(`row.${name}`, variable.shape.slice(0, -1));
          const columnSlot = this.#slots.get(`column.${name}`, [
            ...variable.shape.slice(0, -2),
            variable.shape.at(-1) as number,
          ]);
          const row = tf.add(tf.mul(rowSlot, keep), tf.mul(tf.mean(squared, -1), renew));
          const column = tf.add(tf.mul(columnSlot, keep), tf.mul(tf.mean(squared, -2), renew));
          const rowFactor = tf.expandDims(tf.rsqrt(tf.div(row, tf.mean(row, -1, true))), -1);
          update = tf.mul(tf.mul(gradient, rowFactor), tf.expandDims(tf.rsqrt(column), -2));
          rowSlot.assign(row);
          columnSlot.assign(column);
        } else {
          const slot = this.#slots.get(`second.${name}`, variable.shape);
          const next = tf.add(tf.mul(slot, keep), tf.mul(squared, renew));
          update = tf.mul(gradient, tf.rsqrt(next));
          slot.assign(next);
        }
        const rms = tf.sqrt(tf.mean(tf.square(update)));
        const clipped = tf.div(update, tf.maximum(tf.div(rms, this.#settings.clipThreshold), 1));
        const rate = this.#settings.scaleByParameter
          ? tf.mul(learningRate, tf.maximum(tf.sqrt(tf.mean(tf.square(variable))), LEAST_SCALE))
          : learningRate;
        variable.assign(tf.sub(variable, tf.mul(clipped, rate)));
      });
    }
  }

  state(): Promise<Record<string, TensorData>> {
    return this.#slots.state();
  }

  restore(_: Parameters, state: Readonly<Record<string, TensorData>>): void {
    this.#slots.restore(state);
  }

  dispose(): void {
    this.#slots.dispose();
  }
}

/** Scales gradients down together so that their joint Euclidean norm is at most `limit`. */
export function clipByGlobalNorm(gradients: Gradients, limit: number): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
    const norm = tf.sqrt(tf.addN(squares));
    const scale = tf.div(limit, tf.maximum(norm, limit));
    return Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, scale)]),
    );
  });
}
