import {
  ArtifactError,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  type TensorData,
} from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from './batch.js';
import type { OuterLayer } from './outer-layer.js';
import type { Parameters } from './parameters.js';

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];
/** Steps of a row after which the corrections of its moments are 1 in 32-bit floats. */
const SETTLED = 2 ** 15;

/** A function of the steps that a row has taken, worked out once: powers cost more than the rest of a short row. */
const bySteps = (value: (steps: number) => number): Float64Array =>
  Float64Array.from({ length: SETTLED + 1 }, (_, steps) => value(Math.max(1, steps)));

/** Factors that correct first moments, and roots of second ones, for their bias, by steps. */
const FIRST_CORRECTION = bySteps((steps) => 1 / (1 - BETA_1 ** steps));
const ROOT_CORRECTION = bySteps((steps) => 1 / Math.sqrt(1 - BETA_2 ** steps));

/** Options of {@link RowTables}. */
export const ROW_TABLES = defineOptions('RowTables', {
  weightDecay: option.number({ min: 0 })({
    default: 0,
    doc: 'decoupled weight decay, only of the rows that a step uses',
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

/** Parts of a row of {@link Table.data}, one behind the other, each of all columns. */
const PARTS = { values: 0, first: 1, second: 2 } as const;
const WIDTH = 3;

interface Table {
  /** Rows of values, first moments and second moments side by side, which a step needs together. */
  readonly data: Float32Array;
  /** Steps that have touched each row. */
  readonly steps: Int32Array;
  readonly rows: number;
  readonly columns: number;
  /** Where the gradient of a row is gathered; -1 for rows that the step does not touch. */
  readonly slots: Int32Array;
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
  /** The rows of the lookups, as the last batch named them. */
  #asked: readonly Int32Array[] = [];
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
          expected: `a table of rows named ${name}`,
          received: `shape [${shape}]`,
          hint: 'Look up rows of parameters of two axes.',
        });
      this.#tables.set(name, {
        data: new Float32Array(rows * columns * WIDTH),
        steps: new Int32Array(rows),
        rows,
        columns,
        slots: new Int32Array(rows).fill(-1),
      });
    }
    this.pull();
  }

  pull(): void {
    for (const [name, table] of this.#tables)
      setPart(table, 'values', this.#model.get(name).dataSync<'float32'>());
  }

  push(): void {
    for (const [name, table] of this.#tables) {
      const next = tf.tensor2d(partOf(table, 'values'), [table.rows, table.columns]);
      this.#model.get(name).assign(next);
      next.dispose();
    }
  }

  forward(batch: Batch): Batch {
    this.#asked = this.#lookups.map((lookup) => this.#rowsOf(lookup, batch));
    return Object.fromEntries(
      this.#lookups.map((lookup, which) => {
        const { data, columns } = this.#tableOf(lookup.parameter);
        const { shape } = batch[lookup.rows] as Batch[string];
        const rows = this.#asked[which] as Int32Array;
        const found = this.#buffer(lookedUp(lookup), rows.length * columns);
        for (let k = 0; k < rows.length; k++) {
          const from = rows[k]! * columns * WIDTH;
          const to = k * columns;
          for (let column = 0; column < columns; column++) found[to + column] = data[from + column]!;
        }
        return [lookedUp(lookup), { shape: [...shape, columns], values: found }];
      }),
    );
  }

  backward(gradients: Readonly<Record<string, Float32Array>>, _: number, learningRate: number): void {
    for (const name of this.parameters)
      this.#update(
        this.#tableOf(name),
        this.#lookups.flatMap((lookup, which) =>
          lookup.parameter === name
            ? [
                {
                  rows: this.#asked[which] as Int32Array,
                  gradient: gradients[lookedUp(lookup)] as Float32Array,
                },
              ]
            : [],
        ),
        learningRate,
      );
  }

  #update(
    { data, steps, columns, slots }: Table,
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
        const slot = slots[row]!;
        if (slot < 0) {
          slots[row] = count;
          touched[count] = row;
          const to = count * columns;
          for (let column = 0; column < columns; column++) sums[to + column] = gradient[from + column]!;
          count++;
        } else {
          const to = slot * columns;
          for (let column = 0; column < columns; column++) sums[to + column]! += gradient[from + column]!;
        }
      }
    const keep = 1 - learningRate * this.#weightDecay;
    for (let slot = 0; slot < count; slot++) {
      const row = touched[slot]!;
      slots[row] = -1;
      const step = ++steps[row]!;
      const settled = Math.min(step, SETTLED);
      const stepSize = learningRate * FIRST_CORRECTION[settled]!;
      const rootCorrection = ROOT_CORRECTION[settled]!;
      let at = row * columns * WIDTH;
      const end = (slot + 1) * columns;
      for (let from = slot * columns; from < end; from++, at++) {
        const gradient = sums[from]!;
        const m = BETA_1 * data[at + columns]! + (1 - BETA_1) * gradient;
        const v = BETA_2 * data[at + 2 * columns]! + (1 - BETA_2) * gradient * gradient;
        data[at + columns] = m;
        data[at + 2 * columns] = v;
        data[at] = data[at]! * keep - (stepSize * m) / (Math.sqrt(v) * rootCorrection + EPSILON);
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

  /** The rows that a batch names, checked. */
  #rowsOf({ parameter, rows: name }: Lookup, batch: Batch): Int32Array {
    const entry = batch[name];
    if (!entry)
      throw new InvalidInputError({
        expected: `rows to look up in the batch, named ${name}`,
        received: Object.keys(batch).join(', ') || 'nothing',
        hint: 'Name the entry of the batch that has the rows.',
      });
    const { values } = entry;
    const { rows } = this.#tableOf(parameter);
    if (!(values instanceof Int32Array))
      throw new InvalidInputError({
        expected: `whole row numbers in ${name}`,
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
      [...this.#tables].flatMap(([name, table]) => {
        const shape = [table.rows, table.columns];
        return [
          [`first.${name}`, { shape, values: partOf(table, 'first') }],
          [`second.${name}`, { shape, values: partOf(table, 'second') }],
          [`steps.${name}`, { shape: [table.rows], values: table.steps.slice() }],
        ];
      }),
    );
  }

  restore(state: Readonly<Record<string, TensorData>>, source: string): void {
    for (const [name, table] of this.#tables) {
      const size = table.rows * table.columns;
      setPart(table, 'first', savedNumbers(state, `first.${name}`, new Float32Array(size), source));
      setPart(table, 'second', savedNumbers(state, `second.${name}`, new Float32Array(size), source));
      savedNumbers(state, `steps.${name}`, table.steps, source);
    }
  }
}

