import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  AdamW,
  type Batch,
  constantSchedule,
  type Lookup,
  lookedUp,
  normal,
  Parameters,
  RowTables,
  selectBackend,
  type TrainOptions,
  train,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const TABLE: Lookup = { parameter: 'table', rows: 'picked' };
const rowsOf = (picked: readonly number[]): Batch => ({
  picked: { shape: [picked.length], values: Int32Array.from(picked) },
});

function model(rows = 5, columns = 3): Parameters {
  const parameters = new Parameters();
  parameters.add('table', [rows, columns], normal(1), new RandomStream(1));
  parameters.add('bend', [columns], normal(1), new RandomStream(1));
  return parameters;
}

/** A loss in which rows and another parameter meet: the rows are drawn to different places. */
const meet =
  (parameters: Parameters): TrainOptions['loss'] =>
  (batch) => {
    const rows = (batch[lookedUp(TABLE)] ??
      tf.gather(parameters.get('table') as tf.Tensor, batch.picked as tf.Tensor)) as tf.Tensor;
    return tf.mean(tf.square(tf.sub(tf.mul(rows, parameters.get('bend') as tf.Tensor), 0.5))) as tf.Scalar;
  };

const trained = async (
  parameters: Parameters,
  batches: readonly (readonly number[])[],
  extra: Partial<TrainOptions> = {},
): Promise<number[]> => {
  await train({
    parameters,
    optimiser: new AdamW({ weightDecay: 0.1 }),
    schedule: constantSchedule(0.05),
    loss: meet(parameters),
    batches: () => batches.map((picked) => () => rowsOf(picked)),
    epochs: 2,
    ...extra,
  });
  const values = Object.values(await parameters.values()).flatMap(({ values: numbers }) =>
    Array.from(numbers, Number),
  );
  parameters.dispose();
  return values;
};

const outer = (parameters: Parameters): RowTables => new RowTables(parameters, [TABLE], { weightDecay: 0.1 });

describe('tables trained by rows', () => {
  test('come to what AdamW in the graph comes to, where every step touches every row', async () => {
    const batches = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0, 2, 2],
    ];
    const inGraph = await trained(model(), batches);
    const parameters = model();
    const outside = await trained(parameters, batches, { outer: outer(parameters) });
    for (const [k, value] of inGraph.entries()) expect(outside[k]).toBeCloseTo(value, 5);
  });

  test('leave rows alone that nobody picks', async () => {
    const parameters = model();
    const before = [...parameters.get('table').dataSync()];
    const after = await trained(
      parameters,
      [
        [1, 3],
        [3, 1],
      ],
      { outer: outer(parameters) },
    );
    for (const row of [0, 2, 4])
      expect(after.slice(3 * row, 3 * row + 3)).toEqual(before.slice(3 * row, 3 * row + 3));
    for (const row of [1, 3])
      expect(after.slice(3 * row, 3 * row + 3)).not.toEqual(before.slice(3 * row, 3 * row + 3));
  });

  test('take the first step of a row at its full size, however late it comes, by hand', () => {
    const parameters = model(2, 1);
    const [first = 0, second = 0] = parameters.get('table').dataSync();
    const table = new RowTables(parameters, [TABLE]);
    // Adam's first step is the learning rate in the direction of the gradient; two mentions are one gradient, their sum.
    for (let step = 1; step <= 7; step++) {
      table.forward(rowsOf([0]));
      table.backward({ [lookedUp(TABLE)]: Float32Array.of(2) }, step, 0.1);
    }
    table.forward(rowsOf([1, 1]));
    table.backward({ [lookedUp(TABLE)]: Float32Array.of(-3, 1) }, 8, 0.1);
    table.push();
    const after = parameters.get('table').dataSync();
    expect(after[0]).toBeCloseTo(first - 0.7, 5);
    expect(after[1]).toBeCloseTo(second + 0.1, 5);
    parameters.dispose();
  });

  test('go on from a checkpoint to the numbers of an unbroken run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palate-rows-'));
    const batches = [
      [0, 1, 1],
      [2, 4, 0],
      [1, 2, 3],
    ];
    const whole = model();
    const unbroken = await trained(whole, batches, { outer: outer(whole) });
    const checkpoint = { dir: join(folder, 'checkpoint'), everySteps: 1 };
    const controller = new AbortController();
    const stopped = model();
    await expect(
      trained(stopped, batches, {
        outer: outer(stopped),
        checkpoint,
        signal: controller.signal,
        onProgress: ({ phase, done }) => {
          if (phase.startsWith('epoch 2') && done === 1) controller.abort();
        },
      }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = model();
    expect(await trained(resumed, batches, { outer: outer(resumed), checkpoint })).toEqual(unbroken);
    await rm(folder, { recursive: true });
  });

  test('are as before a step whose loss is not finite', async () => {
    const parameters = model();
    const loss = meet(parameters);
    const table = outer(parameters);
    await expect(
      train({
        parameters,
        optimiser: new AdamW(),
        schedule: constantSchedule(0.05),
        // The second batch asks for the root of a negative number.
        loss: (batch, pass) =>
          tf.add(
            loss(batch, pass),
            tf.sqrt(tf.sub(3, tf.cast(tf.max(batch.picked as tf.Tensor), 'float32'))),
          ) as tf.Scalar,
        batches: () => [() => rowsOf([0, 1]), () => rowsOf([1, 4])],
        epochs: 1,
        outer: table,
      }),
    ).rejects.toThrow(/finite loss/);
    const once = model();
    const expected = await trained(once, [[0, 1]], {
      epochs: 1,
      optimiser: new AdamW(),
      outer: outer(once),
    });
    expect([...parameters.get('table').dataSync()]).toEqual(expected.slice(0, 15));
    parameters.dispose();
  });

  test('refuse rows that there are not, entries that are not there, other shapes, and a bound on the joint norm', async () => {
    const parameters = model();
    const table = outer(parameters);
    expect(() => table.forward(rowsOf([0, 5]))).toThrow(/rows of table from 0 to 4/);
    expect(() => table.forward(rowsOf([-1]))).toThrow(/rows of table from 0 to 4/);
    expect(() => table.forward({})).toThrow(/named picked/);
    expect(() => table.forward({ picked: { shape: [1], values: Float32Array.of(1) } })).toThrow(/Int32Array/);
    expect(() => new RowTables(parameters, [{ parameter: 'bend', rows: 'picked' }])).toThrow(/two axes/);
    await expect(trained(model(), [[0]], { outer: table, clipNorm: 1 })).rejects.toThrow(/no clipNorm/);
    expect(() => table.restore({}, 'the folder')).toThrow(/the folder: .*first\.table/);
    parameters.dispose();
  });
});
