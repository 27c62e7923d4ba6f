import {
  ArtifactError,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  type TensorData,
} from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OuterLayer } from './outer-layer.js';
import type { Parameters } from './parameters.js';
import type { Batch } from './train-options.js';

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/** Options of {@link RowTables}. */
export const ROW_TABLES = defineOptions('RowTables', {
  weightDecay: option.number({ min: 0 })({
    default: 0,
    doc: 'decoupled weight decay, of the rows that a step touches alone',
  }),
});

/** Options of {@link RowTables}; {@link ROW_TABLES} says what each does. */
export type RowTablesOptions = OptionsOf<typeof ROW_TABLES.declarations>;

/** Rows of a table that a batch names. */
export interface Lookup {
  /** A parameter `[rows, columns]`. */
  readonly parameter: string;
  /** Entry of the batch with the rows, int32 of any shape. */
  readonly rows: string;
}

/** Name under which the loss finds the rows of a lookup: the shape of the batch's entry, and the columns. */
export const lookedUp = ({ parameter, rows }: Lookup): string => `${parameter} of ${rows}`;

interface Table {
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Steps that have touched each row. */
  readonly steps: Int32Array;
  readonly rows: number;
  readonly columns: number;
  /** Where the gradient of a row is gathered; -1 for rows that the step does not touch. */
  readonly places: Int32Array;
}

/**
 * Tables that are trained by the rows that a step touches: AdamW of each row by itself, whose moments stand still while
 * nobody touches it ("lazy" Adam). A step costs the rows of its batch, however large the table is.
 */
export class RowTables implements OuterLayer {
  readonly parameters: readonly string[];
  readonly #model: Parameters;
  readonly #lookups: readonly Lookup[];
  readonly #weightDecay: number;
  readonly #tables = new Map<string, Table>();
  #batch: Batch = {};
  /** Rows given to the graph, by lookup and size: one step is over before the next begins. */
  readonly #given = new Map<string, Float32Array>();
  #touched = new Int32Array(0);
  #sums = new Float32Array(0);

