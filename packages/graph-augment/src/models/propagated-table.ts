import { ArtifactError, type TensorData } from '@palate/core';
import type { Batch, OuterLayer, Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { NeighbourSums } from './neighbour-sums.js';

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];
/** Entries of the batch that name nodes. */
const ENTRIES = ['heads', 'tails'] as const;

/**
 * The table of LightGCN: the loss reads the vectors of a batch's nodes as they are after propagation, the mean of all
 * layers, and before it. Trained by Adam on all rows, since the gradient reaches every node within a few steps.
 *
 * Only what the batch needs is propagated: of the last layer its own nodes, and backwards first from them.
 */
export class PropagatedTable implements OuterLayer {
  readonly parameters: readonly string[];
  readonly #model: Parameters;
  readonly #name: string;
  readonly #sums: NeighbourSums;
  readonly #layers: number;
  readonly #nodes: number;
  readonly #width: number;
  readonly #values: Float32Array;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  /** Vectors of the layers between the first and the last, and the gradient. */
  readonly #between: readonly Float32Array[];
  readonly #gradient: Float32Array;
  readonly #spare: Float32Array;
  /** Place of each node among those of the batch; -1 for others. */
  readonly #slots: Int32Array;
  #batch: Batch = {};
  #touched: Int32Array = new Int32Array(0);

  constructor(model: Parameters, name: string, sums: NeighbourSums, layers: number) {
    const [nodes = 0, width = 0] = model.get(name).shape;
    const size = nodes * width;
    this.parameters = [name];
    this.#model = model;
    this.#name = name;
    this.#sums = sums;
    this.#layers = layers;
    this.#nodes = nodes;
    this.#width = width;
    this.#values = new Float32Array(size);
    this.#first = new Float32Array(size);
    this.#second = new Float32Array(size);
    this.#between = Array.from({ length: layers - 1 }, () => new Float32Array(size));
    this.#gradient = new Float32Array(size);
    this.#spare = new Float32Array(size);
    this.#slots = new Int32Array(nodes).fill(-1);
    this.pull();
  }

  pull(): void {
    this.#values.set(this.#model.get(this.#name).dataSync<'float32'>());
  }

