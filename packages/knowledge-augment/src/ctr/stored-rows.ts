import { yieldToEventLoop } from '@palate/core';
import type { Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type EntityRows, joined, ROW_PARTS } from './entity-side.js';

/** Entities whose rows are computed at a time. */
const CHUNK = 2048;

/** Vectors of all entities of a side, computed once: a request looks them up, and no adaptor runs. */
export class StoredRows {
  readonly #fields: tf.Tensor2D | undefined;
  readonly #rest: tf.Tensor2D | undefined;
  readonly #widths: Readonly<Partial<Record<keyof EntityRows, number>>>;

  private constructor(
    fields: tf.Tensor2D | undefined,
    rest: tf.Tensor2D | undefined,
    widths: Readonly<Partial<Record<keyof EntityRows, number>>>,
  ) {
    this.#fields = fields;
    this.#rest = rest;
    this.#widths = widths;
  }

  /**
   * Computes the rows of `count` entities, some at a time.
   *
   * @param held - keeps the tensors
   */
  static async compute(
    held: Parameters,
    count: number,
    rowsOf: (entities: tf.Tensor1D) => EntityRows,
  ): Promise<StoredRows> {
    const size = Math.min(CHUNK, count);
    const widths: Partial<Record<keyof EntityRows, number>> = {};
    const all: { fields?: Float32Array; rest?: Float32Array } = {};
    for (let from = 0; from < count; from += size) {
      if (from > 0) await yieldToEventLoop(undefined, 'computing the vectors of users and items');
      // The last entities are asked about again where they fill no chunk: one graph serves all.
      const start = Math.min(from, count - size);
      const { fields, rest } = tf.tidy(() => {
        const rows = rowsOf(
          tf.tensor1d(
            Int32Array.from({ length: size }, (_, k) => start + k),
            'int32',
          ),
        );
        for (const part of ROW_PARTS) if (rows[part]) widths[part] = rows[part].shape[1] as number;
        return {
          fields: rows.fields,
          rest: joined(ROW_PARTS.slice(1).map((part) => rows[part])),
        };
      });
      for (const [name, part] of [
        ['fields', fields],
        ['rest', rest],
      ] as const) {
        if (!part) continue;
        const width = part.shape[1] as number;
        all[name] ??= new Float32Array(count * width);
        all[name].set(await part.data<'float32'>(), start * width);
        part.dispose();
      }
    }
    const keep = (values: Float32Array | undefined): tf.Tensor2D | undefined =>
      values && held.hold(tf.tensor2d(values, [count, values.length / count]));
    return new StoredRows(keep(all.fields), keep(all.rest), widths);
  }

  /** Vectors of the features of entities of any shape, `[…entities, fields x dimension]`. */
  fieldsOf(entities: tf.Tensor): tf.Tensor {
    return tf.gather(this.#fields as tf.Tensor2D, entities);
  }

  /** @param entities - int32, `[rows]` */
  rowsOf(entities: tf.Tensor1D): EntityRows {
    const rest = this.#rest && tf.gather(this.#rest, entities);
    const parts = ROW_PARTS.slice(1).filter((part) => this.#widths[part] !== undefined);
    const split =
      rest && parts.length > 1
        ? tf.split(
            rest,
            parts.map((part) => this.#widths[part] as number),
            1,
          )
        : [rest];
    return {
      ...(this.#fields ? { fields: tf.gather(this.#fields, entities) } : {}),
      ...Object.fromEntries(parts.map((part, k) => [part, split[k]])),
    };
  }
}