  constructor(model: Parameters, lookups: readonly Lookup[], options: RowTablesOptions = {}) {
    this.#model = model;
    this.#lookups = lookups;
    this.#weightDecay = ROW_TABLES.settings(options).weightDecay;
    this.parameters = [...new Set(lookups.map(({ parameter }) => parameter))];
    for (const name of this.parameters) {
      const { shape } = model.get(name);
      const [rows, columns] = shape;
      if (rows === undefined || columns === undefined || shape.length !== 2)
        throw new InvalidInputError({
          expected: `a table of rows called ${name}`,
          received: `shape [${shape}]`,
          hint: 'Look up rows of parameters of two axes.',
        });
      this.#tables.set(name, {
        values: new Float32Array(rows * columns),
        first: new Float32Array(rows * columns),
        second: new Float32Array(rows * columns),
        steps: new Int32Array(rows),
        rows,
        columns,
        places: new Int32Array(rows).fill(-1),
      });
    }
    this.pull();
  }

  pull(): void {
    for (const [name, { values }] of this.#tables) values.set(this.#model.get(name).dataSync<'float32'>());
  }

  push(): void {
    for (const [name, { values, rows, columns }] of this.#tables) {
      const next = tf.tensor2d(values.slice(), [rows, columns]);
      this.#model.get(name).assign(next);
      next.dispose();
    }
  }

  forward(batch: Batch): Batch {
    this.#batch = batch;
    return Object.fromEntries(
      this.#lookups.map((lookup) => {
        const { values, columns } = this.#tableOf(lookup.parameter);
        const { shape } = this.#entry(lookup.rows);
        const rows = this.#rowsOf(lookup);
        const found = this.#buffer(lookedUp(lookup), rows.length * columns);
        for (let k = 0; k < rows.length; k++) {
          const from = rows[k]! * columns;
          const to = k * columns;
          for (let column = 0; column < columns; column++) found[to + column] = values[from + column]!;
        }
        return [lookedUp(lookup), { shape: [...shape, columns], values: found }];
      }),
    );
  }

  backward(gradients: Readonly<Record<string, Float32Array>>, _: number, learningRate: number): void {
    for (const name of this.parameters) {
      const lookups = this.#lookups.filter(({ parameter }) => parameter === name);
      this.#update(
        this.#tableOf(name),
        lookups.map((lookup) => ({
          rows: this.#rowsOf(lookup),
          gradient: gradients[lookedUp(lookup)] as Float32Array,
        })),
        learningRate,
      );
    }
  }

  #update(
    { values, first, second, steps, columns, places }: Table,
    given: readonly { readonly rows: Int32Array; readonly gradient: Float32Array }[],
    learningRate: number,
  ): void {
    // A row that the batch names several times has one gradient, their sum, and takes one step.
    const most = given.reduce((sum, { rows }) => sum + rows.length, 0);
    if (this.#touched.length < most) this.#touched = new Int32Array(most);
    if (this.#sums.length < most * columns) this.#sums = new Float32Array(most * columns);
    const touched = this.#touched;
    const sums = this.#sums;
    let count = 0;
    for (const { rows, gradient } of given)
      for (let k = 0; k < rows.length; k++) {
        const row = rows[k]!;
        const from = k * columns;
        const place = places[row]!;
        if (place < 0) {
          places[row] = count;
          touched[count] = row;
          const to = count * columns;
          for (let column = 0; column < columns; column++) sums[to + column] = gradient[from + column]!;
          count++;
        } else {
          const to = place * columns;
          for (let column = 0; column < columns; column++) sums[to + column]! += gradient[from + column]!;
        }
      }
    const keep = 1 - learningRate * this.#weightDecay;
    for (let place = 0; place < count; place++) {
      const row = touched[place]!;
      places[row] = -1;
      const step = ++steps[row]!;
      const stepSize = learningRate / (1 - BETA_1 ** step);
      const rootCorrection = 1 / Math.sqrt(1 - BETA_2 ** step);
      const at = row * columns;
      for (let column = 0; column < columns; column++) {
        const gradient = sums[place * columns + column]!;
        const m = BETA_1 * first[at + column]! + (1 - BETA_1) * gradient;
        const v = BETA_2 * second[at + column]! + (1 - BETA_2) * gradient * gradient;
        first[at + column] = m;
        second[at + column] = v;
        values[at + column] =
          values[at + column]! * keep - (stepSize * m) / (Math.sqrt(v) * rootCorrection + EPSILON);
      }
    }
  }

  #buffer(name: string, size: number): Float32Array {
    const key = `${name} ${size}`;
    const buffer = this.#given.get(key) ?? new Float32Array(size);
    this.#given.set(key, buffer);
    return buffer;
  }

  #tableOf(name: string): Table {
    return this.#tables.get(name) as Table;
  }

  #entry(name: string): Batch[string] {
    const entry = this.#batch[name];
    if (entry) return entry;
    throw new InvalidInputError({
      expected: `rows to look up in the batch, called ${name}`,
      received: Object.keys(this.#batch).join(', ') || 'nothing',
      hint: 'Name the entry of the batch that has the rows.',
    });
  }

  #rowsOf({ parameter, rows: name }: Lookup): Int32Array {
    const { values } = this.#entry(name);
    const { rows } = this.#tableOf(parameter);
    if (!(values instanceof Int32Array))
      throw new InvalidInputError({
        expected: `whole numbers of rows called ${name}`,
        received: 'float32',
        hint: 'Give them as an Int32Array.',
      });
    for (let k = 0; k < values.length; k++)
      if (!(values[k]! >= 0 && values[k]! < rows))
        throw new InvalidInputError({
          expected: `rows of ${parameter} from 0 to ${rows - 1}`,
          received: String(values[k]),
          hint: `Correct ${name} of the batch.`,
        });
    return values;
  }

  state(): Record<string, TensorData> {
    return Object.fromEntries(
      [...this.#tables].flatMap(([name, { first, second, steps, rows, columns }]) => [
        [`first.${name}`, { shape: [rows, columns], values: first.slice() }],
        [`second.${name}`, { shape: [rows, columns], values: second.slice() }],
        [`steps.${name}`, { shape: [rows], values: steps.slice() }],
      ]),
    );
  }

  restore(state: Readonly<Record<string, TensorData>>, source: string): void {
    for (const [name, table] of this.#tables)
      for (const slot of ['first', 'second', 'steps'] as const) {
        const saved = state[`${slot}.${name}`]?.values;
        if (saved?.length !== table[slot].length)
          throw new ArtifactError(source, {
            expected: `the optimiser's state ${slot}.${name} of ${table[slot].length} numbers`,
            received: saved ? `${saved.length} numbers` : 'none',
            hint: 'The checkpoint belongs to another model: use another folder.',
          });
        table[slot].set(saved as Float32Array & Int32Array);
      }
  }
}