  push(): void {
    const next = tf.tensor2d(this.#values.slice(), [this.#nodes, this.#width]);
    this.#model.get(this.#name).assign(next);
    next.dispose();
  }

  /** The vectors of all layers, the first as they are. */
  layers(): readonly Float32Array[] {
    const all = [this.#values.slice()];
    for (let k = 0; k < this.#layers; k++) {
      const next = new Float32Array(this.#values.length);
      this.#sums.apply(all[k] as Float32Array, next);
      all.push(next);
    }
    return all;
  }

  /** Gives `start of heads`, `final of heads`, and the same of tails. */
  forward(batch: Batch): Batch {
    this.#batch = batch;
    const width = this.#width;
    this.#touched = this.#nodesOf(batch);
    const nodes = this.#touched;
    const layers = [this.#values, ...this.#between];
    for (let k = 1; k < layers.length; k++)
      this.#sums.apply(layers[k - 1] as Float32Array, layers[k] as Float32Array);
    const final = new Float32Array(nodes.length * width);
    this.#sums.applyAt(layers.at(-1) as Float32Array, nodes, final);
    const share = 1 / (this.#layers + 1);
    for (let k = 0; k < nodes.length; k++)
      for (let column = 0; column < width; column++) {
        const at = k * width + column;
        const from = nodes[k]! * width + column;
        let sum = final[at]!;
        for (const layer of layers) sum += layer[from]!;
        final[at] = share * sum;
      }
    const given: Record<string, Batch[string]> = {};
    for (const entry of ENTRIES) {
      const { shape, values: asked } = batch[entry] as Batch[string];
      const start = new Float32Array(asked.length * width);
      const end = new Float32Array(asked.length * width);
      for (let k = 0; k < asked.length; k++) {
        const node = asked[k]!;
        const slot = this.#slots[node]!;
        for (let column = 0; column < width; column++) {
          start[k * width + column] = this.#values[node * width + column]!;
          end[k * width + column] = final[slot * width + column]!;
        }
      }
      given[`start of ${entry}`] = { shape: [...shape, width], values: start };
      given[`final of ${entry}`] = { shape: [...shape, width], values: end };
    }
    return given;
  }

  backward(gradients: Readonly<Record<string, Float32Array>>, step: number, learningRate: number): void {
    this.#adam(this.gradientOf(gradients), step, learningRate);
  }

  /**
   * The gradient by the table, `[nodes, width]`, from those by what {@link forward} gave: with `G` that of the final
   * vectors `(1 + S + … + S^K) E / (K + 1)` it is `(1 + S + … + S^K) G / (K + 1)`.
   */
  gradientOf(gradients: Readonly<Record<string, Float32Array>>): Float32Array {
    const nodes = this.#touched;
    const share = 1 / (this.#layers + 1);
    const ofFinal = this.#gathered(gradients, 'final', share);
    let [sum, spare] = [this.#gradient, this.#spare];
    this.#sums.applyFrom(ofFinal, nodes, sum);
    this.#add(sum, ofFinal);
    for (let k = 1; k < this.#layers; k++) {
      this.#sums.apply(sum, spare);
      [sum, spare] = [spare, sum];
      this.#add(sum, ofFinal);
    }
    this.#add(sum, this.#gathered(gradients, 'start', 1));
    return sum;
  }

  /** Different nodes of a batch; their slots are noted. */
  #nodesOf(batch: Batch): Int32Array {
    for (const node of this.#touched) this.#slots[node] = -1;
    const most = ENTRIES.reduce((sum, entry) => sum + (batch[entry]?.values.length ?? 0), 0);
    const nodes = new Int32Array(most);
    let count = 0;
    for (const entry of ENTRIES) {
      const { values } = batch[entry] as Batch[string];
      for (let k = 0; k < values.length; k++) {
        const node = values[k]!;
        if (this.#slots[node]! >= 0) continue;
        this.#slots[node] = count;
        nodes[count++] = node;
      }
    }
    return nodes.slice(0, count);
  }

  /** Sums the gradients of the batch's entries by node: `[touched, width]`. */
  #gathered(
    gradients: Readonly<Record<string, Float32Array>>,
    kind: 'start' | 'final',
    factor: number,
  ): Float32Array {
    const width = this.#width;
    const sums = new Float32Array(this.#touched.length * width);
    for (const entry of ENTRIES) {
      const { values: asked } = this.#batch[entry] as Batch[string];
      const gradient = gradients[`${kind} of ${entry}`] as Float32Array;
      for (let k = 0; k < asked.length; k++) {
        const to = this.#slots[asked[k]!]! * width;
        for (let column = 0; column < width; column++)
          sums[to + column]! += factor * gradient[k * width + column]!;
      }
    }
    return sums;
  }

  /** Adds rows of the batch's nodes to a table of all nodes. */
  #add(table: Float32Array, rows: Float32Array): void {
    const width = this.#width;
    for (let k = 0; k < this.#touched.length; k++) {
      const to = this.#touched[k]! * width;
      for (let column = 0; column < width; column++) table[to + column]! += rows[k * width + column]!;
    }
  }

  #adam(gradient: Float32Array, step: number, learningRate: number): void {
    const stepSize = learningRate / (1 - BETA_1 ** step);
    const rootCorrection = 1 / Math.sqrt(1 - BETA_2 ** step);
    const [values, first, second] = [this.#values, this.#first, this.#second];
    for (let at = 0; at < values.length; at++) {
      const slope = gradient[at]!;
      const m = BETA_1 * first[at]! + (1 - BETA_1) * slope;
      const v = BETA_2 * second[at]! + (1 - BETA_2) * slope * slope;
      first[at] = m;
      second[at] = v;
      values[at]! -= (stepSize * m) / (Math.sqrt(v) * rootCorrection + EPSILON);
    }
  }

  state(): Record<string, TensorData> {
    const shape = [this.#nodes, this.#width];
    return {
      first: { shape, values: this.#first.slice() },
      second: { shape, values: this.#second.slice() },
    };
  }

  restore(state: Readonly<Record<string, TensorData>>, source: string): void {
    for (const [name, slot] of [
      ['first', this.#first],
      ['second', this.#second],
    ] as const) {
      const saved = state[name]?.values;
      if (!(saved instanceof Float32Array) || saved.length !== slot.length)
        throw new ArtifactError(source, {
          expected: `the optimiser's state ${name} of ${slot.length} numbers`,
          received: saved ? `${saved.length} numbers` : 'none',
          hint: 'The checkpoint belongs to another model: use another folder.',
        });
      slot.set(saved);
    }
  }
}
