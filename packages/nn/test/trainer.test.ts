import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RandomStream, writeArtifact } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import {
  AdamW,
  constantSchedule,
  Dense,
  Parameters,
  selectBackend,
  type TrainOptions,
  train,
} from '../src/index.js';

const SCRIPT = await compiledProgram(fileURLToPath(new URL('trainer-process.ts', import.meta.url)));

let folder: string;
beforeAll(async () => {
  await selectBackend('ort');
  folder = await mkdtemp(join(tmpdir(), 'palate-trainer-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the training process; kills it without warning after so many steps, if asked to. */
function run(args: readonly string[], killAfter?: number): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SCRIPT, ...args]);
    let stdout = '';
    let steps = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      steps += chunk.toString().split('\n').length - 1;
      if (killAfter !== undefined && steps >= killAfter) child.kill('SIGKILL');
    });
    child.on('close', (code) => resolve({ code, stdout }));
  });
}

test('a run that is killed and started again ends with the numbers of an unbroken one, on another thread count too', async () => {
  const whole = await run(['', '0', '2']);
  expect(whole.code).toBe(0);
  const dir = join(folder, 'killed');
  for (const steps of [8, 17]) expect((await run([dir, '30', '1'], steps)).code).toBeNull();
  expect((await readdir(folder)).filter((name) => name === 'killed')).toEqual(['killed']);
  const resumed = await run([dir, '0', '1']);
  expect(resumed.code).toBe(0);
  const [a, b] = [JSON.parse(whole.stdout), JSON.parse(resumed.stdout)];
  expect(a.steps).toBe(60);
  expect(b.steps).toBe(60);
  expect(a.losses.at(-1)).toBeLessThan(a.losses[0]);
  for (const [name, values] of Object.entries(a.weights as Record<string, number[]>))
    for (const [k, value] of values.entries())
      expect(Math.abs(b.weights[name][k] - value)).toBeLessThan(1e-6);
});

/** A regression of one weight towards 2, one step an epoch. */
function regression(more: Partial<TrainOptions> = {}): {
  parameters: Parameters;
  run: () => ReturnType<typeof train>;
} {
  const parameters = new Parameters();
  const layer = new Dense(parameters, 'w', 1, 1, new RandomStream(0), { bias: false });
  const one = { shape: [1, 1], values: Float32Array.of(1) };
  return {
    parameters,
    run: () =>
      train({
        parameters,
        optimiser: new AdamW({ weightDecay: 0 }),
        schedule: constantSchedule(0.1),
        epochs: 100,
        batches: () => [() => ({ one })],
        loss: (batch) => tf.sum(tf.square(tf.sub(layer.apply(batch.one as tf.Tensor), 2))) as tf.Scalar,
        ...more,
      }),
  };
}

test('batches of one training may hold tensors of different names', async () => {
  const parameters = new Parameters();
  const layer = new Dense(parameters, 'w', 1, 1, new RandomStream(0), { bias: false });
  const one = { shape: [1, 1], values: Float32Array.of(1) };
  await regression({
    parameters,
    batches: () => [() => ({ towardsTwo: one }), () => ({ towardsFour: one })],
    loss: ({ towardsTwo, towardsFour }) =>
      tf.sum(
        tf.square(tf.sub(layer.apply((towardsTwo ?? towardsFour) as tf.Tensor), towardsTwo ? 2 : 4)),
      ) as tf.Scalar,
  }).run();
  const [w = 0] = parameters.get('w.kernel').dataSync();
  expect(Math.abs(w - 3)).toBeLessThan(0.5);
});

describe('early stopping', () => {
  test('stops when the metric no longer rises and gives the best weights back', async () => {
    const seen: number[] = [];
    const { parameters, run } = regression({
      earlyStopping: { metric: 'near one', patience: 3 },
      validate: async () => {
        const [w = 0] = parameters.get('w.kernel').dataSync();
        seen.push(w);
        return { 'near one': -Math.abs(w - 1) };
      },
    });
    const result = await run();
    const best = seen.reduce((a, b) => (Math.abs(b - 1) < Math.abs(a - 1) ? b : a));
    expect(result.bestEpoch).toBe(seen.indexOf(best) + 1);
    expect(seen).toHaveLength(result.bestEpoch + 3);
    expect(parameters.get('w.kernel').dataSync()[0]).toBeCloseTo(best, 6);
  });
  test('a metric that the validation does not give is refused', async () => {
    await expect(
      regression({ earlyStopping: { metric: 'x', patience: 1 }, validate: async () => ({ y: 1 }) }).run(),
    ).rejects.toThrow(/the metric x from the validation, but received y/);
  });
});

