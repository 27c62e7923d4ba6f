import {
  ArtifactError,
  type Disposable,
  InvalidInputError,
  type RandomStream,
  type TensorData,
  unknownName,
} from '@palate/core';
import { heldTensor, heldVariable } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

/** How a parameter starts. */
export type Initializer = (random: RandomStream, size: number) => Float32Array;

/** All zeros. */
export const zeros: Initializer = (_, size) => new Float32Array(size);

/** All ones. */
export const ones: Initializer = (_, size) => new Float32Array(size).fill(1);

/** Normal draws of a standard deviation. */
export function normal(deviation: number): Initializer {
  return (random, size) => Float32Array.from({ length: size }, () => random.normal() * deviation);
}

/** Uniform draws between `-limit` and `limit`. */
export function uniform(limit: number): Initializer {
  return (random, size) => Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * limit);
}

/**
 * The trainable weights of a model by name, each a `tf.Variable` that outlives any tidy scope. Weights that nobody holds
 * any more, neither through this nor through a layer, are freed.
 *
 * @example
 * ```ts
 * const parameters = new Parameters();
 * parameters.add('dense.kernel', [4, 2], normal(0.02), new RandomStream(0));
 * parameters.get('dense.kernel').shape; // [4, 2]
 * ```
 */
export class Parameters implements Disposable {
  readonly #variables = new Map<string, tf.Variable>();
  readonly #tables: tf.Tensor[] = [];
  readonly #frozen = new Set<string>();
  #isDisposed = false;

  /**
   * Creates a parameter. Its initial values depend on the random stream and its name only, not on what was created
   * before it.
   *
   * @throws InvalidInputError if the name is taken
   */
  add(name: string, shape: readonly number[], initializer: Initializer, random: RandomStream): tf.Variable {
    if (this.#variables.has(name))
      throw new InvalidInputError({
        expected: 'a new parameter name',
        received: JSON.stringify(name),
        hint: 'Give every parameter a name of its own.',
      });
    const size = shape.reduce((product, extent) => product * extent, 1);
    return this.#create(name, shape, initializer(random.fork(name), size));
  }

  #create(name: string, shape: readonly number[], values: Float32Array): tf.Variable {
    const initial = tf.tensor(values, [...shape], 'float32');
    const variable = heldVariable(initial);
    initial.dispose();
    this.#variables.set(name, variable);
    return variable;
  }

  /** Takes a constant tensor that the model reads beside its weights, out of any tidy scope, to free it with them. */
  hold<T extends tf.Tensor>(table: T): T {
    this.#tables.push(heldTensor(table));
    return table;
  }

  /** @throws InvalidInputError if there is no such parameter, or the weights were disposed */
  get(name: string): tf.Variable {
    this.checkAlive();
    const variable = this.#variables.get(name);
    if (!variable) throw unknownName('a parameter', name, this.names);
    return variable;
  }

  /** @throws InvalidInputError if the weights were disposed */
  checkAlive(): void {
    if (this.#isDisposed)
      throw new InvalidInputError({
        expected: 'a model that has not been disposed',
        received: 'a disposed one',
        hint: 'Load it again, and dispose of it after its last use.',
      });
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }

  /** Names in order of creation. */
  get names(): string[] {
    return [...this.#variables.keys()];
  }

  /** Keeps parameters as they are in trainings from now on: `trainable` is without them. */
  freeze(isFrozen: (name: string) => boolean): void {
    for (const name of this.names) if (isFrozen(name)) this.#frozen.add(name);
  }

  /** Names of the parameters that trainings change, in order of creation. */
  get trainable(): string[] {
    return this.names.filter((name) => !this.#frozen.has(name));
  }

  /** How many numbers there are in all. */
  get count(): number {
    let count = 0;
    for (const variable of this.#variables.values()) count += variable.size;
    return count;
  }

  /**
   * Copies of all values, to be saved.
   *
   * @throws InvalidInputError if the weights were disposed
   */
  async values(): Promise<Record<string, TensorData>> {
    this.checkAlive();
    const result: Record<string, TensorData> = {};
    for (const [name, variable] of this.#variables)
      result[name] = {
        shape: [...variable.shape],
        values: Float32Array.from((await variable.data()) as Float32Array),
      };
    return result;
  }

  /**
   * Replaces all values.
   *
   * @param source - what the message names
   * @throws ArtifactError if a parameter is missing or has another shape; nothing is changed then
   * @throws InvalidInputError if the weights were disposed
   */
  assign(values: Readonly<Record<string, TensorData>>, source: string): void {
    this.checkAlive();
    for (const [name, variable] of this.#variables) {
      const found = values[name];
      if (!found || found.shape.join() !== variable.shape.join() || !(found.values instanceof Float32Array))
        throw new ArtifactError(source, {
          expected: `the weight ${name} of shape [${variable.shape.join(', ')}]`,
          received: found ? `shape [${found.shape.join(', ')}]` : 'none',
          hint: 'The weights belong to another model or configuration.',
        });
    }
    for (const [name, variable] of this.#variables) {
      const { shape, values: numbers } = values[name] as TensorData;
      const next = tf.tensor(numbers as Float32Array, [...shape], 'float32');
      variable.assign(next);
      next.dispose();
    }
  }

  /** Frees all variables, and the tensors held beside them. */
  dispose(): void {
    this.#isDisposed = true;
    for (const tensor of [...this.#variables.values(), ...this.#tables]) tensor.dispose();
    this.#variables.clear();
    this.#tables.length = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