/** Copies a part of all rows, `[rows, columns]`. */
function partOf({ data, rows, columns }: Table, part: keyof typeof PARTS): Float32Array {
  const numbers = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const from = (row * WIDTH + PARTS[part]) * columns;
    for (let column = 0; column < columns; column++) numbers[row * columns + column] = data[from + column]!;
  }
  return numbers;
}

/** Sets a part of all rows. */
function setPart({ data, rows, columns }: Table, part: keyof typeof PARTS, numbers: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    const to = (row * WIDTH + PARTS[part]) * columns;
    for (let column = 0; column < columns; column++) data[to + column] = numbers[row * columns + column]!;
  }
}

/** Fills an array with saved state of its length. */
function savedNumbers<T extends Float32Array | Int32Array>(
  state: Readonly<Record<string, TensorData>>,
  name: string,
  numbers: T,
  source: string,
): T {
  const saved = state[name]?.values;
  if (saved?.constructor !== numbers.constructor || saved.length !== numbers.length)
    throw new ArtifactError(source, {
      expected: `the optimiser's state ${name} of ${numbers.length} numbers`,
      received: saved ? `${saved.length} numbers` : 'none',
      hint: 'The checkpoint belongs to another model: use another folder.',
    });
  numbers.set(saved as T);
  return numbers;
}
