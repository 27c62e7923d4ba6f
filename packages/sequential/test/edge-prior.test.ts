import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  InteractionLog,
  ItemEdges,
  provenanceOfLog,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, test } from 'vitest';
import { SasRec } from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 120 }, (_, k) => ({ user: `u${k % 20}`, item: `i${(k + Math.floor(k / 20)) % 9}` })),
);
const catalog = new Catalog({ items: log.items, text: {} });
const dataset = createDataset({ name: 'ring', log, catalog, licence: 'MIT', source: 'made up' });
const edges = ItemEdges.fromPairs(log.items, { source: [2], target: [5], weight: [0.5] }, WORLD);
const SMALL = { dimension: 8, heads: 2, blocks: 1, maxLength: 6, batchSize: 64, epochs: 1 };

describe('SASRec with edges between items', () => {
  test('adds strength times w |e_i - e_j|^2 to the loss', async () => {
    // A rate of 0 leaves the vectors as they start: the two runs differ by the prior alone.
    const still = { ...SMALL, learningRate: 0, dropout: 0 };
    using plain = await SasRec.fit(dataset, still);
    using joined = await SasRec.fit(dataset, { ...still, edges, edgeStrength: 2 });
    const table = await plain.itemVectors();
    const [a, b] = [table.vector(2), table.vector(5)];
    const apart = a.reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0);
    const loss = (each: SasRec): number => each.history[0]?.loss ?? Number.NaN;
    expect(loss(joined) - loss(plain)).toBeCloseTo(2 * 0.5 * apart, 4);
  });

  test('draws joined items together', async () => {
    const options = { ...SMALL, epochs: 20, learningRate: 0.01 };
    using plain = await SasRec.fit(dataset, options);
    using joined = await SasRec.fit(dataset, { ...options, edges, edgeStrength: 1 });
    const apart = async (each: SasRec): Promise<number> => {
      const table = await each.itemVectors();
      const other = table.vector(5);
      return Math.hypot(...table.vector(2).map((value, k) => value - (other[k] as number)));
    };
    expect(await apart(joined)).toBeLessThan(0.5 * (await apart(plain)));
  });

  test('says what its edges know, also after loading, and evaluation refuses what knows the test', async () => {
    const split = leaveOneOut(log);
    const train = withLog(dataset, split.train);
    const data = { history: split.known, train: split.train, test: split.test };
    const folder = await mkdtemp(join(tmpdir(), 'palate-sasrec-edges-'));
    for (const [provenance, isHonest] of [
      [provenanceOfLog(split.train), true],
      [UNKNOWN, false],
    ] as const) {
      const given = ItemEdges.fromPairs(log.items, { source: [0], target: [1] }, provenance);
      using fitted = await SasRec.fit(train, { ...SMALL, edges: given });
      await fitted.save(join(folder, 'sasrec'));
      using loaded = await SasRec.load(join(folder, 'sasrec'));
      expect(loaded.provenance).toEqual(provenance);
      const measured = evaluateRanking(loaded, data, { metrics: ['hr@5'], resamples: 0, split: 'test' });
      if (isHonest) await measured;
      else await expect(measured).rejects.toMatchObject({ code: 'leak' });
    }
    const unknown = ItemEdges.fromPairs(log.items, { source: [0], target: [1] }, UNKNOWN);
    await expect(
      SasRec.fit(train, { ...SMALL, edges: unknown, validation: split.validation }),
    ).rejects.toMatchObject({ code: 'leak' });
    await rm(folder, { recursive: true });
  });
});