describe('cancellation and trouble', () => {
  test('a fired signal stops the run, which goes on from its checkpoint', async () => {
    const dir = join(folder, 'cancelled');
    const controller = new AbortController();
    const first = regression({
      signal: controller.signal,
      checkpoint: { dir },
      onProgress: ({ phase }) => {
        if (phase.startsWith('epoch 30 ')) controller.abort();
      },
    });
    await expect(first.run()).rejects.toMatchObject({ code: 'cancelled' });
    const second = await regression({ checkpoint: { dir } }).run();
    expect(second.steps).toBe(100);
    expect(second.history).toHaveLength(100);
    const other = await regression({ checkpoint: { dir }, identity: 'another', epochs: 2 }).run();
    expect(other.steps).toBe(2);
  });
  test('a loss that is no number, unknown options and no epochs are refused', async () => {
    const parameters = new Parameters();
    const layer = new Dense(parameters, 'w', 1, 1, new RandomStream(0));
    const diverges = regression({
      parameters,
      loss: (batch) => tf.log(tf.neg(tf.sum(tf.square(layer.apply(batch.one as tf.Tensor))))) as tf.Scalar,
    });
    await expect(diverges.run()).rejects.toThrow(/finite loss/);
    await expect(regression({ epoch: 3 } as never).run()).rejects.toThrow(/"epoch"/);
    await expect(regression({ epochs: 0 }).run()).rejects.toThrow(/epochs/);
  });
});

describe('a step that does not end in numbers', () => {
  test.each([
    [
      'a loss that is none',
      (w: tf.Tensor, bad: tf.Tensor) => tf.add(tf.square(tf.sub(w, 2)), tf.log(tf.sub(1, bad))),
    ],
    // The square root has an infinite slope at nought, where its value is finite.
    [
      'a gradient that is none',
      (w: tf.Tensor, bad: tf.Tensor) =>
        tf.add(tf.square(tf.sub(w, 2)), tf.sqrt(tf.mul(tf.square(w), tf.sub(2, bad)))),
    ],
  ])('is undone: %s', async (_, lossOf) => {
    for (const badStep of [1, 2, 8]) {
      const parameters = new Parameters();
      const layer = new Dense(parameters, 'w', 1, 1, new RandomStream(0), { bias: false });
      const optimiser = new AdamW({ weightDecay: 0 });
      const seen: number[] = [];
      const weight = (): number => parameters.get('w.kernel').dataSync()[0] as number;
      const run = (epochs: number, bad: number): ReturnType<typeof train> =>
        train({
          parameters,
          optimiser,
          schedule: constantSchedule(0.1),
          epochs,
          batches: (epoch) => {
            seen.push(weight());
            const values = Float32Array.of(epoch === bad ? 2 : 0);
            return [
              () => ({ bad: { shape: [1, 1], values }, one: { shape: [1, 1], values: Float32Array.of(1) } }),
            ];
          },
          loss: ({ bad: number, one }) =>
            tf.sum(lossOf(layer.apply(one as tf.Tensor), number as tf.Tensor)) as tf.Scalar,
        });
      await expect(run(20, badStep)).rejects.toThrow(
        new RegExp(`at step ${badStep}\\. .*step ${badStep - 1}`),
      );
      expect(seen).toHaveLength(badStep);
      expect(weight()).toBe(seen.at(-1));
      expect(Number.isFinite(weight())).toBe(true);
      for (const { values } of Object.values(await optimiser.state()))
        expect((values as Float32Array).every(Number.isFinite)).toBe(true);
      await run(3, 0);
      expect(Number.isFinite(weight())).toBe(true);
    }
  });
});

describe('the checkpoint folder', () => {
  test('may be there already when it is empty', async () => {
    const dir = join(folder, 'made-before');
    await mkdir(dir);
    await regression({ checkpoint: { dir } }).run();
    expect((await readdir(dir)).sort()).toEqual(['manifest.json', 'weights.safetensors']);
  });

  test('is refused before the first step when it is foreign, another artifact or a file', async () => {
    const cases: [string, (dir: string) => Promise<unknown>, RegExp][] = [
      [
        'thesis',
        async (dir) => {
          await mkdir(dir);
          await writeFile(join(dir, 'thesis.tex'), 'words');
        },
        /something else/,
      ],
      ['model', (dir) => writeArtifact(dir, { kind: 'ease', version: 1, config: {} }), /"ease"/],
      ['file', (dir) => writeFile(dir, 'x'), /a file/],
    ];
    for (const [name, make, message] of cases) {
      const dir = join(folder, name);
      await make(dir);
      let steps = 0;
      const refused = regression({ checkpoint: { dir }, onProgress: () => steps++ }).run();
      await expect(refused).rejects.toMatchObject({ code: 'artifact' });
      await expect(refused).rejects.toThrow(message);
      expect(steps).toBe(0);
    }
    expect(await readdir(join(folder, 'thesis'))).toEqual(['thesis.tex']);
  });
  test('loses what a killed run left half written beside it', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const left = join(folder, `swept.writing-${gone}-0a1b2c3d`);
    await mkdir(left);
    await regression({ checkpoint: { dir: join(folder, 'swept') }, epochs: 1 }).run();
    expect((await readdir(folder)).filter((name) => name.startsWith('swept'))).toEqual(['swept']);
  });
});
