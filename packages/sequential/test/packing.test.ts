// Several histories in a row teach what each teaches in a row of its own: the same loss, and the same gradients.
import { Catalog, createDataset, EmbeddingTable, InteractionLog, RandomStream, WORLD } from '@palate/core';
import { ForwardPass, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SasRec, UniSRec } from '../src/index.js';
import { type NextItemSettings, NextItemTask } from '../src/next-item-task.js';
import { SequenceEncoder } from '../src/sequence-encoder.js';
import { ring } from './ring.js';

const random = new RandomStream(4);
const rows = Array.from({ length: 30 }, (_, user) =>
  Array.from({ length: 2 + random.integer(9) }, (_, k) => ({
    user: `u${user}`,
    item: `i${random.integer(14)}`,
    timestamp: k,
  })),
).flat();
const log = InteractionLog.fromRows(rows);
const dataset = createDataset({
  name: 'walks',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'made up',
});

const SETTINGS: NextItemSettings = {
  dimension: 8,
  maxLength: 9,
  batchSize: 8,
  windows: 'newest',
  packs: false,
  loss: 'cross-entropy',
  competitors: 'all',
  negatives: 6,
  sampling: 'uniform',
  shareNegatives: true,
  logQ: false,
  calibration: 0.75,
};

beforeAll(() => selectBackend());

/** Sum of the loss over an epoch's positions, its gradients by parameter, and the positions that were computed. */
function epoch(settings: NextItemSettings) {
  const encoder = new SequenceEncoder(
    { ...settings, itemDeviation: 0.4, layers: 'sasrec', inner: 16, blocks: 2, heads: 2, dropout: 0 },
    log.items.size,
    new RandomStream(1),
  );
  const task = new NextItemTask(dataset, encoder, settings);
  const { names } = encoder.parameters;
  const variables = names.map((name) => encoder.parameters.get(name));
  const gradients = new Map<string, Float64Array>();
  let [sum, computed] = [0, 0];
  for (const make of task.batches(new RandomStream(2))) {
    const batch = make();
    computed += (batch.present?.values ?? []).length;
    const tensors = Object.fromEntries(
      Object.entries(batch).map(([name, { shape, values }]) => [
        name,
        tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
      ]),
    );
    const { value, grads } = tf.variableGrads(() => task.loss(tensors, ForwardPass.inference()), variables);
    sum += (value.dataSync()[0] as number) * task.meanPositions;
    for (const [k, name] of names.entries()) {
      const own = grads[(variables[k] as tf.Variable).name]?.dataSync() ?? [];
      const before = gradients.get(name) ?? new Float64Array(own.length);
      gradients.set(
        name,
        before.map((each, at) => each + (own[at] as number) * task.meanPositions),
      );
    }
  }
  encoder.parameters.dispose();
  return { sum, gradients, computed };
}

describe('packed histories', () => {
  const cases: Record<string, Partial<NextItemSettings>> = {
    'against the catalogue': {},
    'against what a user has not seen': { competitors: 'unseen' },
    // All in one step, whose shared negatives are the same.
    'against shared negatives': {
      loss: 'sampled-softmax',
      competitors: 'unseen',
      maxLength: 4,
      batchSize: 40,
    },
  };
  test.each(Object.entries(cases))('teach what they teach apart, %s', (_, settings) => {
    const apart = epoch({ ...SETTINGS, ...settings });
    const packed = epoch({ ...SETTINGS, ...settings, packs: true });
    expect(packed.computed).toBeLessThan(0.9 * apart.computed);
    expect(packed.sum / apart.sum).toBeCloseTo(1, 5);
    for (const [name, own] of packed.gradients) {
      const other = apart.gradients.get(name) as Float64Array;
      const norm = Math.hypot(...other);
      expect(Math.hypot(...own.map((each, k) => each - (other[k] as number)))).toBeLessThan(
        1e-4 * (1 + norm),
      );
    }
  });

  test('teach a ring of items, and lists are those of any other training', async () => {
    using model = await SasRec.fit(ring(60, 12, 9), {
      dimension: 16,
      blocks: 1,
      maxLength: 8,
      batchSize: 32,
      epochs: 15,
      learningRate: 0.01,
      packs: true,
    });
    const at = (id: string): number => model.items.indexOf(id);
    const [list] = await model.retrieve([{ history: ['i3', 'i4', 'i5'].map(at) }], 1);
    expect(list?.[0]?.item).toBe(at('i6'));
  });

  test('are refused where views of a history are compared', async () => {
    const vectors = new EmbeddingTable(log.items, 2, new Float32Array(2 * log.items.size).fill(1), WORLD);
    await expect(
      UniSRec.fit(dataset, { vectors, dimension: 8, objective: 'contrastive', packs: true }),
    ).rejects.toThrow("packs with the objective 'next-item'");
  });
});
