import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, InteractionLog, PalateError } from '@palate/core';
import { collectGarbage, settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Bert4Rec, SasRec } from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, row) => ({
    user: `u${row % 10}`,
    item: `i${(row * 7) % 13}`,
    timestamp: row,
  })),
);
const dataset = createDataset({
  name: 'made up',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'made up',
});
const OPTIONS = { dimension: 8, heads: 2, blocks: 1, maxLength: 4, epochs: 1, batchSize: 16 };
const QUERY = [{ history: [1, 2] }];

describe.each([
  ['SasRec', SasRec],
  ['Bert4Rec', Bert4Rec],
] as const)('%s', (_, Model) => {
  test('gives its weights back when it is disposed, at the end of a block, or when nobody holds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palate-dispose-'));
    const dir = join(folder, 'model');
    const before = await settled(() => tf.memory().numTensors);
    {
      using fitted = await Model.fit(dataset, OPTIONS);
      await fitted.save(dir);
      expect(tf.memory().numTensors).toBeGreaterThan(before);
    }
    expect(tf.memory().numTensors).toBe(before);

    const loaded = await Model.load(dir);
    const [list] = await loaded.retrieve(QUERY, 3);
    expect(list).toHaveLength(3);
    loaded.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(loaded.retrieve(QUERY, 3)).rejects.toSatisfy(PalateError.is);

    for (let round = 0; round < 20; round++)
      expect(await (await Model.load(dir)).retrieve(QUERY, 3)).toEqual([list]);
    for (let round = 0; round < 100 && tf.memory().numTensors > before; round++) await collectGarbage();
    // The last one may still lie in a register of the engine.
    expect(tf.memory().numTensors).toBeLessThan(before + 40);
    await rm(folder, { recursive: true, force: true });
  });
});
